/*
 * Kernel space: pieces between guards, freed lazily, balanced to the frame; and the regions table.
 */
#include <arch/mmu.h>
#include <arch/probe.h>
#include <boot/test.h>
#include <lib/bits.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <tests/kernel/balance.h>
#include <tests/kernel/storm.h>

#define RW (PAGE_READ | PAGE_WRITE)
#define TAG FRAME_TAG_TEST

struct view {
	uintptr_t address;
	uint64_t readable; /* atomic: sets of CPUs */
	uint64_t writable;
};

static void look(void *argument)
{
	struct view *view = argument;
	uint64_t self = (uint64_t)1 << cpu_current();
	uint8_t value;

	if (probe_read_u8(view->address, &value) == 0)
		atomic_fetch_or_relaxed(&view->readable, self);
	if (probe_write_u8(view->address, 42) == 0)
		atomic_fetch_or_relaxed(&view->writable, self);
}

static void expect_view(const void *address, bool readable, bool writable)
{
	struct view view = { .address = (uintptr_t)address };

	on_each_cpu(look, &view);
	EXPECT_EQ(view.readable, readable ? cpus_online() : 0);
	EXPECT_EQ(view.writable, writable ? cpus_online() : 0);
}

TEST(kspace, memory_is_zero_between_guards_and_balanced)
{
	static const size_t sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 17 * PAGE_SIZE,
					600 * PAGE_SIZE };
	uint64_t free;

	/* Tables of kernel space's top stay. */
	kspace_free(kspace_alloc(PAGE_SIZE, RW, TAG));
	free = balance_frames_free();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *piece = kspace_alloc(sizes[i], RW, TAG);
		size_t size = align_up(sizes[i], PAGE_SIZE);

		ASSERT_TRUE(piece);
		EXPECT(is_aligned((uintptr_t)piece, PAGE_SIZE));
		for (size_t at = 0; at < size; at += 512)
			ASSERT_EQ(piece[at], 0);
		memset(piece, 0xa5, size);
		expect_view(piece - 1, false, false);
		expect_view(piece + size, false, false);
		expect_view(piece + size - 1, true, true);
		kspace_free(piece);
		kspace_flush();
		expect_view(piece, false, false);
	}
	kspace_free(NULL);
	EXPECT(kspace_alloc(0, RW, TAG) == NULL);
	EXPECT(kspace_alloc(SIZE_MAX, RW, TAG) == NULL);
	EXPECT(kspace_alloc(KSPACE_END - KSPACE_BASE, RW, TAG) == NULL);
	EXPECT_EQ(balance_frames_free(), free);
}

/* More than there is fails and leaves nothing taken. */
TEST_WITH_DEADLINE(kspace, running_out_of_memory_is_undone, 240000)
{
	uint64_t free = balance_frames_free();
	struct kspace_statistics before;
	struct kspace_statistics after;

	if (free > 1UL << 17) {
		test_skip("%llu MiB would take long to fill",
			  (unsigned long long)(free >> (20 - PAGE_SHIFT)));
		return;
	}
	kspace_statistics(&before);
	EXPECT(kspace_alloc((free + 1) * PAGE_SIZE, RW, TAG) == NULL);
	EXPECT_EQ(balance_frames_free(), free);
	kspace_statistics(&after);
	EXPECT_EQ(after.pieces, before.pieces);
	EXPECT_EQ(after.pages, before.pages);
}

TEST(kspace, scattered_frames_in_a_row)
{
	static struct frame *frames[40];
	uint64_t *words;
	uint64_t free;

	ASSERT_EQ(frame_alloc_batch(frames, ARRAY_SIZE(frames), TAG), ARRAY_SIZE(frames));
	free = balance_frames_free();
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		*(uint64_t *)frame_to_virt(frames[i]) = i;
	/* Two that are surely not neighbours. */
	struct frame *first = frames[0];

	frames[0] = frames[ARRAY_SIZE(frames) - 1];
	frames[ARRAY_SIZE(frames) - 1] = first;
	words = kspace_map_frames(frames, ARRAY_SIZE(frames), PAGE_READ);
	ASSERT_TRUE(words);
	EXPECT_EQ(words[0], ARRAY_SIZE(frames) - 1);
	for (size_t i = 1; i + 1 < ARRAY_SIZE(frames); i++)
		EXPECT_EQ(words[i * PAGE_SIZE / sizeof(*words)], i);
	expect_view(words, true, false);
	kspace_unmap(words);
	EXPECT_EQ(balance_frames_free(), free);
	expect_view(words, false, false);
	EXPECT(kspace_map_frames(frames, 0, RW) == NULL);
	frame_free_batch(frames, ARRAY_SIZE(frames));
}

