/*
 * Frames: every function, a random walk beside a model, storms on all CPUs with frees from other
 * CPUs, exhaustion, and each misuse as a death test.
 */
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <lib/bits.h>
#include <mm/frame.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/spinlock.h>
#include <tests/kernel/storm.h>

#define TAG FRAME_TAG_TEST
#define ANYWHERE UINT64_MAX

/* Free frames, with every cache empty: to compare before and after. */
static struct frame_statistics settled(void)
{
	struct frame_statistics statistics;

	frame_reclaim_caches();
	frame_statistics(&statistics);
	return statistics;
}

/* Nothing lost, nothing gained, and everything merged again. */
static void expect_balance(const struct frame_statistics *before)
{
	struct frame_statistics after = settled();

	EXPECT_EQ(after.free, before->free);
	for (unsigned tag = 0; tag < FRAME_TAGS; tag++)
		EXPECT_EQ(after.by_tag[tag], before->by_tag[tag]);
	for (unsigned order = 0; order < FRAME_ORDERS; order++)
		if (after.free_blocks[order] != before->free_blocks[order])
			test_fail(__FILE__, __LINE__, "%llu free blocks of order %u, not %llu",
				  (unsigned long long)after.free_blocks[order], order,
				  (unsigned long long)before->free_blocks[order]);
}

TEST(frame, books_agree)
{
	struct frame_statistics statistics = settled();
	uint64_t in_blocks = 0;
	uint64_t allocated = 0;

	for (unsigned order = 0; order < FRAME_ORDERS; order++)
		in_blocks += statistics.free_blocks[order] << order;
	for (unsigned tag = 0; tag < FRAME_TAGS; tag++)
		allocated += statistics.by_tag[tag];
	EXPECT_EQ(statistics.cached, 0);
	EXPECT_EQ(in_blocks, statistics.free);
	EXPECT_EQ(allocated + statistics.free, statistics.total);
	EXPECT_NE(statistics.by_tag[FRAME_TAG_IMAGE], 0);
	for (unsigned tag = 0; tag < FRAME_TAGS; tag++)
		EXPECT(frame_tag_name(tag) != NULL);
}

TEST(frame, single_frames)
{
	struct frame_statistics before = settled();
	struct frame *first = frame_alloc(TAG);
	struct frame *second = frame_alloc_zeroed(TAG);
	struct frame_statistics now;

	ASSERT_TRUE(first && second && first != second);
	EXPECT_EQ(frame_of(frame_to_phys(first) + 123), first);
	EXPECT_EQ(direct_map_to_phys(frame_to_virt(first)), frame_to_phys(first));
	EXPECT(frame_exists(frame_to_phys(first)));
	EXPECT_EQ(first->state, FRAME_ALLOCATED);
	EXPECT_EQ(first->tag, TAG);
	for (size_t i = 0; i < PAGE_SIZE / sizeof(uint64_t); i++)
		ASSERT_EQ(((uint64_t *)frame_to_virt(second))[i], 0);
	frame_statistics(&now);
	EXPECT_EQ(now.by_tag[TAG] - before.by_tag[TAG], 2);
	EXPECT_EQ(before.free - now.free, 2);
	EXPECT_GE(now.refills, before.refills);
	memset(frame_to_virt(second), 0xa5, PAGE_SIZE);
	frame_free(second);
	/* The cache hands out what was freed last, and zeroes it again. */
	second = frame_alloc_zeroed(TAG);
	ASSERT_TRUE(second);
	for (size_t i = 0; i < PAGE_SIZE / sizeof(uint64_t); i++)
		ASSERT_EQ(((uint64_t *)frame_to_virt(second))[i], 0);
	frame_free(first);
	frame_free(second);
	expect_balance(&before);
}

TEST(frame, references)
{
	struct frame_statistics before = settled();
	struct frame *frame = frame_alloc(TAG);
	struct frame *block = frame_alloc_order(3, ANYWHERE, TAG);

	ASSERT_TRUE(frame && block);
	EXPECT_EQ(frame_references(frame), 1);
	frame_get(frame);
	frame_get(frame);
	EXPECT_EQ(frame_references(frame), 3);
	EXPECT(!frame_put(frame));
	EXPECT(!frame_put(frame));
	EXPECT_EQ(frame_references(frame), 1);
	EXPECT(frame_put(frame));
	frame_get(block);
	EXPECT(!frame_put(block));
	EXPECT(frame_put(block));
	expect_balance(&before);
}

