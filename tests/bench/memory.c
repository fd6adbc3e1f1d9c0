/*
 * The price of frames, page tables, kernel space and shoot-downs.
 */
#include <arch/mmu.h>
#include <boot/bench.h>
#include <lib/bits.h>
#include <lib/panic.h>
#include <mm/arena.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/once.h>

#define TAG FRAME_TAG_TEST
#define RW (PAGE_READ | PAGE_WRITE)
#define BASE 0x40000000UL
#define MANY 512

static struct frame *frames[MANY];
static struct space space;
static struct space other;

BENCH(mm, frame_alloc_free)
{
	BENCH_LOOP
		frame_free(frame_alloc(TAG));
}

BENCH(mm, frame_alloc_free_batch_of_32)
{
	BENCH_LOOP {
		frame_alloc_batch(frames, 32, TAG);
		frame_free_batch(frames, 32);
	}
}

/* Deeper than the cache: each goes to the buddy allocator and back, a batch at a time. */
BENCH_RECORD(mm, frame_alloc_free_512, 200, BENCH_KIND_SINGLE)
{
	BENCH_LOOP {
		frame_alloc_batch(frames, MANY, TAG);
		frame_free_batch(frames, MANY);
	}
}

BENCH_RECORD(mm, frame_alloc_free_zeroed, 1000, BENCH_KIND_SINGLE)
{
	BENCH_LOOP
		frame_free(frame_alloc_zeroed(TAG));
}

BENCH(mm, frame_alloc_free_2_mib)
{
	BENCH_LOOP
		frame_free_order(frame_alloc_order(9, UINT64_MAX, TAG), 9);
}

/* One address space, in which nothing is loaded by others: map, and unmap with its invalidation. */
static void map_unmap(uint64_t operations, size_t pages)
{
	struct frame *block = frame_alloc_order(9, UINT64_MAX, TAG);

	BUG_ON(!block || space_create(&space, "bench") != 0);
	/* So that the tables stay. */
	BUG_ON(space_map(&space, BASE - PAGE_SIZE, 0, PAGE_SIZE, RW) != 0);
	BUG_ON(space_map(&space, BASE + MANY * PAGE_SIZE, 0, PAGE_SIZE, RW) != 0);
	BUG_ON(space_map(&space, BASE + (MANY - 1) * PAGE_SIZE, 0, PAGE_SIZE, RW) != 0);
	space_switch(&space);
	BENCH_LOOP {
		space_map(&space, BASE, frame_to_phys(block), pages * PAGE_SIZE, RW);
		space_unmap(&space, BASE, pages * PAGE_SIZE, false);
	}
	space_switch(NULL);
	space_destroy(&space);
	frame_free_order(block, 9);
}

BENCH(mm, space_map_unmap_1_page)
{
	map_unmap(operations, 1);
}

BENCH_RECORD(mm, space_map_unmap_16_pages, 1000, BENCH_KIND_SINGLE)
{
	map_unmap(operations, 16);
}

BENCH_RECORD(mm, space_map_unmap_511_pages, 100, BENCH_KIND_SINGLE)
{
	map_unmap(operations, 511);
}

/* Rights taken and given: the first needs an invalidation, the second none. */
static void protect(uint64_t operations, size_t pages)
{
	struct frame *block = frame_alloc_order(9, UINT64_MAX, TAG);

	BUG_ON(!block || space_create(&space, "bench") != 0);
	/* Not aligned to a large page. */
	BUG_ON(space_map(&space, BASE + PAGE_SIZE, frame_to_phys(block), 511 * PAGE_SIZE, RW) != 0);
	space_switch(&space);
	BENCH_LOOP {
		space_protect(&space, BASE + PAGE_SIZE, pages * PAGE_SIZE, PAGE_READ);
		space_protect(&space, BASE + PAGE_SIZE, pages * PAGE_SIZE, RW);
	}
	space_switch(NULL);
	space_unmap(&space, BASE, MANY * PAGE_SIZE, false);
	space_destroy(&space);
	frame_free_order(block, 9);
}

BENCH(mm, space_protect_twice_1_page)
{
	protect(operations, 1);
}

BENCH_RECORD(mm, space_protect_twice_16_pages, 1000, BENCH_KIND_SINGLE)
{
	protect(operations, 16);
}

BENCH_RECORD(mm, space_protect_twice_511_pages, 100, BENCH_KIND_SINGLE)
{
	protect(operations, 511);
}

BENCH(mm, space_switch_between_two)
{
	BUG_ON(space_create(&space, "bench") != 0 || space_create(&other, "other") != 0);
	BENCH_LOOP {
		space_switch(&space);
		space_switch(&other);
	}
	space_switch(NULL);
	space_destroy(&space);
	space_destroy(&other);
}

BENCH(mm, space_lend_and_use_again)
{
	BUG_ON(space_create(&space, "bench") != 0);
	space_switch(&space);
	BENCH_LOOP {
		space_lend();
		space_switch(&space);
	}
	space_switch(NULL);
	space_destroy(&space);
}

/* The flush of many pieces at once is in the price. */
static void map_frames(uint64_t operations, size_t pages)
{
	BUG_ON(frame_alloc_batch(frames, pages, TAG) != pages);
	BENCH_LOOP
		kspace_unmap(kspace_map_frames(frames, pages, RW));
	kspace_flush();
	frame_free_batch(frames, pages);
}

