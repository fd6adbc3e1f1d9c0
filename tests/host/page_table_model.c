#include "memory.h"
#include "mm_model.h"
#include <lib/bits.h>
#include <lib/errno.h>
#include <mm/frame.h>
#include <mm/page_table.h>
#include <mm/tlb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A window of pages over the border of two tables, and one large page further up. */
#define PAGES 1536UL
#define BASE (PAGE_LEVEL_SIZE(2) - 512 * PAGE_SIZE)
#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER)

struct page {
	uint64_t physical; /* 0: not mapped */
	unsigned flags;
};

static struct page model[PAGES];
static struct page_table table;
static struct space space;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void compare(void)
{
	for (size_t i = 0; i < PAGES; i++) {
		struct page_table_path path;
		uintptr_t address = BASE + i * PAGE_SIZE;
		uint64_t within;

		page_table_lookup(&table, address, &path);
		require(path.mapped == (model[i].physical != 0));
		if (!path.mapped)
			continue;
		within = address & (PAGE_LEVEL_SIZE(path.leaf_level) - 1);
		require(pte_address(path.entries[path.leaf_level]) + within == model[i].physical);
		require((pte_flags(path.entries[path.leaf_level]) & RIGHTS) == model[i].flags);
	}
}

static unsigned flags_of(uint8_t byte)
{
	return PAGE_READ | (byte & 1 ? PAGE_WRITE : 0) | (byte & 2 ? PAGE_EXEC : 0);
}

/* Physical addresses that fall together with virtual ones now and then, for large pages. */
static uint64_t physical_of(size_t first, uint8_t byte)
{
	uint64_t base = (uint64_t)(1 + byte % 4) << 32;

	return byte & 0x80 ? base + first * PAGE_SIZE : base + (first + byte) * PAGE_SIZE;
}

static void map(size_t first, size_t count, uint8_t byte, bool fills)
{
	uint64_t physical = physical_of(first, byte);
	uintptr_t address = BASE + first * PAGE_SIZE;
	size_t mapped = 0;
	int error;

	if (fills)
		error = page_table_fill(&table, address, physical, count * PAGE_SIZE,
					flags_of(byte));
	else
		error = page_table_map(&table, address, physical, count * PAGE_SIZE, flags_of(byte),
				       &mapped);
	require(error == 0 || error == -ENOMEM || (!fills && error == -EEXIST));
	for (size_t i = 0; i < count; i++) {
		struct page_table_path path;

		if (model[first + i].physical)
			continue;
		/* What a failed fill did is as good as any part of it. */
		page_table_lookup(&table, address + i * PAGE_SIZE, &path);
		if (error && !path.mapped)
			continue;
		require(fills || !error || i * PAGE_SIZE < mapped);
		model[first + i] = (struct page){ physical + i * PAGE_SIZE, flags_of(byte) };
	}
}

static void change(uint8_t operation, size_t first, size_t count, uint8_t byte)
{
	uintptr_t address = BASE + first * PAGE_SIZE;
	struct tlb_gather gather;
	int error = 0;

	tlb_gather_begin(&gather, &space, false);
	if (operation == 2)
		error = page_table_unmap(&table, address, count * PAGE_SIZE, &gather);
	else if (operation == 3)
		error = page_table_protect(&table, address, count * PAGE_SIZE, flags_of(byte),
					   &gather);
	else if (operation == 4)
		page_table_collapse(&table, address & ~(PAGE_LEVEL_SIZE(1) - 1), 1, &gather);
	else
		page_table_clear_use(&table, address, count * PAGE_SIZE, PAGE_ACCESSED | PAGE_DIRTY,
				     &gather);
	tlb_gather_end(&gather);
	require(error == 0 || error == -ENOMEM);
	if (error)
		return;
	for (size_t i = first; i < first + count; i++) {
		if (operation == 2)
			model[i].physical = 0;
		else if (operation == 3)
			model[i].flags = flags_of(byte);
	}
}

static uint64_t frames_free(void)
{
	struct frame_statistics statistics;

	frame_statistics(&statistics);
	return statistics.free;
}

void page_table_model_run(const uint8_t *data, size_t size)
{
	uint64_t free;
	unsigned steps = 0;

	host_memory_init();
	free = frames_free();
	memset(model, 0, sizeof(model));
	host_tables_left = UINT64_MAX;
	host_breaks_before_make = size && (data[0] & 1);
	table = (struct page_table){ .allocate = host_table, .uses_frames = true };
	table.root = table.allocate();
	for (; size >= 6; data += 6, size -= 6) {
		size_t first = (data[1] | (size_t)data[2] << 8) % PAGES;
		size_t most = data[3] & 1 ? PAGES : 9;
		size_t count = 1 + data[4] * most / 256;
		uint8_t operation = data[0] >> 1 & 7;

		count = min(count, PAGES - first);
		/* Now and then tables run out. */
		host_tables_left = (data[3] & 0x3e) == 2 ? data[3] >> 6 : UINT64_MAX;
		if (operation < 2)
			map(first, count, data[5], operation);
		else
			change(operation, first, count, data[5]);
		if (++steps % 8 == 0)
			compare();
	}
	compare();
	host_tables_left = UINT64_MAX;
	change(2, 0, PAGES, 0);
	compare();
	frame_free(frame_of(table.root));
	/* Every table was given back, once. */
	require(frames_free() == free);
}
