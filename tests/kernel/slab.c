/*
 * Slab caches: objects that do not overlap, on any CPU, given back from any, exact balance, and
 * misuse.
 */
#include <boot/test.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <tests/kernel/balance.h>
#include <tests/kernel/storm.h>

#define MANY 500

static struct slab_cache cache;
static void *objects[MANY];
static uint64_t constructed; /* atomic */

static uint64_t objects_out(void)
{
	struct slab_statistics statistics;

	slab_flush();
	slab_statistics(&cache, &statistics);
	return statistics.objects;
}

/* Every size: aligned, apart from each other, all bytes usable; and everything comes back. */
static void fill_and_check(size_t size, size_t alignment)
{
	ASSERT_EQ(slab_cache_init(&cache, "test", size, alignment, NULL), 0);
	for (size_t i = 0; i < MANY; i++) {
		objects[i] = slab_alloc(&cache);
		ASSERT_TRUE(objects[i]);
		EXPECT_EQ((uintptr_t)objects[i] % alignment, 0);
		memset(objects[i], (int)(i % 251), size);
	}
	EXPECT_EQ(objects_out(), MANY);
	for (size_t i = 0; i < MANY; i++) {
		const uint8_t *bytes = objects[i];

		EXPECT_EQ(bytes[0], i % 251);
		EXPECT_EQ(bytes[size - 1], i % 251);
		slab_free(&cache, objects[i]);
	}
	EXPECT_EQ(objects_out(), 0);
	slab_cache_destroy(&cache);
}

TEST(slab, objects_of_every_size)
{
	static const size_t sizes[] = { 1, 8, 9, 24, 64, 100, 255, 512, 1000, 2048, 4096 };
	uint64_t before = balance_frames_free();

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t alignment = 8; alignment <= SLAB_ALIGNMENT_MAX; alignment *= 4)
			fill_and_check(sizes[i], alignment);
	EXPECT_EQ(balance_frames_free(), before);
}

static void construct(void *object)
{
	atomic_fetch_add_relaxed(&constructed, (uint64_t)1);
	*(uint64_t *)object = 0x636f6e73;
}

/* Constructed once, and in that state whenever they are handed out again. */
TEST(slab, constructed_objects_stay_so)
{
	constructed = 0;
	ASSERT_EQ(slab_cache_init(&cache, "test", 40, 8, construct), 0);
	for (unsigned round = 0; round < 10; round++) {
		for (size_t i = 0; i < MANY; i++) {
			objects[i] = slab_alloc(&cache);
			ASSERT_TRUE(objects[i]);
			EXPECT_EQ(*(uint64_t *)objects[i], 0x636f6e73);
		}
		for (size_t i = 0; i < MANY; i++)
			slab_free(&cache, objects[i]);
	}
	/* Not for each allocation: for each object of the slabs, at most. */
	EXPECT_GE(constructed, MANY);
	EXPECT_LT(constructed, 4 * MANY);
	slab_cache_destroy(&cache);
}

/* ---- Storms ---- */

#define SLOTS 256
#define OBJECT_WORDS 12

static uint64_t slots[SLOTS]; /* atomic: objects that CPUs exchange */
static uint64_t wrong;        /* atomic */

static void stamp(uint64_t *object)
{
	for (size_t i = 0; i < OBJECT_WORDS; i++)
		object[i] = (uintptr_t)object ^ i;
}

static void check_stamp(const uint64_t *object)
{
	for (size_t i = 0; i < OBJECT_WORDS; i++)
		if (object[i] != ((uintptr_t)object ^ i))
			atomic_fetch_add_relaxed(&wrong, (uint64_t)1);
}

/* Allocates, stamps, and exchanges for what another CPU left, which it checks and frees. */
static void exchange_turn(void *argument)
{
	struct random *random = argument;
	uint64_t seed = atomic_fetch_add_relaxed(&random->state[0], 0x9e3779b97f4a7c15);
	uint64_t *object = slab_alloc(&cache);

	if (object)
		stamp(object);
	/* Acquire and release, pairs with itself: the stamp goes with the object. */
	object = (uint64_t *)(uintptr_t)atomic_exchange_acq_rel(&slots[(seed >> 32) % SLOTS],
								(uintptr_t)object);
	if (object) {
		check_stamp(object);
		slab_free(&cache, object);
	}
}

