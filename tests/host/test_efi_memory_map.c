/* sources: boot/efi/memory_map.c lib/random.c */
/*
 * The loader's memory map: what each type of memory becomes, who wins where ranges overlap, and
 * what is given up when there are too many. A second, simple-minded map of one byte per page says
 * what is right for random ones.
 */
#include "host.h"
#include <boot/efi/memory_map.h>
#include <lib/random.h>
#include <string.h>

#define PAGE 4096ULL
#define RUNTIME (1ULL << 63)

/* OVMF's distance between descriptors, larger than one. */
#define STRIDE 48
#define DESCRIPTORS_MAX 1200

/* UEFI's names for the types of memory, in order. */
enum {
	RESERVED,
	LOADER_CODE,
	LOADER_DATA,
	BOOT_CODE,
	BOOT_DATA,
	RUNTIME_CODE,
	RUNTIME_DATA,
	CONVENTIONAL,
	UNUSABLE,
	ACPI_RECLAIM,
	ACPI_NVS,
	MMIO,
	MMIO_PORTS,
	PAL_CODE,
	PERSISTENT,
	UNACCEPTED
};

static uint8_t map[DESCRIPTORS_MAX * STRIDE];
static size_t map_size;
static struct boot_info info;

static void start(void)
{
	map_size = 0;
	memset(&info, 0xee, sizeof(info));
}

static void add(uint32_t type, uint64_t base, uint64_t pages, uint64_t attributes)
{
	struct firmware_memory descriptor = {
		.type = type, .physical_start = base, .page_count = pages, .attributes = attributes
	};

	memcpy(map + map_size, &descriptor, sizeof(descriptor));
	map_size += STRIDE;
}

static void convert(void)
{
	memory_map_convert(&info, map, map_size, STRIDE);
}

static void check_range(uint32_t index, uint64_t base, uint64_t end, uint32_t kind)
{
	REQUIRE(index < info.memory_range_count);
	CHECK_EQ(info.memory[index].base, base);
	CHECK_EQ(info.memory[index].base + info.memory[index].size, end);
	CHECK_EQ(info.memory[index].kind, kind);
	CHECK_EQ(info.memory[index].zero, 0);
}

/* What holds of every map. */
static bool map_is_normal(void)
{
	if (info.memory_range_count > BOOT_MEMORY_RANGES_MAX)
		return false;
	for (uint32_t i = 0; i < info.memory_range_count; i++) {
		const struct memory_range *range = &info.memory[i];
		uint64_t end = range->base + range->size;

		if (range->size == 0 || end < range->base ||
		    (range->base | range->size) % PAGE != 0)
			return false;
		if (i + 1 < info.memory_range_count &&
		    (range[1].base < end || (range[1].base == end && range[1].kind == range->kind)))
			return false;
	}
	return true;
}

/* The kind of the page at address; 0: the map does not name it. */
static uint32_t kind_at(uint64_t address)
{
	for (uint32_t i = 0; i < info.memory_range_count; i++)
		if (address >= info.memory[i].base &&
		    address - info.memory[i].base < info.memory[i].size)
			return info.memory[i].kind;
	return 0;
}

HOST_TEST(gives_each_type_its_kind)
{
	start();
	for (uint32_t type = 0; type < 20; type++)
		add(type, 0x100000 + type * 2 * PAGE, 1, 0xf);
	convert();
	CHECK_EQ(info.memory_range_count, 20);
	CHECK_EQ(info.memory_ranges_dropped, 0);
	for (uint32_t type = 0; type < 20; type++) {
		bool usable = type == CONVENTIONAL || (type >= LOADER_CODE && type <= BOOT_DATA);
		uint64_t base = 0x100000 + type * 2 * PAGE;

		check_range(type, base, base + PAGE,
			    usable                 ? MEMORY_USABLE
			    : type == ACPI_RECLAIM ? MEMORY_ACPI
						   : MEMORY_RESERVED);
	}
}

HOST_TEST(reserves_what_the_runtime_keeps)
{
	start();
	add(BOOT_DATA, 0x1000, 1, RUNTIME | 0xf);
	convert();
	check_range(0, 0x1000, 0x2000, MEMORY_RESERVED);
}

HOST_TEST(sorts_and_merges)
{
	start();
	add(CONVENTIONAL, 0x8000, 8, 0);
	add(ACPI_NVS, 0x3000, 1, 0);
	add(BOOT_CODE, 0x4000, 4, 0);
	add(LOADER_DATA, 0x1000, 1, 0);
	add(MMIO, 0x2000, 1, 0);
	convert();
	CHECK_EQ(info.memory_range_count, 3);
	check_range(0, 0x1000, 0x2000, MEMORY_USABLE);
	check_range(1, 0x2000, 0x4000, MEMORY_RESERVED);
	check_range(2, 0x4000, 0x10000, MEMORY_USABLE);
}

HOST_TEST(marks_own_pages)
{
	start();
	add(CONVENTIONAL, 0, 0x100, 0);
	convert();
	memory_map_set(&info, 0x20000, 0x3000, MEMORY_KERNEL);
	memory_map_set(&info, 0x23000, 1, MEMORY_RAMDISK);
	memory_map_set(&info, 0x50800, 0x1000, MEMORY_DESCRIPTION);
	memory_map_set(&info, 0x60000, 0, MEMORY_DESCRIPTION);
	CHECK_EQ(info.memory_range_count, 6);
	check_range(0, 0, 0x20000, MEMORY_USABLE);
	check_range(1, 0x20000, 0x23000, MEMORY_KERNEL);
	check_range(2, 0x23000, 0x24000, MEMORY_RAMDISK);
	check_range(3, 0x24000, 0x50000, MEMORY_USABLE);
	check_range(4, 0x50000, 0x52000, MEMORY_DESCRIPTION);
	check_range(5, 0x52000, 0x100000, MEMORY_USABLE);
}

