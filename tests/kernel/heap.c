/*
 * The heap: every size, every direction of realloc, what overflows, and a storm against a model.
 */
#include <boot/test.h>
#include <lib/bits.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/slab.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <tests/kernel/balance.h>
#include <tests/kernel/storm.h>

#define LARGEST (3 * 1024 * 1024)

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 7 + (at >> 8));
}

static void fill(uint8_t *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		block[i] = pattern(i);
}

static bool holds(const uint8_t *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block[i] != pattern(i))
			return false;
	return true;
}

TEST(heap, every_size_to_a_page_and_beyond)
{
	uint64_t before = balance_frames_free();

	for (size_t size = 0; size <= 9000; size += size < 600 ? 1 : 37) {
		uint8_t *block = heap_alloc(size);

		ASSERT_TRUE(block);
		EXPECT_GE(heap_usable_size(block), size);
		EXPECT_EQ((uintptr_t)block % (size && size % 16 == 0 ? 16 : 8), 0);
		fill(block, size);
		EXPECT(holds(block, size));
		heap_free(block);
	}
	heap_free(NULL);
	EXPECT_EQ(balance_frames_free(), before);
}

TEST(heap, aligned)
{
	uint64_t before = balance_frames_free();

	for (size_t alignment = 1; alignment <= 1UL << 21; alignment *= 2)
		for (size_t size = 1; size <= 10000; size = size * 3 + 1) {
			uint8_t *block = heap_alloc_aligned(size, alignment);

			ASSERT_TRUE(block);
			EXPECT_EQ((uintptr_t)block % alignment, 0);
			fill(block, size);
			heap_free(block);
		}
	EXPECT_EQ(balance_frames_free(), before);
}

TEST(heap, zeroed_whatever_was_there)
{
	for (unsigned round = 0; round < 200; round++) {
		size_t size = 1 + (size_t)random_below(test_random(), 6000);
		uint8_t *dirty = heap_alloc(size);
		HEAP_SCOPED uint8_t *block = NULL;

		ASSERT_TRUE(dirty);
		memset(dirty, 0xff, size);
		heap_free(dirty);
		block = heap_zalloc(size);
		ASSERT_TRUE(block);
		for (size_t i = 0; i < size; i++)
			ASSERT_EQ(block[i], 0);
	}
}

TEST(heap, products_that_overflow_fail)
{
	HEAP_SCOPED void *block = heap_alloc_array(100, 100);

	EXPECT(block);
	EXPECT(!heap_alloc_array(SIZE_MAX / 2, 3));
	EXPECT(!heap_alloc_array(1UL << 32, 1UL << 32));
	EXPECT(!heap_alloc(SIZE_MAX));
	EXPECT(!heap_alloc(SIZE_MAX - PAGE_SIZE));
	EXPECT(!heap_zalloc(1UL << 40));
}

/* Up, down, over the border between slabs and frames, and back; a failure leaves it as it was. */
TEST(heap, realloc_in_every_direction)
{
	static const size_t sizes[] = {
		1, 8, 9, 100, 112, 4096, 4097, 8192, 8193, 100000, LARGEST
	};
	uint64_t before = balance_frames_free();
	uint8_t *block;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			block = heap_realloc(NULL, sizes[i]);
			ASSERT_TRUE(block);
			fill(block, sizes[i]);
			block = heap_realloc(block, sizes[j]);
			ASSERT_TRUE(block);
			EXPECT(holds(block, min(sizes[i], sizes[j])));
			EXPECT_GE(heap_usable_size(block), sizes[j]);
			fill(block, sizes[j]);
			EXPECT(!heap_realloc(block, SIZE_MAX));
			EXPECT(holds(block, sizes[j]));
			heap_free(block);
		}
	EXPECT_EQ(balance_frames_free(), before);
}

TEST(heap, realloc_within_a_class_stays)
{
	uint8_t *block = heap_alloc(97);
	uint8_t *large = heap_alloc(5000);

	EXPECT(heap_realloc(block, 112) == block);
	EXPECT(heap_realloc(block, 100) == block);
	EXPECT(heap_realloc(large, 8192) == large);
	EXPECT(heap_realloc(large, 4500) == large);
	heap_free(block);
	heap_free(large);
}

/* ---- Storm: each CPU has slots of its own, and frees one in four of another CPU's ---- */

#define SLOTS 128

struct slot {
	uint64_t lock; /* atomic */
	uint8_t *block;
	size_t size;
};

static struct slot slots[SLOTS];
static uint64_t wrong; /* atomic */

static size_t random_size(uint64_t number)
{
	/* Mostly small. */
	return (number & 0xff) < 0xf8 ? number >> 8 & 0x3ff : number >> 8 & 0x7fff;
}

static void storm_turn(void *argument)
{
	uint64_t number = atomic_fetch_add_relaxed((uint64_t *)argument, 0x9e3779b97f4a7c15UL) *
			  0xbf58476d1ce4e5b9UL;
	struct slot *slot = &slots[(number >> 40) % SLOTS];

	number ^= number >> 31;
	/* Acquire, pairs with the release below: what the last one did with the slot. */
	if (atomic_exchange_acquire(&slot->lock, (uint64_t)1))
		return;
	if (slot->block && !holds(slot->block, slot->size))
		atomic_fetch_add_relaxed(&wrong, (uint64_t)1);
	if (!slot->block || (number & 3) == 0) {
		size_t size = random_size(number);
		uint8_t *block = heap_realloc(slot->block, size);

		if (block) {
			if (!holds(block, min(size, slot->size)))
				atomic_fetch_add_relaxed(&wrong, (uint64_t)1);
			slot->block = block;
			slot->size = size;
			fill(block, size);
		}
	} else {
		heap_free(slot->block);
		slot->block = NULL;
		slot->size = 0;
	}
	atomic_store_release(&slot->lock, (uint64_t)0); /* as above */
}

TEST(heap, storm)
{
	uint64_t seed = random_u64(test_random());
	struct storm storm = {
		.turn = storm_turn, .argument = &seed, .ms = 400, .turns_each = 1000
	};
	uint64_t before = balance_frames_free();

	wrong = 0;
	storm_run(&storm);
	for (size_t i = 0; i < SLOTS; i++) {
		heap_free(slots[i].block);
		slots[i] = (struct slot){ 0 };
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(balance_frames_free(), before);
}

#ifdef CONFIG_CHECK

DEATH_TEST(heap, freed_twice, "freed twice, found in test_heap_freed_twice")
{
	void *block = heap_alloc(100);

	heap_free(block);
	heap_free(block);
	test_note("not caught");
}

DEATH_TEST(heap, written_beyond_what_was_asked_for, "heap 112 object")
{
	char *block = heap_alloc(97);

	block[97] = 1;
	heap_free(block);
}

DEATH_TEST(heap, large_freed_twice, "is no block of the heap, or not any more")
{
	void *block = heap_alloc(100000);

	heap_free(block);
	heap_free(block);
}

DEATH_TEST(heap, large_freed_in_the_middle, "is no block of the heap, or not any more")
{
	char *block = heap_alloc(100000);

	heap_free(block + PAGE_SIZE);
}

DEATH_TEST(heap, freed_what_is_not_of_it, "is no block of the heap, or not any more")
{
	static char memory[100];

	heap_free(memory);
}

#endif
