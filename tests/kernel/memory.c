/*
 * The machine's memory map and the direct map.
 */
#include <boot/machine_info.h>
#include <boot/test.h>
#include <lib/bits.h>
#include <lib/image.h>
#include <mm/early_alloc.h>
#include <mm/frame.h>
#include <mm/layout.h>

TEST(memory, map_is_sorted_and_whole_pages)
{
	const struct memory_map *map = early_alloc_map();
	uint64_t end = 0;

	ASSERT_GE(map->count, 1);
	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];

		EXPECT_EQ(range->base % PAGE_SIZE, 0);
		EXPECT_EQ(range->size % PAGE_SIZE, 0);
		EXPECT_NE(range->size, 0);
		EXPECT_GE(range->base, end);
		end = range->base + range->size;
	}
}

/* The kind of memory at an address; 0: none known. */
static uint32_t kind_at(uint64_t physical)
{
	const struct memory_map *map = early_alloc_map();

	for (uint32_t i = 0; i < map->count; i++)
		if (physical >= map->ranges[i].base &&
		    physical - map->ranges[i].base < map->ranges[i].size)
			return map->ranges[i].kind;
	return 0;
}

TEST(memory, what_is_in_use_is_reserved)
{
	const struct boot_info *info = machine_boot_info();

	for (uint64_t offset = 0; offset < info->kernel.size; offset += PAGE_SIZE)
		ASSERT_EQ(kind_at(info->kernel.base + offset), MEMORY_KERNEL);
	for (uint64_t offset = 0; offset < info->ramdisk.size; offset += PAGE_SIZE)
		ASSERT_EQ(kind_at(info->ramdisk.base + offset), MEMORY_RAMDISK);
	for (uint64_t offset = 0; offset < info->fdt.size; offset += PAGE_SIZE)
		ASSERT_EQ(kind_at(info->fdt.base + offset), MEMORY_DESCRIPTION);
}

TEST(memory, direct_map_reaches_both_ends_of_each_usable_range)
{
	const struct memory_map *map = early_alloc_map();

	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		uint64_t ends[] = { range->base, range->base + range->size - sizeof(uint64_t) };

		if (range->kind != MEMORY_USABLE)
			continue;
		for (size_t end = 0; end < ARRAY_SIZE(ends); end++) {
			volatile uint64_t *word = phys_to_virt(ends[end]);
			uint64_t value = random_u64(test_random());
			uint64_t before = *word;

			/* Somebody's memory is only read. */
			if (frame_of(ends[end])->state != FRAME_FREE)
				continue;
			*word = value;
			EXPECT_EQ(*word, value);
			*word = before;
		}
	}
}
