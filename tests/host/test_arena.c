/* sources: mm/arena.c lib/random.c */
/*
 * The arena by every strategy beside a model of its units; arena_check() after each step.
 */
#include "host.h"
#include <lib/bits.h>
#include <lib/random.h>
#include <mm/arena.h>
#include <stdlib.h>
#include <string.h>

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

static void walk(enum arena_strategy strategy, uint64_t seed)
{
	uint8_t owner[UNITS] = { 0 };
	struct arena_piece *held[HELD] = { 0 };
	struct random random;

	random_seed(&random, seed);
	arena_init(&arena, QUANTUM, strategy, more);
	CHECK_EQ(arena_add(&arena, BASE, UNITS * QUANTUM), 0);
	for (unsigned step = 0; step < 1500; step++) {
		size_t at = random_below(&random, HELD);
		uint64_t size = 1 + random_below(&random, 20 * QUANTUM);
		uint64_t alignment = (uint64_t)QUANTUM << random_below(&random, 5);
		bool takes = !held[at];

		if (takes)
			held[at] = arena_take(&arena, size, alignment, at);
		if (!held[at])
			continue;
		for (size_t i = 0; i < held[at]->size / QUANTUM; i++) {
			uint8_t *unit = &owner[(held[at]->base - BASE) / QUANTUM + i];

			CHECK_EQ(*unit, takes ? 0 : at + 1);
			*unit = (uint8_t)(takes ? at + 1 : 0);
		}
		if (takes) {
			CHECK_EQ(held[at]->base % alignment, 0);
			CHECK(arena_find(&arena, held[at]->base) == held[at]);
		} else {
			arena_give(&arena, held[at]);
			held[at] = NULL;
		}
		arena_check(&arena);
	}
	for (size_t i = 0; i < HELD; i++)
		if (held[i])
			arena_give(&arena, held[i]);
	arena_check(&arena);
	CHECK_EQ(arena_largest_free(&arena), UNITS * QUANTUM);
}

HOST_TEST(agrees_with_a_model)
{
	for (enum arena_strategy strategy = 0; strategy < ARENA_STRATEGIES; strategy++)
		for (uint64_t seed = 1; seed <= 10; seed++)
			walk(strategy, seed);
}