TEST(kspace, device_mapping_keeps_its_offset)
{
	struct frame *frame = frame_alloc_zeroed(TAG);
	struct page_table_path path;
	char *registers;

	ASSERT_TRUE(frame);
	registers = kspace_map_device(frame_to_phys(frame) + 0x123, 8);
	ASSERT_TRUE(registers);
	EXPECT_EQ((uintptr_t)registers % PAGE_SIZE, 0x123);
	page_table_lookup(kspace_page_table(), (uintptr_t)registers, &path);
	ASSERT_TRUE(path.mapped);
	EXPECT_EQ(path.entries[0],
		  pte_make_leaf(frame_to_phys(frame), 0, RW | PAGE_DEVICE | PAGE_GLOBAL));
	kspace_unmap(registers);
	kspace_flush();
	expect_view(registers, false, false);
	EXPECT(kspace_map_device(0x1000, 0) == NULL);
	EXPECT(kspace_map_device(UINT64_MAX - 10, 100) == NULL);
	frame_free(frame);
}

TEST(kspace, stacks_come_and_go)
{
	uintptr_t tops[20];
	uint64_t free;

	kspace_free_stack(kspace_alloc_stack());
	free = balance_frames_free();
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		tops[i] = kspace_alloc_stack();
		ASSERT_NE(tops[i], 0);
		EXPECT_EQ(tops[i] % KERNEL_STACK_SLOT, KERNEL_STACK_SIZE);
	}
	expect_view((char *)tops[7] - 1, true, true);
	expect_view((char *)tops[7] - KERNEL_STACK_SIZE, true, true);
	expect_view((char *)tops[7] - KERNEL_STACK_SIZE - 1, false, false);
	expect_view((char *)tops[7], false, false);
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		kspace_free_stack(tops[i]);
	EXPECT_EQ(balance_frames_free(), free);
	expect_view((char *)tops[7] - 1, false, false);
}

/* Many are freed with one invalidation, and none of their addresses comes back before it. */
TEST(kspace, freed_pieces_wait_for_one_flush)
{
	void *pieces[KSPACE_LAZY_PIECES - 1];
	void *fresh[10];
	struct kspace_statistics before;
	struct kspace_statistics after;
	struct tlb_statistics tlb_before;
	struct tlb_statistics tlb_after;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		pieces[i] = kspace_alloc(PAGE_SIZE, RW, TAG);
		ASSERT_TRUE(pieces[i]);
	}
	kspace_flush();
	kspace_statistics(&before);
	tlb_statistics(&tlb_before);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		kspace_free(pieces[i]);
	kspace_statistics(&after);
	tlb_statistics(&tlb_after);
	EXPECT_EQ(after.lazy_pieces, ARRAY_SIZE(pieces));
	EXPECT_EQ(after.lazy_pages, ARRAY_SIZE(pieces));
	EXPECT_EQ(tlb_after.requests, tlb_before.requests);
	for (size_t i = 0; i < ARRAY_SIZE(fresh); i++) {
		fresh[i] = kspace_map_device(0, PAGE_SIZE);
		ASSERT_TRUE(fresh[i]);
		for (size_t other = 0; other < ARRAY_SIZE(pieces); other++)
			EXPECT(fresh[i] != pieces[other]);
	}
	kspace_flush();
	kspace_statistics(&after);
	tlb_statistics(&tlb_after);
	EXPECT_EQ(after.lazy_pieces, 0);
	EXPECT_EQ(after.pages, before.pages - ARRAY_SIZE(pieces) + ARRAY_SIZE(fresh));
	EXPECT_EQ(tlb_after.requests - tlb_before.requests, 1);
	EXPECT_EQ(after.flushes - before.flushes, 1);
	for (size_t i = 0; i < ARRAY_SIZE(fresh); i++)
		kspace_unmap(fresh[i]);
}

