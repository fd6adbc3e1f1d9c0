/*
 * The early allocator: a cut from the memory map for each request, from the top down, so that low
 * memory stays free for what can only use low memory.
 */
#include <arch/page_flags.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/early_alloc.h>
#include <mm/layout.h>
#include <stdbool.h>

static struct memory_map *memory;
static bool ended;
static uint64_t confine_lowest = EARLY_ALLOC_LOWEST;
static uint64_t confine_highest = UINT64_MAX;

void early_alloc_init(struct memory_map *map)
{
	memory = map;
}

void early_alloc_confine(uint64_t lowest, uint64_t highest)
{
	confine_lowest = lowest < EARLY_ALLOC_LOWEST ? EARLY_ALLOC_LOWEST : lowest;
	confine_highest = highest;
}

uint64_t early_alloc_pages(size_t count, uint64_t alignment)
{
	uint64_t size = count * PAGE_SIZE;
	uint64_t physical = memory_map_find(memory, size, alignment, confine_lowest,
					    confine_highest);

	BUG_ON(count == 0 || alignment < PAGE_SIZE || ended);
	if (physical == 0 || memory_map_reserve(memory, physical, size, MEMORY_EARLY) != 0)
		return 0;
	memset(phys_to_virt(physical), 0, size);
	return physical;
}

void early_alloc_end(void)
{
	ended = true;
}

const struct memory_map *early_alloc_map(void)
{
	return memory;
}
