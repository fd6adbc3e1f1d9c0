/* sources: mm/memory_map.c */
/*
 * The physical memory map by example; fuzz_memory_map.c compares it with a model.
 */
#include "host.h"
#include <mm/memory_map.h>
#include <string.h>

#define LAST_PAGE 0xfffffffffffff000

static struct memory_map map;

static void start(void)
{
	memset(&map, 0, sizeof(map));
}

static void check_range(uint32_t index, uint64_t base, uint64_t end, uint32_t kind)
{
	CHECK_EQ(map.ranges[index].base, base);
	CHECK_EQ(map.ranges[index].base + map.ranges[index].size, end);
	CHECK_EQ(map.ranges[index].kind, kind);
}

HOST_TEST(sorts_and_joins)
{
	start();
	CHECK_EQ(memory_map_add(&map, 0x5000, 0x1000, MEMORY_USABLE), 0);
	CHECK_EQ(memory_map_add(&map, 0x1000, 0x1000, MEMORY_USABLE), 0);
	CHECK_EQ(memory_map_add(&map, 0x3000, 0x1000, MEMORY_ACPI), 0);
	REQUIRE(map.count == 3);
	check_range(0, 0x1000, 0x2000, MEMORY_USABLE);
	check_range(1, 0x3000, 0x4000, MEMORY_ACPI);
	check_range(2, 0x5000, 0x6000, MEMORY_USABLE);
	CHECK_EQ(memory_map_add(&map, 0x2000, 0x3000, MEMORY_USABLE), 0);
	REQUIRE(map.count == 3);
	check_range(0, 0x1000, 0x3000, MEMORY_USABLE);
	check_range(2, 0x4000, 0x6000, MEMORY_USABLE);
	CHECK_EQ(memory_map_total(&map, MEMORY_USABLE), 0x4000);
	CHECK_EQ(memory_map_total(&map, MEMORY_ACPI), 0x1000);
	CHECK_EQ(memory_map_total(&map, MEMORY_KERNEL), 0);
}

HOST_TEST(whole_pages)
{
	start();
	CHECK_EQ(memory_map_add(&map, 0x1001, 0x2fff, MEMORY_USABLE), 0);
	REQUIRE(map.count == 1);
	check_range(0, 0x2000, 0x4000, MEMORY_USABLE);
	CHECK_EQ(memory_map_add(&map, 0x8fff, 2, MEMORY_RESERVED), 0);
	REQUIRE(map.count == 2);
	check_range(1, 0x8000, 0xa000, MEMORY_RESERVED);
	CHECK_EQ(memory_map_add(&map, 0x10001, 0xfff, MEMORY_USABLE), 0);
	CHECK_EQ(memory_map_add(&map, 0x10001, 0x1ffe, MEMORY_USABLE), 0);
	CHECK_EQ(memory_map_add(&map, 0x10001, 0, MEMORY_RESERVED), 0);
	CHECK_EQ(map.count, 2);
}

/* In both orders, the stronger kind has the page. */
HOST_TEST(strength)
{
	static const uint32_t kinds[] = { MEMORY_USABLE,      MEMORY_ACPI,    MEMORY_RESERVED,
					  MEMORY_DESCRIPTION, MEMORY_RAMDISK, MEMORY_EARLY,
					  MEMORY_KERNEL };

	for (unsigned weak = 0; weak < 7; weak++) {
		for (unsigned strong = weak + 1; strong < 7; strong++) {
			start();
			memory_map_add(&map, 0x1000, 0x5000, kinds[weak]);
			memory_map_add(&map, 0x3000, 0x1000, kinds[strong]);
			REQUIRE(map.count == 3);
			check_range(0, 0x1000, 0x3000, kinds[weak]);
			check_range(1, 0x3000, 0x4000, kinds[strong]);
			check_range(2, 0x4000, 0x6000, kinds[weak]);
			start();
			memory_map_add(&map, 0x3000, 0x1000, kinds[strong]);
			memory_map_add(&map, 0x1000, 0x5000, kinds[weak]);
			REQUIRE(map.count == 3);
			check_range(1, 0x3000, 0x4000, kinds[strong]);
		}
	}
	start();
	memory_map_add(&map, 0x1000, 0x1000, 0);
	memory_map_add(&map, 0x2000, 0x1000, 99);
	REQUIRE(map.count == 1);
	check_range(0, 0x1000, 0x3000, MEMORY_RESERVED);
}

HOST_TEST(end_of_the_address_space)
{
	start();
	CHECK_EQ(memory_map_add(&map, 0, UINT64_MAX, MEMORY_USABLE), 0);
	REQUIRE(map.count == 1);
	check_range(0, 0, LAST_PAGE, MEMORY_USABLE);
	CHECK_EQ(memory_map_add(&map, LAST_PAGE - 0x1000, UINT64_MAX, MEMORY_RESERVED), 0);
	REQUIRE(map.count == 2);
	check_range(1, LAST_PAGE - 0x1000, LAST_PAGE, MEMORY_RESERVED);
	CHECK_EQ(memory_map_add(&map, UINT64_MAX, UINT64_MAX, MEMORY_RESERVED), 0);
	CHECK_EQ(memory_map_add(&map, UINT64_MAX, 1, MEMORY_USABLE), 0);
	CHECK_EQ(memory_map_add(&map, LAST_PAGE, 0x1000, MEMORY_KERNEL), 0);
	CHECK_EQ(map.count, 2);
	CHECK(memory_map_reserve(&map, LAST_PAGE, 0x1000, MEMORY_KERNEL) < 0);
	CHECK_EQ(map.count, 2);
}