TEST(frame, blocks_of_every_order)
{
	struct frame_statistics before = settled();

	for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
		struct frame *frame = frame_alloc_order(order, ANYWHERE, TAG);
		bool expected = false;

		for (unsigned i = order; i < FRAME_ORDERS; i++)
			expected |= before.free_blocks[i] != 0;
		EXPECT_EQ(frame != NULL, expected);
		if (!frame)
			continue;
		EXPECT(is_aligned(frame_to_phys(frame), PAGE_SIZE << order));
		EXPECT_EQ(frame->order, order);
		frame_free_order(frame, order);
	}
	EXPECT(frame_alloc_order(FRAME_ORDER_MAX + 1, ANYWHERE, TAG) == NULL);
	expect_balance(&before);
}

TEST(frame, below_a_limit)
{
	struct frame_statistics before = settled();
	struct frame *any = frame_alloc_order(0, ANYWHERE, TAG);
	uint64_t limit;

	ASSERT_TRUE(any);
	limit = frame_to_phys(any);
	for (unsigned order = 0; order <= 4; order++) {
		struct frame *frame = frame_alloc_order(order, limit, TAG);

		if (frame) {
			EXPECT_LE(frame_to_phys(frame) + (PAGE_SIZE << order), limit);
			frame_free_order(frame, order);
		}
		frame = frame_alloc_order(order, 1UL << 32, TAG);
		if (frame) {
			EXPECT_LE(frame_to_phys(frame) + (PAGE_SIZE << order), 1UL << 32);
			frame_free_order(frame, order);
		}
	}
	EXPECT(frame_alloc_order(0, PAGE_SIZE, TAG) == NULL);
	frame_free_order(any, 0);
	expect_balance(&before);
}

TEST(frame, runs)
{
	static const struct {
		size_t count;
		uint64_t alignment;
	} cases[] = { { 1, PAGE_SIZE },       { 2, PAGE_SIZE },     { 3, PAGE_SIZE },
		      { 5, 16 * PAGE_SIZE },  { 7, 2 * PAGE_SIZE }, { 31, PAGE_SIZE },
		      { 33, 64 * PAGE_SIZE }, { 100, PAGE_SIZE },   { 1, 512 * PAGE_SIZE } };
	struct frame_statistics before = settled();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame *run = frame_alloc_run(cases[i].count, cases[i].alignment, ANYWHERE,
						    TAG);
		struct frame_statistics now;

		ASSERT_TRUE(run);
		EXPECT(is_aligned(frame_to_phys(run), cases[i].alignment));
		memset(frame_to_virt(run), 0x5a, cases[i].count * PAGE_SIZE);
		/* No more than was asked for is gone. */
		frame_statistics(&now);
		EXPECT_EQ(before.free - now.free, cases[i].count);
		frame_free_run(run, cases[i].count);
	}
	EXPECT(frame_alloc_run((1UL << FRAME_ORDER_MAX) + 1, PAGE_SIZE, ANYWHERE, TAG) == NULL);
	EXPECT(frame_alloc_run(0, PAGE_SIZE, ANYWHERE, TAG) == NULL);
	expect_balance(&before);
}

TEST(frame, split_block_is_freed_one_by_one)
{
	struct frame_statistics before = settled();
	struct frame *block = frame_alloc_order(5, ANYWHERE, TAG);

	ASSERT_TRUE(block);
	frame_split(block, 5);
	for (size_t i = 0; i < 1 << 5; i++) {
		EXPECT_EQ(frame_references(&block[i]), 1);
		frame_free(&block[i]);
	}
	expect_balance(&before);
}

TEST(frame, batches)
{
	static struct frame *frames[200];
	struct frame_statistics before = settled();

	ASSERT_EQ(frame_alloc_batch(frames, ARRAY_SIZE(frames), TAG), ARRAY_SIZE(frames));
	for (size_t i = 1; i < ARRAY_SIZE(frames); i++)
		EXPECT(frames[i] != frames[i - 1]);
	frame_free_batch(frames, ARRAY_SIZE(frames));
	expect_balance(&before);
}

TEST(frame, fragmentation_index)
{
	struct frame_statistics statistics = { .free = 1000, .cached = 100 };

	statistics.free_blocks[0] = 100;
	statistics.free_blocks[3] = 100;
	EXPECT_EQ(frame_fragmentation(&statistics, 0), 0);
	EXPECT_EQ(frame_fragmentation(&statistics, 1), 200);
	EXPECT_EQ(frame_fragmentation(&statistics, 3), 200);
	EXPECT_EQ(frame_fragmentation(&statistics, 4), 1000);
	statistics = (struct frame_statistics){ 0 };
	EXPECT_EQ(frame_fragmentation(&statistics, 4), 0);
}

