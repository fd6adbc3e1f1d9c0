#include "memory.h"
#include "mm_model.h"
#include <mm/frame.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HELD 64
#define FRAMES (HOST_MEMORY_END / PAGE_SIZE)

struct held {
	struct frame *frame;
	size_t count;
	bool is_run; /* else a block, of this order */
	unsigned order;
};

static struct held held[HELD];
static uint8_t owner[FRAMES]; /* slot + 1 of who has it */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void mark(size_t slot, uint8_t from, uint8_t to)
{
	uint64_t first = frame_to_phys(held[slot].frame) / PAGE_SIZE;

	for (size_t i = 0; i < held[slot].count; i++) {
		require(first + i < FRAMES && owner[first + i] == from);
		require(frame_exists((first + i) * PAGE_SIZE));
		owner[first + i] = to;
	}
}

static void take(size_t slot, uint8_t kind, uint8_t size, uint8_t limit)
{
	uint64_t highest = limit & 1 ? UINT64_MAX : HOST_MEMORY_FIRST + (uint64_t)limit * 0x20000;
	struct held *new = &held[slot];

	*new = (struct held){ .is_run = kind & 1 };
	if (new->is_run) {
		uint64_t alignment = PAGE_SIZE << (kind >> 1 & 7);

		new->count = 1 + size % 100;
		new->frame = frame_alloc_run(new->count, alignment, highest, FRAME_TAG_TEST);
		require(!new->frame || frame_to_phys(new->frame) % alignment == 0);
	} else {
		new->order = size % 11;
		new->count = (size_t)1 << new->order;
		new->frame = new->order == 0 && (limit & 1)
				     ? frame_alloc(FRAME_TAG_TEST)
				     : frame_alloc_order(new->order, highest, FRAME_TAG_TEST);
		require(!new->frame || frame_to_phys(new->frame) % (PAGE_SIZE << new->order) == 0);
	}
	if (!new->frame)
		return;
	require(frame_to_phys(new->frame) + new->count *PAGE_SIZE <= highest);
	mark(slot, 0, (uint8_t)(slot + 1));
}

static void give(size_t slot, uint8_t how)
{
	struct held *old = &held[slot];

	mark(slot, (uint8_t)(slot + 1), 0);
	if (old->is_run)
		frame_free_run(old->frame, old->count);
	else if (old->order == 0 && (how & 1))
		frame_free(old->frame);
	else if (how & 2)
		require(frame_put(old->frame));
	else
		frame_free_order(old->frame, old->order);
	old->frame = NULL;
}

void frame_model_run(const uint8_t *data, size_t size)
{
	struct frame_statistics before;
	struct frame_statistics after;

	host_memory_init();
	frame_reclaim_caches();
	frame_statistics(&before);
	memset(held, 0, sizeof(held));
	memset(owner, 0, sizeof(owner));
	for (; size >= 4; data += 4, size -= 4) {
		size_t slot = data[0] % HELD;

		if (held[slot].frame)
			give(slot, data[1]);
		else
			take(slot, data[1], data[2], data[3]);
	}
	for (size_t slot = 0; slot < HELD; slot++)
		if (held[slot].frame)
			give(slot, 0);
	frame_reclaim_caches();
	frame_statistics(&after);
	require(after.free == before.free);
	/* All of it merged again. */
	require(memcmp(after.free_blocks, before.free_blocks, sizeof(after.free_blocks)) == 0);
}
