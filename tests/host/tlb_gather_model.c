/*
 * Programs of what a gather is told, beside a model of what a TLB may still hold: nothing that was
 * gathered is free before an invalidation that covers it.
 */
#include "memory.h"
#include "mm_model.h"
#include <arch/mmu.h>
#include <mm/frame.h>
#include <mm/tlb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x40000000UL
#define PAGES 2048 /* of the addresses, in tables of 512 */
#define TABLES (PAGES / PAGE_TABLE_ENTRIES)

/* A translation, or a table, that was taken from the tables and that a TLB may still hold. */
static struct frame *cached[PAGES];
static struct frame *cached_tables[TABLES];
static struct space space;

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* In place of tests/host/memory.c's. */
void tlb_invalidate(struct space *of, uintptr_t address, size_t size, unsigned level, bool tables)
{
	uintptr_t last = size == TLB_EVERYTHING ? UINTPTR_MAX : address + size - 1;

	require(of == &space && level <= 1 && last >= address);
	host_invalidations++;
	/* It is for now, not for later: nothing of what it is for has been released. */
	for (size_t i = 0; i < PAGES; i++)
		require(!cached[i] || cached[i]->state == FRAME_ALLOCATED);
	for (size_t i = 0; i < PAGES; i++)
		if (address <= BASE + i * PAGE_SIZE && last >= BASE + i * PAGE_SIZE)
			cached[i] = NULL;
	for (size_t i = 0; i < TABLES; i++) {
		uintptr_t first = BASE + i * PAGE_LEVEL_SIZE(1);

		require(!cached_tables[i] || cached_tables[i]->state == FRAME_ALLOCATED);
		if (tables && address < first + PAGE_LEVEL_SIZE(1) && last >= first)
			cached_tables[i] = NULL;
	}
}

static void lose_page(struct tlb_gather *gather, size_t page)
{
	struct frame *frame;

	if (cached[page])
		return;
	frame = frame_alloc(FRAME_TAG_TEST);
	if (!frame)
		return;
	cached[page] = frame;
	tlb_gather_leaf(gather, BASE + page * PAGE_SIZE,
			pte_make_leaf(frame_to_phys(frame), 0, PAGE_READ), 0, true);
}

static void lose_table(struct tlb_gather *gather, size_t table)
{
	uint64_t physical;
	uintptr_t first = BASE + table * PAGE_LEVEL_SIZE(1);

	if (cached_tables[table])
		return;
	physical = host_table();
	if (!physical)
		return;
	cached_tables[table] = frame_of(physical);
	tlb_gather_table(gather, physical, first, first + PAGE_LEVEL_SIZE(1) - 1);
}

static void flush(struct tlb_gather *gather)
{
	static const struct frame *none[PAGES];

	tlb_gather_flush(gather);
	require(memcmp(cached, none, sizeof(cached)) == 0);
	require(memcmp(cached_tables, none, sizeof(cached_tables)) == 0);
}

static uint64_t frames_free(void)
{
	struct frame_statistics statistics;

	frame_statistics(&statistics);
	return statistics.free;
}

/* All frames there are, in a chain. */
static struct frame *take_all(void)
{
	struct frame *all = NULL;
	struct frame *frame;

	while ((frame = frame_alloc(FRAME_TAG_TEST))) {
		frame->owner[0] = (uintptr_t)all;
		all = frame;
	}
	return all;
}

static void give_all(struct frame *all)
{
	while (all) {
		struct frame *frame = all;

		all = (struct frame *)(uintptr_t)all->owner[0];
		frame_free(frame);
	}
}

void tlb_gather_model_run(const uint8_t *data, size_t size)
{
	struct tlb_gather gather;
	struct frame *all = NULL;
	uint64_t before;

	host_memory_init();
	before = frames_free();
	memset(cached, 0, sizeof(cached));
	memset(cached_tables, 0, sizeof(cached_tables));
	tlb_gather_begin(&gather, &space, true);
	for (; size >= 3; data += 3, size -= 3) {
		size_t first = (data[1] | (size_t)data[2] << 8) % PAGES;

		switch (data[0] % 8) {
		case 0:
			flush(&gather);
			break;
		case 1:
			lose_table(&gather, first % TABLES);
			break;
		case 2:
			if (data[1] == 0 && !all)
				all = take_all();
			break;
		case 3:
			for (size_t i = 0; i < 40 && first + i < PAGES; i++)
				lose_page(&gather, first + i);
			break;
		default:
			lose_page(&gather, first);
		}
	}
	tlb_gather_end(&gather);
	give_all(all);
	require(frames_free() == before);
}
