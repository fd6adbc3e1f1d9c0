/* sources: tests/host/memory.c mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c */
/* sources: mm/buddy.c mm/memory_map.c mm/tlb_gather.c mm/tlb_shadow.c */
/*
 * The gather: everything is invalidated before anything is released, with one request, and all is
 * released once, also when there is no memory to note it in.
 */
#include "host.h"
#include "memory.h"
#include <arch/mmu.h>
#include <mm/frame.h>
#include <mm/space.h>
#include <mm/tlb.h>

#define PAGES 700
#define BASE 0x40000000UL

static struct frame *frames[PAGES];
static struct space space;
static uint64_t free_at_request; /* frames that were free when it came */
static uint64_t requests;
static uintptr_t first;
static uintptr_t last;
static bool with_tables;

static uint64_t frames_free(void)
{
	struct frame_statistics statistics;

	frame_statistics(&statistics);
	return statistics.free;
}

/* In place of tests/host/memory.c's. */
void tlb_invalidate(struct space *of, uintptr_t address, size_t size, unsigned level, bool tables)
{
	(void)of, (void)level;
	requests++;
	first = address;
	last = size == TLB_EVERYTHING ? UINTPTR_MAX : address + size - 1;
	with_tables = tables;
	free_at_request = frames_free();
}

static void gather_all(struct tlb_gather *gather)
{
	requests = 0;
	tlb_gather_begin(gather, &space, true);
	for (size_t i = 0; i < PAGES; i++)
		tlb_gather_leaf(gather, BASE + i * PAGE_SIZE,
				pte_make_leaf(frame_to_phys(frames[i]), 0, PAGE_READ), 0, true);
}

HOST_TEST(one_request_then_release)
{
	struct tlb_gather gather;
	uint64_t before;
	uint64_t table;

	host_memory_init();
	before = frames_free();
	REQUIRE(frame_alloc_batch(frames, PAGES, FRAME_TAG_TEST) == PAGES);
	table = host_table();
	gather_all(&gather);
	tlb_gather_table(&gather, table, BASE, BASE + PAGE_LEVEL_SIZE(1) - 1);
	CHECK_EQ(requests, 0);
	tlb_gather_end(&gather);
	CHECK_EQ(requests, 1);
	CHECK_EQ(first, BASE);
	CHECK_EQ(last, BASE + PAGES * PAGE_SIZE - 1);
	CHECK(with_tables);
	/* Nothing that was gathered was free yet: only what was before, less the notes' frames. */
	CHECK(free_at_request <= before - PAGES - 1);
	CHECK_EQ(frames_free(), before);
}

HOST_TEST(nothing_gathered_nothing_asked)
{
	struct tlb_gather gather;

	host_memory_init();
	requests = 0;
	tlb_gather_begin(&gather, &space, true);
	tlb_gather_end(&gather);
	CHECK_EQ(requests, 0);
}

HOST_TEST(frame_that_others_have_stays)
{
	struct tlb_gather gather;
	struct frame *frame;

	host_memory_init();
	frame = frame_alloc(FRAME_TAG_TEST);
	REQUIRE(frame);
	frame_get(frame);
	tlb_gather_begin(&gather, &space, true);
	tlb_gather_leaf(&gather, BASE, pte_make_leaf(frame_to_phys(frame), 0, PAGE_READ), 0, true);
	tlb_gather_end(&gather);
	CHECK_EQ(frame_references(frame), 1);
	frame_free(frame);
}

/* A table that was empty before is in no leaf's range: everything goes. */
HOST_TEST(empty_table_alone)
{
	struct tlb_gather gather;

	host_memory_init();
	requests = 0;
	tlb_gather_begin(&gather, &space, false);
	tlb_gather_table(&gather, host_table(), BASE, BASE + PAGE_LEVEL_SIZE(1) - 1);
	tlb_gather_end(&gather);
	CHECK_EQ(requests, 1);
	CHECK_EQ(last, UINTPTR_MAX);
	CHECK(with_tables);
}

HOST_TEST(no_memory_for_notes)
{
	struct tlb_gather gather;
	struct frame *all = NULL;
	struct frame *frame;
	uint64_t before;

	host_memory_init();
	before = frames_free();
	REQUIRE(frame_alloc_batch(frames, PAGES, FRAME_TAG_TEST) == PAGES);
	while ((frame = frame_alloc(FRAME_TAG_TEST))) {
		frame->owner[0] = (uintptr_t)all;
		all = frame;
	}
	gather_all(&gather);
	tlb_gather_end(&gather);
	/* It went in rounds, and each was invalidated. */
	CHECK(requests > 1);
	CHECK_EQ(frames_free(), PAGES);
	while (all) {
		frame = all;
		all = (struct frame *)(uintptr_t)all->owner[0];
		frame_free(frame);
	}
	CHECK_EQ(frames_free(), before);
}