/* Blocks that the walk below has: their frames carry what was written. */
#define HELD 64

static void mark(struct frame *frame, size_t frames, uint64_t value)
{
	for (size_t i = 0; i < frames; i++)
		*(uint64_t *)frame_to_virt(frame + i) = value + i;
}

static bool is_marked(struct frame *frame, size_t frames, uint64_t value)
{
	for (size_t i = 0; i < frames; i++)
		if (*(uint64_t *)frame_to_virt(frame + i) != value + i)
			return false;
	return true;
}

TEST(frame, random_walk_beside_a_model)
{
	struct {
		struct frame *frame;
		unsigned order;
		uint64_t value;
	} held[HELD] = { 0 };
	struct frame_statistics before = settled();
	uint64_t expected = before.free;

	for (unsigned step = 0; step < 5000; step++) {
		size_t at = random_below(test_random(), HELD);

		if (held[at].frame) {
			ASSERT_TRUE(
				is_marked(held[at].frame, 1UL << held[at].order, held[at].value));
			frame_free_order(held[at].frame, held[at].order);
			expected += 1UL << held[at].order;
			held[at].frame = NULL;
			continue;
		}
		held[at].order = (unsigned)random_below(test_random(), 7);
		held[at].value = random_u64(test_random());
		held[at].frame = frame_alloc_order(held[at].order, ANYWHERE, TAG);
		if (!held[at].frame)
			continue;
		expected -= 1UL << held[at].order;
		mark(held[at].frame, 1UL << held[at].order, held[at].value);
		if (step % 100 == 0) {
			struct frame_statistics now;

			frame_statistics(&now);
			EXPECT_EQ(now.free, expected);
		}
	}
	for (size_t i = 0; i < HELD; i++)
		if (held[i].frame)
			frame_free_order(held[i].frame, held[i].order);
	expect_balance(&before);
}

/*
 * The storm: each turn takes a frame out of a random slot, checks what is written in it, frees it,
 * and puts a new one there. Whoever takes it is seldom who allocated it.
 */
#define SLOTS 512

static struct {
	uint64_t slots[SLOTS]; /* atomic: struct frame * */
	uint64_t seed;
	uint64_t broken; /* atomic */
	bool is_twin;
} exchange;
static DEFINE_PER_CPU(struct random, storm_random);

static uint64_t checksum(const struct frame *frame)
{
	return (uintptr_t)frame * 0x9e3779b97f4a7c15UL;
}

static bool contents_hold(struct frame *frame)
{
	uint64_t *words = frame_to_virt(frame);

	return words[0] == checksum(frame) && words[PAGE_SIZE / 8 - 1] == ~checksum(frame);
}

static void exchange_turn(void *argument)
{
	struct random *random = &this_cpu(storm_random);
	uint64_t *slot = &exchange.slots[random_below(random, SLOTS)];
	struct frame *fresh = frame_alloc(TAG);
	struct frame *old;

	(void)argument;
	if (fresh) {
		uint64_t *words = frame_to_virt(fresh);

		words[0] = checksum(fresh);
		words[PAGE_SIZE / 8 - 1] = ~checksum(fresh);
	}
	/* Acquire and release, pairs with itself: the words come with the frame. */
	old = (struct frame *)(uintptr_t)atomic_exchange_acq_rel(slot, (uintptr_t)fresh);
	if (!old)
		return;
	if (!contents_hold(old) || old->state != FRAME_ALLOCATED)
		atomic_fetch_add_relaxed(&exchange.broken, (uint64_t)1);
	memset(frame_to_virt(old), 0xdd, 16);
	frame_free(old);
}

static void seed_storm(void *argument)
{
	(void)argument;
	random_seed(&this_cpu(storm_random), exchange.seed + cpu_current());
}

TEST(frame, storm_with_frees_from_other_cpus)
{
	static struct storm storm;
	struct frame_statistics before = settled();

	memset(&exchange, 0, sizeof(exchange));
	exchange.seed = random_u64(test_random());
	on_each_cpu(seed_storm, NULL);
	storm = (struct storm){ .turn = exchange_turn, .ms = 300, .turns_each = 200 };
	storm_run(&storm);
	test_note("%llu exchanges", (unsigned long long)storm_total(&storm));
	EXPECT_EQ(exchange.broken, 0);
	for (size_t i = 0; i < SLOTS; i++)
		if (exchange.slots[i])
			frame_free((struct frame *)(uintptr_t)exchange.slots[i]);
	expect_balance(&before);
}

