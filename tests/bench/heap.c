/*
 * The price of heap and slabs.
 */
#include <boot/bench.h>
#include <lib/bits.h>
#include <lib/panic.h>
#include <lib/random.h>
#include <mm/heap.h>
#include <mm/kspace.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>

BENCH(mm, heap_alloc_free_64)
{
	BENCH_LOOP
		heap_free(heap_alloc(64));
}

BENCH(mm, heap_alloc_free_1000)
{
	BENCH_LOOP
		heap_free(heap_alloc(1000));
}

BENCH_RECORD(mm, heap_alloc_free_100000, 1000, BENCH_KIND_SINGLE)
{
	BENCH_LOOP
		heap_free(heap_alloc(100000));
}

BENCH(mm, heap_realloc_in_place)
{
	void *block = heap_alloc(100);
	size_t size = 100;

	BENCH_LOOP {
		size ^= 4;
		block = heap_realloc(block, size);
	}
	heap_free(block);
}

/*
 * With so many blocks of 64 bytes alive: each turn frees one at random and allocates another. The
 * run that warms up makes the blocks; they stay for the next of these.
 */
#define MOST 1000000

static void **blocks;
static size_t alive;

static void have_alive(size_t count)
{
	if (!blocks)
		BUG_ON(!(blocks = kspace_alloc(MOST * sizeof(*blocks), PAGE_READ | PAGE_WRITE,
					       FRAME_TAG_TEST)));
	while (alive < count)
		BUG_ON(!(blocks[alive++] = heap_alloc(64)));
	while (alive > count)
		heap_free(blocks[--alive]);
}
static void among(uint64_t operations, size_t count)
{
	struct random random;

	have_alive(count);
	random_seed(&random, operations);
	BENCH_LOOP {
		size_t at = random_below(&random, count);

		heap_free(blocks[at]);
		blocks[at] = heap_alloc(64);
	}
}

BENCH(mm, heap_replace_among_1000)
{
	among(operations, 1000);
}

BENCH(mm, heap_replace_among_10000)
{
	among(operations, 10000);
}

BENCH(mm, heap_replace_among_100000)
{
	among(operations, 100000);
}

BENCH(mm, heap_replace_among_1000000)
{
	among(operations, 1000000);
}

/* All CPUs' blocks go through one exchange: what one allocates another frees. */
static uint64_t exchanged[64]; /* atomic: blocks */

BENCH_PARALLEL(mm, heap_freed_by_another_cpu, 2000)
{
	unsigned at = cpu_current();

	BENCH_LOOP {
		at = (at + 1) % ARRAY_SIZE(exchanged);
		/* Acquire and release, pairs with itself. */
		heap_free((void *)(uintptr_t)atomic_exchange_acq_rel(
			&exchanged[at], (uintptr_t)heap_alloc(64)));
	}
}
