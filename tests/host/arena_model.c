/* Programs of requests to an arena, beside a model of its units; arena_check() after each. */
#include "mm_model.h"
#include <lib/bits.h>
#include <mm/arena.h>
#include <stdbool.h>
#include <stdlib.h>

#define QUANTUM 16
#define BASE 0x1000UL
#define UNITS 512
#define HELD 64

static struct arena arena;

static struct arena_piece *more(size_t *count)
{
	static struct arena_piece records[1024];
	static size_t used;

	/* A few at a time, and round and round: an arena of before is no more. */
	*count = 4;
	used = (used + 4) % (ARRAY_SIZE(records) - 4);
	return &records[used];
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void mark(uint8_t *owner, const struct arena_piece *piece, uint8_t from, uint8_t to)
{
	require(piece->base >= BASE && piece->base + piece->size <= BASE + UNITS * QUANTUM);
	for (size_t i = 0; i < piece->size / QUANTUM; i++) {
		uint8_t *unit = &owner[(piece->base - BASE) / QUANTUM + i];

		require(*unit == from);
		*unit = to;
	}
}

/* How many units in a row are free, at most, behind a multiple of alignment. */
static uint64_t longest_row(const uint8_t *owner, uint64_t alignment)
{
	uint64_t longest = 0;

	for (size_t first = 0; first < UNITS; first++) {
		size_t last = first;

		if ((BASE + first * QUANTUM) % alignment)
			continue;
		while (last < UNITS && owner[last] == 0)
			last++;
		longest = max(longest, (uint64_t)(last - first));
	}
	return longest;
}

void arena_model_run(const uint8_t *data, size_t size)
{
	uint8_t owner[UNITS] = { 0 };
	struct arena_piece *held[HELD] = { 0 };

	if (size == 0)
		return;
	arena_init(&arena, QUANTUM, *data++ % ARENA_STRATEGIES, more);
	require(arena_add(&arena, BASE, UNITS * QUANTUM) == 0);
	for (size--; size >= 3; data += 3, size -= 3) {
		uint8_t at = data[0] % HELD;
		uint64_t wanted = 1 + (uint64_t)data[1] * 2;
		uint64_t alignment = (uint64_t)QUANTUM << data[2] % 5;

		if (held[at]) {
			mark(owner, held[at], (uint8_t)(at + 1), 0);
			arena_give(&arena, held[at]);
			held[at] = NULL;
		} else {
			uint64_t row = longest_row(owner, alignment);

			held[at] = arena_take(&arena, wanted, alignment, at);
			/* It is refused exactly when nothing fits. */
			require(!held[at] == (row * QUANTUM < align_up(wanted, QUANTUM)));
			if (held[at]) {
				require(held[at]->base % alignment == 0 && held[at]->note == at);
				require(held[at]->size == align_up(wanted, QUANTUM));
				mark(owner, held[at], 0, (uint8_t)(at + 1));
				require(arena_find(&arena, held[at]->base) == held[at]);
			}
		}
		arena_check(&arena);
	}
	for (size_t i = 0; i < HELD; i++)
		if (held[i])
			arena_give(&arena, held[i]);
	arena_check(&arena);
	require(arena_largest_free(&arena) == UNITS * QUANTUM);
}
