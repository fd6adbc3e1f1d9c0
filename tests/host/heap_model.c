/* Programs of requests to the heap, beside what each block must hold. */
#include "memory.h"
#include "mm_model.h"
#include <lib/bits.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/slab.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HELD 64

struct held {
	uint8_t *block;
	size_t size;
};

static struct held held[HELD];

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t pattern(size_t slot, size_t at)
{
	return (uint8_t)(slot * 31 + at * 7 + (at >> 8));
}

static void fill(size_t slot)
{
	for (size_t i = 0; i < held[slot].size; i++)
		held[slot].block[i] = pattern(slot, i);
}

static void check(size_t slot, size_t size)
{
	for (size_t i = 0; i < size; i++)
		require(held[slot].block[i] == pattern(slot, i));
}

/* Mostly small, some of several pages. */
static size_t size_from(uint8_t low, uint8_t high)
{
	size_t size = low | (size_t)(high & 3) << 8;

	return high > 0xf0 ? size * 29 : size * (high & 4 ? 5 : 1);
}

static void take(size_t slot, uint8_t how, size_t size)
{
	size_t alignment = (size_t)1 << (how >> 2 & 15);
	uint8_t *block = NULL;

	switch (how & 3) {
	case 0:
		block = heap_alloc(size);
		alignment = size && size % 16 == 0 ? 16 : 8;
		break;
	case 1:
		block = heap_zalloc(size);
		alignment = 8;
		for (size_t i = 0; block && i < size; i++)
			require(block[i] == 0);
		break;
	case 2:
		block = heap_alloc_aligned(size, alignment);
		break;
	default:
		block = heap_alloc_array(size / 3, 3);
		size = size / 3 * 3;
		alignment = 8;
	}
	if (!block)
		return;
	require((uintptr_t)block % alignment == 0 && heap_usable_size(block) >= size);
	held[slot] = (struct held){ block, size };
	fill(slot);
}

static void resize(size_t slot, size_t size)
{
	size_t old = held[slot].size;
	uint8_t *block = heap_realloc(held[slot].block, size);

	if (!block) {
		check(slot, old);
		return;
	}
	held[slot] = (struct held){ block, size };
	check(slot, min(old, size));
	fill(slot);
}

static void give(size_t slot)
{
	check(slot, held[slot].size);
	heap_free(held[slot].block);
	held[slot] = (struct held){ 0 };
}

/* More of a class than magazines, quarantine and depot hold. */
#define CHURN 800

static uint64_t slabs_of(const void *block)
{
	struct slab_statistics statistics;

	slab_statistics(slab_of(block)->cache, &statistics);
	return statistics.slabs;
}

/* Many are freed; half of them again leave holes, which the next ones fill. */
static void churn(size_t size)
{
	static void *blocks[CHURN];
	uint64_t slabs;

	for (size_t i = 0; i < CHURN; i++)
		require((blocks[i] = heap_alloc(size)));
	for (size_t i = 0; i < CHURN; i++)
		heap_free(blocks[i]);
	for (size_t i = 0; i < CHURN; i++)
		require((blocks[i] = heap_alloc(size)));
	slab_flush();
	slabs = slabs_of(blocks[0]);
	for (size_t i = 0; i < CHURN; i += 2)
		heap_free(blocks[i]);
	slab_flush();
	for (size_t i = 0; i < CHURN; i += 2)
		require((blocks[i] = heap_alloc(size)));
	require(slabs_of(blocks[0]) <= slabs);
	for (size_t i = 0; i < CHURN; i++)
		heap_free(blocks[i]);
}

static uint64_t frames_free(void)
{
	struct frame_statistics statistics;

	slab_flush();
	frame_statistics(&statistics);
	return statistics.free;
}

void heap_model_run(const uint8_t *data, size_t size)
{
	static bool initialised;
	uint64_t before;

	host_memory_init();
	if (!initialised) {
		slab_init();
		require(heap_init() == 0);
		initialised = true;
	}
	before = frames_free();
	for (; size >= 4; data += 4, size -= 4) {
		size_t slot = data[0] % HELD;

		if (!held[slot].block)
			take(slot, data[1], size_from(data[2], data[3]));
		else if (data[1] & 1)
			resize(slot, size_from(data[2], data[3]));
		else
			give(slot);
		if (data[0] == 0xff)
			slab_reclaim();
		else if (data[0] == 0xfe)
			churn(data[2]);
	}
	for (size_t slot = 0; slot < HELD; slot++)
		if (held[slot].block)
			give(slot);
	require(frames_free() == before);
}
