/*
 * The frame map is sparse: addresses for every frame that the direct map could show, memory for the
 * records of those that exist. Stretches of memory are kept sorted, to say which do. Constant after
 * boot.
 */
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/buddy.h>
#include <mm/early_alloc.h>
#include <mm/frame.h>
#include <mm/frame_cache.h>
#include <mm/frame_map.h>
#include <mm/kspace.h>

struct stretch {
	uint64_t first;
	uint64_t end;
};

static struct stretch stretches[MEMORY_MAP_MAX];
static size_t stretch_count;
static uint64_t total;

/* Memory that the direct map shows, in use or not. */
static bool is_memory(const struct memory_range *range)
{
	return range->kind != MEMORY_RESERVED && range->base < DIRECT_MAP_SIZE &&
	       range->size <= DIRECT_MAP_SIZE - range->base;
}

/* Ranges come sorted. */
static void add_stretch(uint64_t first, uint64_t end)
{
	struct stretch *last = stretch_count ? &stretches[stretch_count - 1] : NULL;

	total += (end - first) >> PAGE_SHIFT;
	if (last && last->end == first)
		last->end = end;
	else
		stretches[stretch_count++] = (struct stretch){ first, end };
}

int frame_map_init(const struct memory_map *map)
{
	for (uint32_t i = 0; i < map->count; i++)
		if (is_memory(&map->ranges[i]))
			add_stretch(map->ranges[i].base, map->ranges[i].base + map->ranges[i].size);
	for (size_t i = 0; i < stretch_count; i++) {
		uint64_t frames = (stretches[i].end - stretches[i].first) >> PAGE_SHIFT;

		if (kspace_populate((uintptr_t)frame_of(stretches[i].first),
				    frames * sizeof(struct frame)) != 0)
			return -ENOMEM;
	}
	return 0;
}

uint64_t frame_map_total(void)
{
	return total;
}

bool frame_exists(uint64_t physical)
{
	size_t low = 0;
	size_t high = stretch_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (physical < stretches[middle].first)
			high = middle;
		else if (physical >= stretches[middle].end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* Frames that are free, in the largest blocks that fit. */
static void add_free(uint64_t first, uint64_t end)
{
	while (first < end) {
		unsigned order = FRAME_ORDER_MAX;

		while (!is_aligned(first, PAGE_SIZE << order) || (PAGE_SIZE << order) > end - first)
			order--;
		buddy_give(frame_of(first), order);
		first += PAGE_SIZE << order;
	}
}

static void add_allocated(uint64_t first, uint64_t end, enum frame_tag tag)
{
	frame_cache_account(&this_cpu(frame_cache), tag, (end - first) >> PAGE_SHIFT);
	for (uint64_t physical = first; physical < end; physical += PAGE_SIZE)
		*frame_of(physical) = (struct frame){ .state = FRAME_ALLOCATED,
						      .tag = (uint8_t)tag,
						      .references = 1 };
}

int frame_init(const struct memory_map *map)
{
	/* The early allocator takes the records' memory from the map itself. */
	static struct memory_map before;

	before = *map;
	if (frame_map_init(&before) != 0)
		return -ENOMEM;
	early_alloc_end();
	buddy_init();
	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		uint64_t end = range->base + range->size;
		uint64_t low = min(max(range->base, (uint64_t)EARLY_ALLOC_LOWEST), end);

		if (!is_memory(range))
			continue;
		if (range->kind != MEMORY_USABLE) {
			add_allocated(range->base, end,
				      range->kind == MEMORY_EARLY ? FRAME_TAG_EARLY
								  : FRAME_TAG_IMAGE);
			continue;
		}
		/* A PC's start-up code and legacy devices live below. */
		add_allocated(range->base, low, FRAME_TAG_IMAGE);
		add_free(low, end);
	}
	return 0;
}