BENCH(mm, kspace_map_unmap_1_page)
{
	map_frames(operations, 1);
}

BENCH_RECORD(mm, kspace_map_unmap_16_pages, 1000, BENCH_KIND_SINGLE)
{
	map_frames(operations, 16);
}

BENCH_RECORD(mm, kspace_map_unmap_512_pages, 50, BENCH_KIND_SINGLE)
{
	map_frames(operations, MANY);
}

BENCH(mm, kspace_map_flush_1_page)
{
	BUG_ON(frame_alloc_batch(frames, 1, TAG) != 1);
	BENCH_LOOP {
		kspace_unmap(kspace_map_frames(frames, 1, RW));
		kspace_flush();
	}
	frame_free_batch(frames, 1);
}

BENCH_RECORD(mm, kspace_alloc_free_stack, 1000, BENCH_KIND_SINGLE)
{
	BENCH_LOOP
		kspace_free_stack(kspace_alloc_stack());
	kspace_flush();
}

/*
 * Shoot-downs against CPUs: all that take part have the space loaded, and each tells all the others,
 * while it serves what they tell it.
 */
static struct space shared;
static struct once shared_made = ONCE_INITIALISER("shared space of benchmarks");

static void make_shared(void *argument)
{
	(void)argument;
	BUG_ON(space_create(&shared, "shared") != 0);
}

static void shoot(uint64_t operations, size_t pages)
{
	once_run(&shared_made, make_shared, NULL);
	space_switch(&shared);
	BENCH_LOOP
		tlb_invalidate(&shared, BASE, pages * PAGE_SIZE, 0, false);
	space_switch(NULL);
}

BENCH_PARALLEL(mm, shoot_down_1_page, 200)
{
	shoot(operations, 1);
}

BENCH_PARALLEL(mm, shoot_down_512_pages, 200)
{
	shoot(operations, MANY);
}

/* The same by the firmware where it can: RISC-V's choice (mm/tlb.c). */
BENCH_PARALLEL(mm, shoot_down_1_page_by_firmware, 200)
{
	tlb_use_firmware(true);
	shoot(operations, 1);
	tlb_use_firmware(false);
}

/* All CPUs' frames go through one exchange: what one allocates another frees. */
static uint64_t exchanged[64]; /* atomic: struct frame * */

BENCH_PARALLEL(mm, frame_freed_by_another_cpu, 2000)
{
	unsigned at = cpu_current();

	BENCH_LOOP {
		struct frame *frame = frame_alloc(TAG);

		at = (at + 1) % ARRAY_SIZE(exchanged);
		/* Acquire and release, pairs with itself in tests/bench/memory.c. */
		frame = (struct frame *)(uintptr_t)atomic_exchange_acq_rel(&exchanged[at],
									   (uintptr_t)frame);
		if (frame)
			frame_free(frame);
	}
}

/* ---- The arena, by strategy and by how many pieces are live ---- */

#define PIECES_MAX 10000

static struct arena arena;
static struct arena_piece *pieces[PIECES_MAX];

static struct arena_piece *more_records(size_t *count)
{
	struct frame *frame = frame_alloc(TAG);

	*count = PAGE_SIZE / sizeof(struct arena_piece);
	return frame ? frame_to_virt(frame) : NULL;
}

/* Every second piece is free, of sizes that go round; then one is taken and given. */
static void take_give(uint64_t operations, enum arena_strategy strategy, unsigned live)
{
	arena_init(&arena, PAGE_SIZE, strategy, more_records);
	BUG_ON(arena_add(&arena, 0, 1UL << 40) != 0);
	for (unsigned i = 0; i < live; i++)
		pieces[i] = arena_take(&arena, (1 + i % 7) * PAGE_SIZE, PAGE_SIZE, 0);
	for (unsigned i = 0; i < live; i += 2)
		arena_give(&arena, pieces[i]);
	BENCH_LOOP
		arena_give(&arena, arena_take(&arena, 4 * PAGE_SIZE, PAGE_SIZE, 0));
	/* The records' frames are kept: an arena is for good. */
}

/* So many operations that making the pieces does not count, where they do not scan. */
#define ARENA_BENCH(name, strategy, many)                                                                \
	BENCH_RECORD(mm, arena_##name##_100, 10000, BENCH_KIND_SINGLE)                               \
	{                                                                                          \
		take_give(operations, strategy, 100);                                              \
	}                                                                                          \
	BENCH_RECORD(mm, arena_##name##_10000, many, BENCH_KIND_SINGLE)                             \
	{                                                                                          \
		take_give(operations, strategy, PIECES_MAX);                                       \
	}

ARENA_BENCH(instant_fit, ARENA_INSTANT_FIT, 100000)
ARENA_BENCH(first_fit, ARENA_FIRST_FIT, 1000)
ARENA_BENCH(best_fit, ARENA_BEST_FIT, 1000)
ARENA_BENCH(worst_fit, ARENA_WORST_FIT, 1000)
ARENA_BENCH(next_fit, ARENA_NEXT_FIT, 100000)
