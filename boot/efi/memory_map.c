/*
 * The memory map that the loader hands to the kernel.
 *
 * It is painted: first what is usable, then the ACPI tables over it, then what is reserved, and at
 * the end the loader's own allocations. Each stroke keeps info->memory sorted, free of overlaps and
 * merged. Hundreds of descriptors melt down to a few dozen ranges; should they not fit all the
 * same, reserved ranges go first and then the smallest usable ones: the kernel never touches what
 * its map does not name, so dropping only ever loses memory.
 */
#include <boot/efi/memory_map.h>
#include <lib/string.h>
#include <stdbool.h>

#define FIRMWARE_PAGE_SIZE 4096ULL

/* UEFI 2.10, 7.2: types of memory. Every other one, known today or not, is reserved. */
#define FIRMWARE_LOADER_CODE 1
#define FIRMWARE_LOADER_DATA 2
#define FIRMWARE_BOOT_SERVICES_CODE 3
#define FIRMWARE_BOOT_SERVICES_DATA 4
#define FIRMWARE_CONVENTIONAL 7
#define FIRMWARE_ACPI_RECLAIM 9

/*
 * UEFI 2.10, 7.2.3: runtime services live here, so the firmware still owns it after the boot
 * services ended.
 */
#define FIRMWARE_ATTRIBUTE_RUNTIME (1ULL << 63)

static enum memory_kind memory_kind_of(const struct firmware_memory *descriptor)
{
	if ((descriptor->attributes & FIRMWARE_ATTRIBUTE_RUNTIME) != 0)
		return MEMORY_RESERVED;
	switch (descriptor->type) {
	case FIRMWARE_LOADER_CODE:
	case FIRMWARE_LOADER_DATA:
	case FIRMWARE_BOOT_SERVICES_CODE:
	case FIRMWARE_BOOT_SERVICES_DATA:
	case FIRMWARE_CONVENTIONAL:
		return MEMORY_USABLE;
	case FIRMWARE_ACPI_RECLAIM:
		return MEMORY_ACPI;
	default:
		return MEMORY_RESERVED;
	}
}

static uint64_t range_end(const struct memory_range *range)
{
	return range->base + range->size;
}

static void map_remove(struct boot_info *info, uint32_t index)
{
	info->memory_range_count--;
	for (uint32_t i = index; i < info->memory_range_count; i++)
		info->memory[i] = info->memory[i + 1];
}

static void map_insert(struct boot_info *info, uint32_t index, uint64_t base, uint64_t end,
		       uint32_t kind)
{
	struct memory_range *at = &info->memory[index];

	for (uint32_t i = info->memory_range_count; i > index; i--)
		info->memory[i] = info->memory[i - 1];
	info->memory_range_count++;
	at->base = base;
	at->size = end - base;
	at->kind = kind;
	at->zero = 0;
}

/* Lower goes first when there is no room. */
static unsigned range_rank(const struct memory_range *range)
{
	switch (range->kind) {
	case MEMORY_RESERVED:
		return 0;
	case MEMORY_USABLE:
		return 1;
	case MEMORY_ACPI:
		return 2;
	default:
		return 3;
	}
}

static void map_drop_least(struct boot_info *info)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < info->memory_range_count; i++) {
		const struct memory_range *range = &info->memory[i];
		const struct memory_range *best = &info->memory[least];

		if (range_rank(range) < range_rank(best) ||
		    (range_rank(range) == range_rank(best) && range->size < best->size))
			least = i;
	}
	map_remove(info, least);
	info->memory_ranges_dropped++;
}

/* Joins the range at index with the next one if they are of one kind and touch. */
static void map_merge_next(struct boot_info *info, uint32_t index)
{
	struct memory_range *range = &info->memory[index];

	if (index + 1 >= info->memory_range_count || range[1].kind != range->kind ||
	    range[1].base != range_end(range))
		return;
	range->size += range[1].size;
	map_remove(info, index + 1);
}

/*
 * Clears [base, end) of other ranges, cutting those that stick out. Returns the index where it
 * belongs.
 */
static uint32_t map_cut(struct boot_info *info, uint64_t base, uint64_t end)
{
	uint32_t index = 0;

	while (index < info->memory_range_count && range_end(&info->memory[index]) <= base)
		index++;
	if (index < info->memory_range_count && info->memory[index].base < base) {
		struct memory_range *cut = &info->memory[index];

		map_insert(info, index + 1, base, range_end(cut), cut->kind);
		cut->size = base - cut->base;
		index++;
	}
	while (index < info->memory_range_count && range_end(&info->memory[index]) <= end)
		map_remove(info, index);
	if (index < info->memory_range_count && info->memory[index].base < end) {
		info->memory[index].size = range_end(&info->memory[index]) - end;
		info->memory[index].base = end;
	}
	return index;
}

void memory_map_set(struct boot_info *info, uint64_t base, uint64_t size, enum memory_kind kind)
{
	uint64_t end = base + size;
	uint32_t index;

	if (size == 0)
		return;
	if (end < base || end > UINT64_MAX - (FIRMWARE_PAGE_SIZE - 1)) {
		info->memory_ranges_dropped++;
		return;
	}
	base &= ~(FIRMWARE_PAGE_SIZE - 1);
	end = (end + FIRMWARE_PAGE_SIZE - 1) & ~(FIRMWARE_PAGE_SIZE - 1);

	/* One stroke adds at most two ranges: itself, and the far end of a range that it splits. */
	while (info->memory_range_count > BOOT_MEMORY_RANGES_MAX - 2)
		map_drop_least(info);
	index = map_cut(info, base, end);
	map_insert(info, index, base, end, kind);
	map_merge_next(info, index);
	if (index > 0)
		map_merge_next(info, index - 1);
}

static bool descriptor_is_sound(const struct firmware_memory *descriptor)
{
	return descriptor->physical_start % FIRMWARE_PAGE_SIZE == 0 &&
	       descriptor->page_count <=
		       (UINT64_MAX - descriptor->physical_start) / FIRMWARE_PAGE_SIZE;
}

/* Calls memory_map_set() for each sound descriptor of one kind. */
static void map_paint_kind(struct boot_info *info, const uint8_t *map, size_t count,
			   size_t descriptor_size, enum memory_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		struct firmware_memory descriptor;

		memcpy(&descriptor, map + i * descriptor_size, sizeof(descriptor));
		if (memory_kind_of(&descriptor) != kind)
			continue;
		if (descriptor_is_sound(&descriptor))
			memory_map_set(info, descriptor.physical_start,
				       descriptor.page_count * FIRMWARE_PAGE_SIZE, kind);
		else
			info->memory_ranges_dropped++;
	}
}

void memory_map_convert(struct boot_info *info, const void *map, size_t map_size,
			size_t descriptor_size)
{
	size_t count = descriptor_size < sizeof(struct firmware_memory)
			       ? 0
			       : map_size / descriptor_size;

	info->memory_range_count = 0;
	info->memory_ranges_dropped = 0;
	map_paint_kind(info, map, count, descriptor_size, MEMORY_USABLE);
	map_paint_kind(info, map, count, descriptor_size, MEMORY_ACPI);
	map_paint_kind(info, map, count, descriptor_size, MEMORY_RESERVED);
}