HOST_TEST(reserve)
{
	start();
	memory_map_add(&map, 0x100000, 0x100000, MEMORY_USABLE);
	memory_map_add(&map, 0x180000, 0x10000, MEMORY_RESERVED);
	CHECK_EQ(memory_map_reserve(&map, 0x100000, 0x8001, MEMORY_KERNEL), 0);
	check_range(0, 0x100000, 0x109000, MEMORY_KERNEL);
	/* Over what is reserved already by someone else, kernel included. */
	CHECK_EQ(memory_map_reserve(&map, 0x108000, 0x2000, MEMORY_RAMDISK), 0);
	check_range(1, 0x109000, 0x10a000, MEMORY_RAMDISK);
	/* Outside of memory, half outside, and where firmware said no. */
	CHECK(memory_map_reserve(&map, 0x10000, 0x1000, MEMORY_RAMDISK) < 0);
	check_range(0, 0x10000, 0x11000, MEMORY_RAMDISK);
	CHECK(memory_map_reserve(&map, 0x1ff000, 0x2000, MEMORY_RAMDISK) < 0);
	CHECK_EQ(map.ranges[map.count - 1].kind, MEMORY_RAMDISK);
	CHECK_EQ(map.ranges[map.count - 1].size, 0x2000);
	CHECK(memory_map_reserve(&map, 0x18f000, 0x2000, MEMORY_RAMDISK) < 0);
	CHECK_EQ(memory_map_reserve(&map, 0x181000, 0x1000, MEMORY_RESERVED), 0);
	CHECK(memory_map_reserve(&map, 0x150000, 0, MEMORY_RAMDISK) < 0);
}

HOST_TEST(find)
{
	start();
	CHECK_EQ(memory_map_find(&map, 1, 1, 0, UINT64_MAX), 0);
	memory_map_add(&map, 0, 0x2000, MEMORY_USABLE);
	memory_map_add(&map, 0x100000, 0x10000, MEMORY_USABLE);
	memory_map_add(&map, 0x400000, 0x3000, MEMORY_USABLE);
	CHECK_EQ(memory_map_find(&map, 0x1000, 0x1000, 0, UINT64_MAX), 0x402000);
	CHECK_EQ(memory_map_find(&map, 1, 1, 0, UINT64_MAX), 0x402000);
	CHECK_EQ(memory_map_find(&map, 0x3001, 0x1000, 0, UINT64_MAX), 0x10c000);
	CHECK_EQ(memory_map_find(&map, 0x2000, 0x2000, 0, UINT64_MAX), 0x400000);
	CHECK_EQ(memory_map_find(&map, 0x1000, 0x1000, 0, 0x402fff), 0x401000);
	CHECK_EQ(memory_map_find(&map, 0x1000, 0x1000, 0x402001, UINT64_MAX), 0);
	CHECK_EQ(memory_map_find(&map, 0x1000, 0x1000, 0, 0x100000), 0x1000);
	/* Never page 0, which would read as "none". */
	CHECK_EQ(memory_map_find(&map, 0x2000, 0x1000, 0, 0x100000), 0);
	CHECK_EQ(memory_map_find(&map, 0x1000, 0x1000, 0x500000, 0x100000), 0);
	CHECK_EQ(memory_map_find(&map, 0x1000, 1ULL << 63, 0, UINT64_MAX), 0);
	CHECK_EQ(memory_map_find(&map, UINT64_MAX, 1, 0, UINT64_MAX), 0);
	CHECK_EQ(memory_map_find(&map, 0, 1, 0, UINT64_MAX), 0);
	start();
	memory_map_add(&map, 0, UINT64_MAX, MEMORY_USABLE);
	CHECK_EQ(memory_map_find(&map, 1, 1, 0, UINT64_MAX), LAST_PAGE - 0x1000);
	CHECK_EQ(memory_map_find(&map, LAST_PAGE, 1, 0, UINT64_MAX), 0);
	CHECK_EQ(memory_map_find(&map, LAST_PAGE - 0x1000, 1, 0, UINT64_MAX), 0x1000);
}

HOST_TEST(full)
{
	start();
	for (uint64_t i = 1; i <= MEMORY_MAP_MAX; i++)
		CHECK_EQ(memory_map_add(&map, i << 20, 0x10000, MEMORY_USABLE), 0);
	CHECK_EQ(map.count, MEMORY_MAP_MAX);
	CHECK(memory_map_add(&map, 0x80000, 0x1000, MEMORY_USABLE) < 0);
	CHECK_EQ(map.count, MEMORY_MAP_MAX);
	/* Widening a range takes no room. */
	CHECK_EQ(memory_map_add(&map, 0x110000, 0x1000, MEMORY_USABLE), 0);
	/* Undividable: all of it is reserved rather than none of it. */
	CHECK(memory_map_reserve(&map, 0x104000, 0x1000, MEMORY_EARLY) < 0);
	check_range(0, 0x100000, 0x111000, MEMORY_EARLY);
	CHECK_EQ(memory_map_total(&map, MEMORY_USABLE), (MEMORY_MAP_MAX - 1) * 0x10000ULL);
	/* Joining makes room. */
	CHECK_EQ(memory_map_add(&map, 0x200000, 0x200000, MEMORY_USABLE), 0);
	CHECK_EQ(map.count, MEMORY_MAP_MAX - 2);
	CHECK_EQ(memory_map_reserve(&map, 0x300000, 0x1000, MEMORY_EARLY), 0);
	CHECK_EQ(map.count, MEMORY_MAP_MAX);
}

HOST_TEST(names)
{
	CHECK_STR_EQ(memory_map_describe(MEMORY_USABLE), "usable");
	CHECK_STR_EQ(memory_map_describe(MEMORY_EARLY), "early allocations");
	CHECK_STR_EQ(memory_map_describe(0), "unknown");
}