/* All frames that are left, chained through their own words. */
static struct frame *take_all(uint64_t *count)
{
	struct frame *all = NULL;
	struct frame *frame;

	*count = 0;
	while ((frame = frame_alloc(TAG))) {
		frame->owner[0] = (uintptr_t)all;
		all = frame;
		(*count)++;
	}
	return all;
}

static void give_all(struct frame *all)
{
	while (all) {
		struct frame *next = (struct frame *)(uintptr_t)all->owner[0];

		frame_free(all);
		all = next;
	}
}

static void fill_cache(void *argument)
{
	(void)argument;
	/* Leaves a batch in this CPU's cache. */
	frame_free(frame_alloc(TAG));
}

TEST_WITH_DEADLINE(frame, exhaustion_to_the_last_frame, 240000)
{
	struct frame_statistics before = settled();
	struct frame_statistics now;
	uint64_t count;
	struct frame *all;

	on_each_cpu(fill_cache, NULL);
	all = take_all(&count);
	frame_statistics(&now);
	EXPECT_EQ(count, before.free);
	EXPECT_EQ(now.free, 0);
	EXPECT_NE(now.reclaims, before.reclaims);
	EXPECT(frame_alloc(TAG) == NULL);
	EXPECT(frame_alloc_zeroed(TAG) == NULL);
	EXPECT(frame_alloc_order(0, ANYWHERE, TAG) == NULL);
	EXPECT(frame_alloc_run(2, PAGE_SIZE, ANYWHERE, TAG) == NULL);
	give_all(all);
	expect_balance(&before);
}

/* A CPU that holds frames in its cache and spins with interrupts disabled is reached, too. */
static struct spinlock held_lock = SPINLOCK_INITIALISER("held");
static DEFINE_PER_CPU(struct timer, spin_timer);
static uint32_t spinning; /* atomic */

static void spin_for_lock(struct timer *timer)
{
	(void)timer;
	frame_free(frame_alloc(TAG));
	atomic_fetch_add_relaxed(&spinning, 1);
	spinlock_lock(&held_lock);
	spinlock_unlock(&held_lock);
	/* Release, pairs with reclaim_reaches_cpus_that_spin in tests/kernel/frame.c. */
	atomic_fetch_sub_release(&spinning, 1);
}

static void start_spinning(void *argument)
{
	struct timer *timer = &this_cpu(spin_timer);

	(void)argument;
	timer->function = spin_for_lock;
	timer_start(timer, clock_ns());
}

TEST(frame, reclaim_reaches_cpus_that_spin)
{
	uint64_t others = cpus_online() & ~(uint64_t)1;
	struct frame_statistics statistics;
	unsigned long irq = spinlock_lock_irqsave(&held_lock);
	uint32_t expected = cpus_online_count() - 1;

	on_cpus(others, start_spinning, NULL);
	while (atomic_load_relaxed(&spinning) != expected)
		cpu_relax();
	statistics = settled();
	EXPECT_EQ(statistics.cached, 0);
	spinlock_unlock_irqrestore(&held_lock, irq);
	/* Acquire, pairs with spin_for_lock in tests/kernel/frame.c. */
	while (atomic_load_acquire(&spinning) != 0)
		cpu_relax();
}

#ifdef CONFIG_CHECK

DEATH_TEST(frame, freed_twice, "freed twice, in test_")
{
	struct frame *frame = frame_alloc(TAG);

	frame_free(frame);
	frame_free(frame);
}

DEATH_TEST(frame, freed_inside_a_block, "freed and not the first of a block")
{
	frame_free(frame_alloc_order(2, ANYWHERE, TAG) + 1);
}

DEATH_TEST(frame, freed_with_the_wrong_order, "freed with the wrong order")
{
	frame_free_order(frame_alloc_order(2, ANYWHERE, TAG), 1);
}

DEATH_TEST(frame, freed_while_others_have_it, "freed while others have it")
{
	struct frame *frame = frame_alloc(TAG);

	frame_get(frame);
	frame_free(frame);
}

DEATH_TEST(frame, no_memory_freed, "freed and no memory")
{
	frame_free(frame_of(DIRECT_MAP_SIZE - PAGE_SIZE));
}

DEATH_TEST(frame, put_once_too_often, "freed twice")
{
	struct frame *frame = frame_alloc(TAG);

	frame_put(frame);
	frame_put(frame);
}

#endif