TEST(kspace, protect_part_of_a_piece)
{
	char *piece = kspace_alloc(3 * PAGE_SIZE, RW, TAG);

	ASSERT_TRUE(piece);
	EXPECT_EQ(kspace_protect(piece + PAGE_SIZE, PAGE_SIZE, PAGE_READ), 0);
	expect_view(piece, true, true);
	expect_view(piece + PAGE_SIZE, true, false);
	expect_view(piece + 2 * PAGE_SIZE, true, true);
	EXPECT_EQ(kspace_protect(piece + PAGE_SIZE, PAGE_SIZE, RW), 0);
	expect_view(piece + PAGE_SIZE, true, true);
	kspace_free(piece);
}

TEST(kspace, regions_do_not_overlap)
{
	struct kspace_region before = { 0 };
	int on_the_stack;

	for (size_t i = 0; i < kspace_region_count; i++) {
		struct kspace_region region;

		kspace_region(i, &region);
		EXPECT_LT(region.first, region.last);
		EXPECT(i == 0 || region.first > before.last);
		EXPECT_EQ(kspace_region_of(region.first), i);
		EXPECT_EQ(kspace_region_of(region.last), i);
		before = region;
	}
	EXPECT_EQ(kspace_region_of((uintptr_t)FRAME_MAP), kspace_region_of(FRAME_MAP_BASE));
	EXPECT_EQ(kspace_region_of(DIRECT_MAP_BASE - 1), kspace_region_count);
	EXPECT_NE(kspace_region_of((uintptr_t)&on_the_stack), kspace_region_count);
}

/* ---- Storm ---- */

static struct {
	uint64_t seed;
	uint64_t broken; /* atomic */
	uint64_t failed; /* atomic */
} storms;
static DEFINE_PER_CPU(struct random, storm_random);

static void storm_turn(void *argument)
{
	struct random *random = &this_cpu(storm_random);
	size_t size = (1 + random_below(random, 8)) * PAGE_SIZE;
	uint64_t *words = kspace_alloc(size, RW, TAG);
	uint64_t value = random_u64(random);

	(void)argument;
	/* In a handler on other CPUs, where no interrupt comes. */
	on_cpu_serve_immediate();
	if (!words) {
		atomic_fetch_add_relaxed(&storms.failed, (uint64_t)1);
		return;
	}
	for (size_t at = 0; at < size / sizeof(*words); at += 64)
		words[at] = value + at;
	for (size_t at = 0; at < size / sizeof(*words); at += 64)
		if (words[at] != value + at)
			atomic_fetch_add_relaxed(&storms.broken, (uint64_t)1);
	kspace_free(words);
}

static void seed_storm(void *argument)
{
	(void)argument;
	random_seed(&this_cpu(storm_random), storms.seed + cpu_current());
}

TEST(kspace, storm_of_pieces)
{
	static struct storm storm;
	uint64_t free = balance_frames_free();

	storms.seed = random_u64(test_random());
	storms.broken = storms.failed = 0;
	on_each_cpu(seed_storm, NULL);
	storm = (struct storm){ .turn = storm_turn, .ms = 300, .turns_each = 20 };
	storm_run(&storm);
	test_note("%llu pieces", (unsigned long long)storm_total(&storm));
	EXPECT_EQ(storms.broken, 0);
	EXPECT_EQ(storms.failed, 0);
	/* Records of pieces are kept for good: a page of them holds many. */
	EXPECT_LE(free - balance_frames_free(), 8);
}

DEATH_TEST(kspace, freed_twice, "is freed twice")
{
	void *piece = kspace_alloc(PAGE_SIZE, RW, TAG);

	kspace_free(piece);
	kspace_free(piece);
}

DEATH_TEST(kspace, foreign_address_freed, "is the begin of no piece")
{
	kspace_free((char *)kspace_alloc(2 * PAGE_SIZE, RW, TAG) + PAGE_SIZE);
}

DEATH_TEST(kspace, memory_unmapped_as_device, "is freed as what it is not")
{
	kspace_unmap(kspace_alloc(PAGE_SIZE, RW, TAG));
}