static void run_storm(void (*turn)(void *argument), uint64_t turns_each)
{
	struct random random = *test_random();
	struct storm storm = {
		.turn = turn, .argument = &random, .ms = 300, .turns_each = turns_each
	};
	uint64_t before = balance_frames_free();

	wrong = 0;
	ASSERT_EQ(slab_cache_init(&cache, "test", OBJECT_WORDS * 8, 8, NULL), 0);
	storm_run(&storm);
	for (size_t i = 0; i < SLOTS; i++) {
		if (slots[i])
			slab_free(&cache, (void *)(uintptr_t)slots[i]);
		slots[i] = 0;
	}
	test_note("%llu objects changed hands", (unsigned long long)storm_total(&storm));
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(objects_out(), 0);
	slab_cache_destroy(&cache);
	EXPECT_EQ(balance_frames_free(), before);
}

TEST(slab, storm_frees_on_other_cpus)
{
	run_storm(exchange_turn, 2000);
}

/* More than two magazines hold, so that depot and slabs are used, and their lock is waited for. */
#define BURST 150

static void burst_or_reclaim_turn(void *argument)
{
	struct random *random = argument;
	uint64_t *burst[BURST];

	if (atomic_fetch_add_relaxed(&random->state[1], (uint64_t)1) % 8 == 0)
		slab_reclaim();
	for (size_t i = 0; i < BURST; i++) {
		burst[i] = slab_alloc(&cache);
		if (burst[i])
			stamp(burst[i]);
	}
	for (size_t i = 0; i < BURST; i++) {
		if (!burst[i])
			continue;
		check_stamp(burst[i]);
		slab_free(&cache, burst[i]);
	}
}

/* Magazines are taken away from under those who use them. */
TEST(slab, storm_with_reclaim)
{
	run_storm(burst_or_reclaim_turn, 30);
}

/* Frames that lie free in slabs are found when there are no others. */
TEST_WITH_DEADLINE(slab, memory_comes_back_under_pressure, 240000)
{
	struct frame *taken = NULL;
	struct frame *frame;

	ASSERT_EQ(slab_cache_init(&cache, "test", 2048, 8, NULL), 0);
	for (size_t i = 0; i < MANY; i++)
		ASSERT_TRUE(objects[i] = slab_alloc(&cache));
	while ((frame = frame_alloc(FRAME_TAG_TEST))) {
		frame->owner[0] = (uintptr_t)taken;
		taken = frame;
	}
	for (size_t i = 0; i < MANY; i++)
		slab_free(&cache, objects[i]);
	/* More than half of them lie in no quarantine. */
	for (size_t i = 0; i < MANY / 8; i++) {
		frame = frame_alloc(FRAME_TAG_TEST);
		EXPECT(frame);
		if (!frame)
			break;
		frame->owner[0] = (uintptr_t)taken;
		taken = frame;
	}
	while (taken) {
		frame = taken;
		taken = (struct frame *)(uintptr_t)frame->owner[0];
		frame_free(frame);
	}
	slab_cache_destroy(&cache);
}

/* And with no frame at all, an allocation fails, and works again later. */
TEST_WITH_DEADLINE(slab, exhaustion_and_recovery, 240000)
{
	struct frame *taken = NULL;
	struct frame *frame;
	size_t count = 0;

	ASSERT_EQ(slab_cache_init(&cache, "test", 4096, 8, NULL), 0);
	while ((frame = frame_alloc(FRAME_TAG_TEST))) {
		frame->owner[0] = (uintptr_t)taken;
		taken = frame;
	}
	while (count < MANY && (objects[count] = slab_alloc(&cache)))
		count++;
	EXPECT_LT(count, MANY);
	while (taken) {
		frame = taken;
		taken = (struct frame *)(uintptr_t)frame->owner[0];
		frame_free(frame);
	}
	EXPECT(count == MANY || (objects[count++] = slab_alloc(&cache)));
	while (count)
		slab_free(&cache, objects[--count]);
	EXPECT_EQ(objects_out(), 0);
	slab_cache_destroy(&cache);
}

