/*
 * The arena, beside a model of bytes, by each strategy.
 */
#include <boot/test.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <mm/arena.h>

#define QUANTUM 16
#define BASE 0x1000UL
#define UNITS 512
#define HELD 64
#define RECORDS 400

static struct arena arena;
static struct arena_piece records[RECORDS];
static bool records_given;

static struct arena_piece *more(size_t *count)
{
	if (records_given)
		return NULL;
	records_given = true;
	*count = RECORDS;
	return records;
}

static void begin(enum arena_strategy strategy)
{
	records_given = false;
	memset(records, 0, sizeof(records));
	arena_init(&arena, QUANTUM, strategy, more);
	EXPECT_EQ(arena_add(&arena, BASE, UNITS * QUANTUM), 0);
}

/* Free memory is { 4 units } { 2 } { 8 }, by rising address, between taken ones. */
static void make_holes(enum arena_strategy strategy)
{
	static const unsigned sizes[] = { 4, 1, 2, 1, 8, 1 };
	struct arena_piece *pieces[6];

	begin(strategy);
	for (unsigned i = 0; i < 6; i++)
		pieces[i] = arena_take(&arena, sizes[i] * QUANTUM, QUANTUM, i);
	EXPECT(arena_take(&arena, (UNITS - 17) * QUANTUM, QUANTUM, 0) != NULL);
	for (unsigned i = 0; i < 6; i += 2)
		arena_give(&arena, pieces[i]);
	arena_check(&arena);
}

/* Where a piece of two units goes says which strategy it is. */
TEST(arena, strategies_choose_as_they_say)
{
	static const uint64_t expected[ARENA_STRATEGIES] = {
		[ARENA_FIRST_FIT] = 0,
		[ARENA_BEST_FIT] = 5,
		[ARENA_WORST_FIT] = 8,
	};

	for (enum arena_strategy strategy = 0; strategy < ARENA_STRATEGIES; strategy++) {
		struct arena_piece *piece;

		EXPECT(arena_strategy_name(strategy) != NULL);
		if (strategy == ARENA_INSTANT_FIT || strategy == ARENA_NEXT_FIT)
			continue;
		make_holes(strategy);
		EXPECT_EQ(arena_largest_free(&arena), 8 * QUANTUM);
		piece = arena_take(&arena, 2 * QUANTUM, QUANTUM, 0);
		ASSERT_TRUE(piece);
		EXPECT_EQ((piece->base - BASE) / QUANTUM, expected[strategy]);
	}
	make_holes(ARENA_NEXT_FIT);
	/* Behind the last one taken there is nothing, so it begins again; then it goes on. */
	EXPECT_EQ(arena_take(&arena, QUANTUM, QUANTUM, 0)->base, BASE);
	EXPECT_EQ(arena_take(&arena, 4 * QUANTUM, QUANTUM, 0)->base, BASE + 8 * QUANTUM);
}

TEST(arena, odd_requests)
{
	begin(ARENA_INSTANT_FIT);
	EXPECT(arena_take(&arena, 0, QUANTUM, 0) == NULL);
	EXPECT(arena_take(&arena, (UNITS + 1) * QUANTUM, QUANTUM, 0) == NULL);
	EXPECT_EQ(arena_add(&arena, BASE + QUANTUM, QUANTUM), -EEXIST);
	EXPECT_EQ(arena_add(&arena, BASE + UNITS * QUANTUM, UNITS * QUANTUM), 0);
	/* They merged. */
	EXPECT_EQ(arena_largest_free(&arena), 2 * UNITS * QUANTUM);
	EXPECT_EQ(arena_take(&arena, 1, 4096, 7)->base % 4096, 0);
	EXPECT_EQ(arena_find(&arena, BASE)->note, 7);
	EXPECT(arena_find(&arena, BASE + QUANTUM) == NULL);
	arena_check(&arena);
}

/* Records run out: the request fails, and nothing has changed. */
TEST(arena, no_record_no_piece)
{
	uint64_t free;

	begin(ARENA_INSTANT_FIT);
	while (arena_take(&arena, QUANTUM, QUANTUM, 0))
		;
	free = arena.free;
	EXPECT_NE(free, 0);
	EXPECT(arena_take(&arena, QUANTUM, QUANTUM, 0) == NULL);
	EXPECT_EQ(arena.free, free);
	arena_check(&arena);
}

TEST(arena, random_walk_beside_a_model)
{
	static uint8_t owner[UNITS];
	struct arena_piece *held[HELD];

	for (enum arena_strategy strategy = 0; strategy < ARENA_STRATEGIES; strategy++) {
		memset(owner, 0, sizeof(owner));
		memset(held, 0, sizeof(held));
		begin(strategy);
		for (unsigned step = 0; step < 3000; step++) {
			size_t at = random_below(test_random(), HELD);
			uint64_t size = 1 + random_below(test_random(), 20 * QUANTUM);
			uint64_t alignment = QUANTUM << random_below(test_random(), 4);
			size_t first;
			size_t units;

			if (!held[at])
				held[at] = arena_take(&arena, size, alignment, at);
			else
				size = 0;
			if (!held[at])
				continue;
			first = (held[at]->base - BASE) / QUANTUM;
			units = held[at]->size / QUANTUM;
			for (size_t i = first; i < first + units; i++) {
				ASSERT_EQ(owner[i], size ? 0 : at + 1);
				owner[i] = (uint8_t)(size ? at + 1 : 0);
			}
			if (size) {
				ASSERT_EQ(held[at]->base % alignment, 0);
				ASSERT_EQ(held[at]->size, align_up(size, QUANTUM));
				ASSERT_TRUE(arena_find(&arena, held[at]->base) == held[at]);
			} else {
				arena_give(&arena, held[at]);
				held[at] = NULL;
			}
			if (step % 64 == 0)
				arena_check(&arena);
		}
		for (size_t i = 0; i < HELD; i++)
			if (held[i])
				arena_give(&arena, held[i]);
		arena_check(&arena);
		EXPECT_EQ(arena_largest_free(&arena), UNITS * QUANTUM);
	}
}
