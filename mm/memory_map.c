/*
 * The physical memory map, as a sorted array.
 *
 * Invariant between calls: mm/memory_map.h says it. An operation first divides the ranges that it
 * covers in part, then goes through [base, end) from below, strengthening ranges and filling gaps,
 * and at last joins neighbours of one kind. End addresses are exclusive and at most ADDRESS_END, so
 * that they never wrap.
 */
#include <arch/page_flags.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/memory_map.h>
#include <stdbool.h>

#define PAGE_MASK (~((uint64_t)PAGE_SIZE - 1))
/* The last page boundary that 64 bits can hold. */
#define ADDRESS_END PAGE_MASK

static unsigned kind_strength(uint32_t kind)
{
	switch (kind) {
	case MEMORY_USABLE:
		return 0;
	case MEMORY_ACPI:
		return 1;
	case MEMORY_DESCRIPTION:
		return 3;
	case MEMORY_RAMDISK:
		return 4;
	case MEMORY_EARLY:
		return 5;
	case MEMORY_KERNEL:
		return 6;
	default:
		return 2; /* reserved */
	}
}

static uint32_t sane_kind(uint32_t kind)
{
	return kind >= MEMORY_USABLE && kind <= MEMORY_EARLY ? kind : MEMORY_RESERVED;
}

static uint64_t range_end(const struct memory_range *range)
{
	return range->base + range->size;
}

/* Rounds up to a page boundary, no higher than ADDRESS_END. */
static uint64_t page_up(uint64_t address)
{
	return address > ADDRESS_END ? ADDRESS_END : (address + PAGE_SIZE - 1) & PAGE_MASK;
}

/* Turns bytes into the pages that a range of that kind has; *base == *end when none remain. */
static void round_to_pages(uint64_t *base, uint64_t *end, uint64_t size, uint32_t kind)
{
	*end = size > UINT64_MAX - *base ? UINT64_MAX : *base + size;
	if (kind == MEMORY_USABLE) {
		*base = page_up(*base);
		*end &= PAGE_MASK;
	} else {
		*base &= PAGE_MASK;
		*end = page_up(*end);
	}
	if (size == 0 || *end < *base)
		*end = *base;
}

/* Makes room for one range at index. False when the map is full. */
static bool insert_range(struct memory_map *map, uint32_t index, uint64_t base, uint64_t end,
			 uint32_t kind)
{
	if (map->count == MEMORY_MAP_MAX)
		return false;
	memmove(&map->ranges[index + 1], &map->ranges[index],
		(map->count - index) * sizeof(map->ranges[0]));
	map->ranges[index] = (struct memory_range){ .base = base,
						    .size = end - base,
						    .kind = kind };
	map->count++;
	return true;
}

/*
 * Divides the range that `address` lies inside of, if that range is weaker than kind. False when
 * the map is full.
 */
static bool divide_range(struct memory_map *map, uint64_t address, uint32_t kind)
{
	for (uint32_t i = 0; i < map->count; i++) {
		struct memory_range *range = &map->ranges[i];

		if (range->base >= address)
			return true;
		if (range_end(range) <= address ||
		    kind_strength(range->kind) >= kind_strength(kind))
			continue;
		if (!insert_range(map, i + 1, address, range_end(range), range->kind))
			return false;
		range->size = address - range->base;
		return true;
	}
	return true;
}

/*
 * Gives the gap [base, end) before the range at index to kind, by stretching the range below it
 * where that has the kind already. Returns how many ranges that inserted, or -ENOSPC.
 */
static int fill_gap(struct memory_map *map, uint32_t index, uint64_t base, uint64_t end,
		    uint32_t kind)
{
	struct memory_range *below = index > 0 ? &map->ranges[index - 1] : NULL;

	if (below && below->kind == kind && range_end(below) == base) {
		below->size += end - base;
		return 0;
	}
	return insert_range(map, index, base, end, kind) ? 1 : -ENOSPC;
}