#ifdef CONFIG_CHECK

static void count_object(const struct slab_object *object, void *argument)
{
	uint64_t *count = argument;

	EXPECT_EQ(object->requested, 24);
	EXPECT(object->allocated_at > (uintptr_t)KERNEL_IMAGE_BASE);
	for (size_t i = 0; i < MANY; i++)
		*count += objects[i] == object->object;
}

/* Each that is allocated, once; none that was freed. */
TEST(slab, visit_sees_what_is_allocated)
{
	uint64_t count = 0;

	ASSERT_EQ(slab_cache_init(&cache, "test", 24, 8, NULL), 0);
	for (size_t i = 0; i < MANY; i++)
		ASSERT_TRUE(objects[i] = slab_alloc(&cache));
	slab_visit_objects(&cache, count_object, &count);
	EXPECT_EQ(count, MANY);
	for (size_t i = 0; i < MANY; i += 2) {
		slab_free(&cache, objects[i]);
		objects[i] = NULL;
	}
	count = 0;
	slab_visit_objects(&cache, count_object, &count);
	EXPECT_EQ(count, MANY / 2);
	for (size_t i = 1; i < MANY; i += 2)
		slab_free(&cache, objects[i]);
	slab_cache_destroy(&cache);
}

#endif

static void count_cache(struct slab_cache *visited, void *argument)
{
	*(unsigned *)argument += visited == &cache;
}

TEST(slab, visit_sees_a_cache_while_it_is_there)
{
	unsigned seen = 0;

	ASSERT_EQ(slab_cache_init(&cache, "test", 16, 8, NULL), 0);
	slab_visit_caches(count_cache, &seen);
	EXPECT_EQ(seen, 1);
	slab_cache_destroy(&cache);
	slab_visit_caches(count_cache, &seen);
	EXPECT_EQ(seen, 1);
}

DEATH_TEST(slab, destroyed_while_in_use, "slab cache test: destroyed with 1 objects in use")
{
	if (slab_cache_init(&cache, "test", 16, 8, NULL) != 0 || !slab_alloc(&cache))
		return;
	slab_cache_destroy(&cache);
}

#ifdef CONFIG_CHECK

static char *prepared(void)
{
	char *object;

	if (slab_cache_init(&cache, "test", 48, 8, NULL) != 0)
		return NULL;
	object = slab_alloc(&cache);
	return object;
}

DEATH_TEST(slab, freed_twice, "freed twice, found in test_slab_freed_twice")
{
	void *object = prepared();

	slab_free(&cache, object);
	slab_free(&cache, object);
	test_note("not caught");
}

DEATH_TEST(slab, written_beyond, "written beyond its end, found in test_slab_written_beyond")
{
	char *object = prepared();

	object[48] = 1;
	slab_free(&cache, object);
	test_note("not caught");
}

DEATH_TEST(slab, written_before, "written before its begin, found in test_slab_written_before")
{
	char *object = prepared();

	object[-1] = 1;
	slab_free(&cache, object);
	test_note("not caught");
}

DEATH_TEST(slab, written_after_free, "written after it was freed")
{
	char *object = prepared();

	slab_free(&cache, object);
	object[20] = 1;
	slab_flush();
}

DEATH_TEST(slab, freed_to_another_cache, "is another cache's")
{
	static struct slab_cache other;
	void *object = prepared();

	if (slab_cache_init(&other, "other", 48, 8, NULL) == 0)
		slab_free(&other, object);
}

DEATH_TEST(slab, freed_in_the_middle, "is the begin of no object")
{
	char *object = prepared();

	slab_free(&cache, object + 8);
}

DEATH_TEST(slab, freed_what_is_no_object, "is of no slab")
{
	static char memory[64];

	if (prepared())
		slab_free(&cache, memory);
}

#endif