HOST_TEST(counts_malformed_descriptors)
{
	start();
	add(CONVENTIONAL, 0x1001, 1, 0);
	add(CONVENTIONAL, 0x1000, UINT64_MAX, 0);
	add(CONVENTIONAL, UINT64_MAX & ~(PAGE - 1), 1, 0);
	add(CONVENTIONAL, 0x5000, 0, 0);
	add(CONVENTIONAL, 0x2000, 1, 0);
	convert();
	CHECK_EQ(info.memory_ranges_dropped, 3);
	CHECK_EQ(info.memory_range_count, 1);
	check_range(0, 0x2000, 0x3000, MEMORY_USABLE);
	memory_map_set(&info, UINT64_MAX - 10, 100, MEMORY_KERNEL);
	CHECK_EQ(info.memory_ranges_dropped, 4);
}

HOST_TEST(ignores_incomplete_descriptors)
{
	start();
	add(CONVENTIONAL, 0x1000, 1, 0);
	add(CONVENTIONAL, 0x9000, 1, 0);
	map_size -= 1;
	convert();
	CHECK_EQ(info.memory_range_count, 1);
	memory_map_convert(&info, map, map_size, sizeof(struct firmware_memory) - 1);
	CHECK_EQ(info.memory_range_count, 0);
	memory_map_convert(&info, map, 0, STRIDE);
	CHECK_EQ(info.memory_range_count, 0);
}

HOST_TEST(melts_hundreds_of_descriptors)
{
	start();
	for (uint64_t i = 0; i < DESCRIPTORS_MAX; i++)
		add(i % 2 == 0 ? BOOT_DATA : CONVENTIONAL, (DESCRIPTORS_MAX - i) * PAGE, 1, 0);
	convert();
	CHECK_EQ(info.memory_range_count, 1);
	CHECK_EQ(info.memory_ranges_dropped, 0);
	check_range(0, PAGE, (DESCRIPTORS_MAX + 1) * PAGE, MEMORY_USABLE);
}

HOST_TEST(gives_up_reserved_then_smallest_when_full)
{
	start();
	/*
	 * Of 600 usable ranges the larger have the higher addresses; 400 reserved ones stand
	 * between the first.
	 */
	for (uint64_t i = 0; i < 600; i++)
		add(CONVENTIONAL, i << 24, 1 + i, 0);
	for (uint64_t i = 0; i < 400; i++)
		add(MMIO, (i << 24) + (1 << 23), 1, 0);
	add(ACPI_RECLAIM, 0x8000000000, 1, 0);
	convert();
	memory_map_set(&info, (599ULL << 24) + PAGE, PAGE, MEMORY_KERNEL);
	CHECK(map_is_normal());
	CHECK(info.memory_ranges_dropped > 400);
	CHECK_EQ(kind_at(0x8000000000), MEMORY_ACPI);
	CHECK_EQ(kind_at((599ULL << 24) + PAGE), MEMORY_KERNEL);
	CHECK_EQ(kind_at((599ULL << 24) + 2 * PAGE), MEMORY_USABLE);
	CHECK_EQ(kind_at(1ULL << 24), 0);
	CHECK_EQ(kind_at(300ULL << 24), MEMORY_USABLE);
}

/* 0 is no memory; a higher rank wins. */
static uint32_t rank_of(uint32_t kind)
{
	static const uint32_t ranks[] = {
		[MEMORY_USABLE] = 1, [MEMORY_ACPI] = 2, [MEMORY_RESERVED] = 3
	};

	return kind == 0 ? 0 : ranks[kind];
}

HOST_TEST(agrees_with_map_of_pages)
{
	static const uint32_t types[] = { CONVENTIONAL, BOOT_DATA, ACPI_RECLAIM, ACPI_NVS, MMIO };
	static const uint32_t kinds[] = { MEMORY_USABLE, MEMORY_USABLE, MEMORY_ACPI,
					  MEMORY_RESERVED, MEMORY_RESERVED };
	struct random random;

	random_seed(&random, 2);
	for (unsigned round = 0; round < 2000; round++) {
		uint32_t pages[128] = { 0 };
		unsigned wrong = 0;

		start();
		for (uint64_t count = random_below(&random, 40); count > 0; count--) {
			uint64_t which = random_below(&random, 5);
			uint64_t first = random_below(&random, 128);
			uint64_t length = random_below(&random, 128 - first);

			add(types[which], first * PAGE, length, 0);
			for (uint64_t page = first; page < first + length; page++)
				if (rank_of(kinds[which]) > rank_of(pages[page]))
					pages[page] = kinds[which];
		}
		convert();
		for (uint64_t page = 0; page < 128; page++)
			wrong += kind_at(page * PAGE) != pages[page];
		CHECK_EQ(wrong, 0);
		CHECK(map_is_normal());
		CHECK_EQ(info.memory_ranges_dropped, 0);
	}
}