/* Strengthens and fills [base, end), whose borders divide_range() has prepared. */
static int cover_pages(struct memory_map *map, uint64_t base, uint64_t end, uint32_t kind)
{
	uint64_t done = base;
	int result = 0;

	for (uint32_t i = 0; done < end; i++) {
		uint64_t next = i < map->count ? map->ranges[i].base : end;

		if (i < map->count && range_end(&map->ranges[i]) <= done)
			continue;
		if (next > done) {
			int inserted = fill_gap(map, i, done, next < end ? next : end, kind);

			if (inserted < 0)
				result = inserted;
			else
				i += (uint32_t)inserted;
		}
		if (next >= end)
			break;
		if (kind_strength(map->ranges[i].kind) < kind_strength(kind))
			map->ranges[i].kind = kind;
		done = range_end(&map->ranges[i]);
	}
	return result;
}

static void join_neighbours(struct memory_map *map)
{
	uint32_t kept = 0;

	for (uint32_t i = 1; i < map->count; i++) {
		struct memory_range *last = &map->ranges[kept];
		const struct memory_range *range = &map->ranges[i];

		if (last->kind == range->kind && range_end(last) == range->base)
			last->size += range->size;
		else if (++kept != i)
			map->ranges[kept] = *range;
	}
	if (map->count > 0)
		map->count = kept + 1;
}

int memory_map_add(struct memory_map *map, uint64_t base, uint64_t size, uint32_t kind)
{
	bool divided;
	uint64_t end;
	int result;

	kind = sane_kind(kind);
	round_to_pages(&base, &end, size, kind);
	if (base == end)
		return 0;
	divided = divide_range(map, base, kind);
	divided = divide_range(map, end, kind) && divided;
	result = cover_pages(map, base, end, kind);
	join_neighbours(map);
	return divided ? result : -ENOSPC;
}

/* True when every page of [base, end) is memory that a range of that kind may lie in. */
static bool is_known_memory(const struct memory_map *map, uint64_t base, uint64_t end,
			    uint32_t kind)
{
	for (uint32_t i = 0; i < map->count && base < end; i++) {
		const struct memory_range *range = &map->ranges[i];

		if (range_end(range) <= base)
			continue;
		if (range->base > base ||
		    (range->kind == MEMORY_RESERVED && kind != MEMORY_RESERVED))
			return false;
		base = range_end(range);
	}
	return base >= end;
}

int memory_map_reserve(struct memory_map *map, uint64_t base, uint64_t size, uint32_t kind)
{
	uint64_t first = base;
	uint64_t end;
	bool known;
	int result;

	kind = sane_kind(kind);
	round_to_pages(&first, &end, size, kind);
	known = first < end && is_known_memory(map, first, end, kind);
	result = memory_map_add(map, base, size, kind);
	return known || result ? result : -EINVAL;
}

uint64_t memory_map_find(const struct memory_map *map, uint64_t size, uint64_t alignment,
			 uint64_t lowest, uint64_t highest)
{
	BUG_ON(alignment == 0 || (alignment & (alignment - 1)) != 0);
	if (size == 0 || size > ADDRESS_END)
		return 0;
	size = page_up(size);
	if (alignment < PAGE_SIZE)
		alignment = PAGE_SIZE;
	if (lowest < PAGE_SIZE)
		lowest = PAGE_SIZE;
	for (uint32_t i = map->count; i-- > 0;) {
		const struct memory_range *range = &map->ranges[i];
		uint64_t from = range->base > lowest ? range->base : lowest;
		uint64_t to = range_end(range) < highest ? range_end(range) : highest;
		uint64_t place;

		if (range->kind != MEMORY_USABLE || to < from || to - from < size)
			continue;
		place = (to - size) & ~(alignment - 1);
		if (place >= from)
			return place;
	}
	return 0;
}

uint64_t memory_map_total(const struct memory_map *map, uint32_t kind)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (map->ranges[i].kind == kind)
			total += map->ranges[i].size;
	return total;
}

const char *memory_map_describe(uint32_t kind)
{
	switch (kind) {
	case MEMORY_USABLE:
		return "usable";
	case MEMORY_RESERVED:
		return "reserved";
	case MEMORY_ACPI:
		return "ACPI tables";
	case MEMORY_KERNEL:
		return "kernel";
	case MEMORY_RAMDISK:
		return "ramdisk";
	case MEMORY_DESCRIPTION:
		return "device tree";
	case MEMORY_EARLY:
		return "early allocations";
	default:
		return "unknown";
	}
}
