/* sources: boot/direct/pvh.c tests/host/physical.c */
/*
 * The PVH start info: the one that QEMU hands over, and ones by hand.
 */
#include "host.h"
#include "physical.h"
#include <boot/direct/pvh.h>
#include <string.h>

#define QEMU "tests/host/corpus/fuzz_pvh/qemu-q35.mem"

#define START 0x1000
#define RANGES 0x2000
#define MODULES 0x100000
#define TEXT 0x200ff0

/* Version 1; written out here once more, so that a mistake in the kernel's does not hide. */
struct start {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t ranges;
	uint32_t range_count;
	uint32_t reserved;
};

struct range {
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

static struct boot_info info;
static const char *reason;

static int read_start(uint64_t address)
{
	memset(&info, 0, sizeof(info));
	memset(info.command_line, 'x', sizeof(info.command_line) - 1);
	info.command_line[0] = '\0';
	reason = NULL;
	return pvh_read(address, physical_map, &info, &reason);
}

static struct start *add_start(const struct range *ranges, uint32_t count)
{
	struct start start = {
		.magic = 0x336ec578, .version = 1, .ranges = RANGES, .range_count = count
	};

	physical_reset();
	if (count)
		physical_add(RANGES, ranges, count * sizeof(*ranges));
	return (struct start *)(void *)physical_add(START, &start, sizeof(start));
}

static void check_range(uint32_t index, uint64_t base, uint64_t size, uint32_t kind)
{
	CHECK_EQ(info.memory[index].base, base);
	CHECK_EQ(info.memory[index].size, size);
	CHECK_EQ(info.memory[index].kind, kind);
}

HOST_TEST(qemu)
{
	physical_reset();
	REQUIRE(read_start(physical_add_file(QEMU)) == 0);
	CHECK_STR_EQ(info.command_line, "test=memory.* log=debug");
	CHECK_EQ(info.ramdisk.base, 134045696);
	CHECK_EQ(info.ramdisk.size, 5000);
	CHECK_EQ(info.acpi_rsdp, 0xf59e0);
	REQUIRE(info.memory_range_count == 9);
	check_range(0, 0x9fc00, 0x400, MEMORY_RESERVED);
	check_range(6, 0xfd00000000, 0x300000000, MEMORY_RESERVED);
	check_range(7, 0, 0x9fc00, MEMORY_USABLE);
	check_range(8, 0x100000, 0x7edf000, MEMORY_USABLE);
}

HOST_TEST(kinds_of_memory)
{
	static const struct range ranges[] = {
		{ 0, 0x1000, 1, 0 },      { 0x1000, 0x1000, 2, 0 },     { 0x2000, 0x1000, 3, 0 },
		{ 0x3000, 0x1000, 4, 0 }, { 0x4000, 0x1000, 5, 0 },     { 0x5000, 0, 1, 0 },
		{ UINT64_MAX, 2, 1, 0 },  { UINT64_MAX - 9, 20, 7, 0 },
	};

	add_start(ranges, 8);
	REQUIRE(read_start(START) == 0);
	REQUIRE(info.memory_range_count == 6);
	check_range(0, 0x1000, 0x1000, MEMORY_RESERVED);
	check_range(1, 0x2000, 0x1000, MEMORY_ACPI);
	check_range(2, 0x3000, 0x1000, MEMORY_RESERVED);
	check_range(3, 0x4000, 0x1000, MEMORY_RESERVED);
	check_range(4, UINT64_MAX - 9, 9, MEMORY_RESERVED);
	check_range(5, 0, 0x1000, MEMORY_USABLE);
}

HOST_TEST(too_many_ranges)
{
	static struct range ranges[5000];

	for (uint32_t i = 0; i < 5000; i++)
		ranges[i] = (struct range){ .base = (uint64_t)i << 16,
					    .size = 0x1000,
					    .type = i == 700 ? 2 : 1 };
	add_start(ranges, 1000);
	CHECK(read_start(START) == 0);
	CHECK_EQ(info.memory_range_count, BOOT_MEMORY_RANGES_MAX);
	CHECK_EQ(info.memory_ranges_dropped, 1000 - BOOT_MEMORY_RANGES_MAX);
	check_range(0, 700 << 16, 0x1000, MEMORY_RESERVED);
	add_start(ranges, 5000);
	CHECK(read_start(START) != 0);
	for (uint32_t i = 0; i < 1000; i++)
		ranges[i].type = 2;
	add_start(ranges, 1000);
	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the memory map has more reserved ranges than fit");
}

HOST_TEST(no_memory_map)
{
	static const struct range reserved = { 0, 0x1000, 2, 0 };
	struct start *start = add_start(NULL, 0);

	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the memory map has no entries, or more than 4096");
	start->range_count = 1;
	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the memory map cannot be read");
	start->range_count = UINT32_MAX;
	CHECK(read_start(START) != 0);
	add_start(&reserved, 1);
	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the memory map has no usable range");
}

/* 40 bytes, and not one more is read. */
HOST_TEST(version_0)
{
	struct start start = { .magic = 0x336ec578, .rsdp = 0xe0000 };

	physical_reset();
	physical_add(START, &start, 40);
	REQUIRE(read_start(START) == 0);
	CHECK_EQ(info.acpi_rsdp, 0xe0000);
	REQUIRE(info.memory_range_count == 2);
	check_range(0, 0, 0x9f000, MEMORY_USABLE);
	check_range(1, 0x100000, 0x1f00000, MEMORY_USABLE);
	start.version = 1;
	physical_reset();
	physical_add(START, &start, 40);
	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the memory map's place cannot be read");
}

HOST_TEST(not_a_start_info)
{
	struct start *start = add_start(NULL, 0);

	start->magic++;
	CHECK(read_start(START) != 0);
	CHECK_STR_EQ(reason, "the start info has a wrong magic number");
	CHECK(read_start(0) != 0);
	CHECK(read_start(START + 20) != 0);
	CHECK(read_start(UINT64_MAX) != 0);
	CHECK_STR_EQ(reason, "the start info cannot be read");
}

static const struct range some_memory = { 0x100000, 0x1000000, 1, 0 };

HOST_TEST(command_lines)
{
	static char text[3 * BOOT_COMMAND_LINE_MAX];

	/* Across the end of a page, of all lengths around the limit. */
	for (size_t length = BOOT_COMMAND_LINE_MAX - 3; length < BOOT_COMMAND_LINE_MAX + 3;
	     length++) {
		struct start *start = add_start(&some_memory, 1);

		memset(text, 0, sizeof(text));
		memset(text, 'a', length);
		start->command_line = TEXT;
		physical_add(TEXT, text, sizeof(text));
		CHECK(read_start(START) == 0);
		CHECK_EQ(strlen(info.command_line),
			 length < BOOT_COMMAND_LINE_MAX ? length : BOOT_COMMAND_LINE_MAX - 1);
	}
	/* It breaks off at the end of a page, or is not there. */
	add_start(&some_memory, 1)->command_line = TEXT;
	physical_add(TEXT, text, 16);
	CHECK(read_start(START) == 0);
	CHECK_STR_EQ(info.command_line, "aaaaaaaaaaaaaaaa");
	add_start(&some_memory, 1)->command_line = UINT64_MAX;
	CHECK(read_start(START) == 0);
	CHECK_STR_EQ(info.command_line, "");
}

HOST_TEST(modules)
{
	static const uint64_t modules[2][4] = { { 0x800000, 0x1234, 0, 0 }, { 0x900000, 1, 0, 0 } };
	static const uint64_t wrapping[4] = { UINT64_MAX, 2, 0, 0 };
	static const uint64_t empty[4] = { 0x800000, 0, 0, 0 };
	struct start *start = add_start(&some_memory, 1);

	start->module_count = 2;
	start->modules = MODULES;
	CHECK(read_start(START) == 0);
	CHECK_EQ(info.ramdisk.size, 0);
	physical_add(MODULES, modules, sizeof(modules));
	CHECK(read_start(START) == 0);
	CHECK_EQ(info.ramdisk.base, 0x800000);
	CHECK_EQ(info.ramdisk.size, 0x1234);
	CHECK_STR_EQ(host_last_log(), "PVH: 1 modules behind the first are ignored");
	memcpy(physical_bytes(MODULES, 32), wrapping, 32);
	CHECK(read_start(START) == 0);
	CHECK_EQ(info.ramdisk.size, 0);
	memcpy(physical_bytes(MODULES, 32), empty, 32);
	CHECK(read_start(START) == 0);
	CHECK_EQ(info.ramdisk.size, 0);
}
