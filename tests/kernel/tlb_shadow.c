/*
 * The stale-translation detector: quiet while all is done right, and each way of doing it wrong
 * ends in its panic. The twins use the real tables, spaces and frames, and leave one step out.
 */
#include <arch/mmu.h>
#include <arch/probe.h>
#include <boot/test.h>
#include <lib/panic.h>
#include <mm/asid.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

#ifdef CONFIG_CHECK

#define BASE 0x40000000UL
#define RW (PAGE_READ | PAGE_WRITE)

static struct space space;
static struct frame *frame;

static void use(void *argument)
{
	uint64_t value;

	(void)argument;
	space_switch(&space);
	probe_read_u64(BASE, &value);
}

static void leave(void *argument)
{
	(void)argument;
	space_switch(NULL);
}

/* A page that every CPU has used. */
static bool prepare(void)
{
	frame = frame_alloc_zeroed(FRAME_TAG_TEST);
	if (!frame || space_create(&space, "twin") != 0 ||
	    space_map(&space, BASE, frame_to_phys(frame), PAGE_SIZE, RW) != 0)
		return false;
	on_each_cpu(use, NULL);
	return true;
}

/* The entry is cleared, and who should be told is not: the gather is thrown away. */
static void clear_only(struct tlb_gather *gather)
{
	tlb_gather_begin(gather, &space, false);
	page_table_unmap(&space.table, BASE, PAGE_SIZE, gather);
}

TEST(tlb_shadow, quiet_when_all_is_done_right)
{
	uint64_t forgotten = tlb_shadow_forgotten();

	for (unsigned round = 0; round < 3; round++) {
		ASSERT_TRUE(prepare());
		EXPECT_EQ(space_protect(&space, BASE, PAGE_SIZE, PAGE_READ), 0);
		EXPECT_EQ(space_protect(&space, BASE, PAGE_SIZE, RW), 0);
		if (round == 1)
			on_each_cpu(leave, NULL);
		EXPECT_EQ(space_unmap(&space, BASE, PAGE_SIZE, true), 0);
		on_each_cpu(use, NULL);
		on_each_cpu(leave, NULL);
		space_destroy(&space);
	}
	kspace_flush();
	EXPECT_EQ(tlb_shadow_pending(), 0);
	EXPECT_EQ(tlb_shadow_forgotten(), forgotten);
}

DEATH_TEST(tlb_shadow, skipped_flush, "stale translation: frame released while CPU")
{
	struct tlb_gather gather;

	if (!prepare())
		return;
	clear_only(&gather);
	frame_free(frame);
}

DEATH_TEST(tlb_shadow, flush_before_clear, "stale translation: frame released while CPU")
{
	struct tlb_gather gather;

	if (!prepare())
		return;
	tlb_invalidate(&space, BASE, PAGE_SIZE, 0, true);
	clear_only(&gather);
	frame_free(frame);
}

DEATH_TEST(tlb_shadow, free_before_flush, "stale translation: frame released while CPU")
{
	struct tlb_gather gather;

	if (!prepare())
		return;
	clear_only(&gather);
	frame_free(frame);
	tlb_gather_end(&gather);
}

DEATH_TEST(tlb_shadow, table_freed_before_flush, "stale translation: frame released while CPU")
{
	struct tlb_gather gather;

	if (!prepare())
		return;
	clear_only(&gather);
	/* The page's table was unhooked, and waits in the gather. */
	frame_free(frame_of(gather.tables));
}

DEATH_TEST(tlb_shadow, mapped_anew_before_flush, "stale translation: address mapped anew while CPU")
{
	struct tlb_gather gather;

	if (!prepare())
		return;
	clear_only(&gather);
	page_table_map(&space.table, BASE, frame_to_phys(frame), PAGE_SIZE, PAGE_READ, NULL);
}

/* Only this CPU is told. */
DEATH_TEST(tlb_shadow, cpu_missing_in_the_mask, "stale translation: frame released while CPU")
{
	struct tlb_request request = { .address = BASE, .size = PAGE_SIZE, .tables = true };
	struct tlb_gather gather;

	if (!prepare())
		return;
	if (cpus_online_count() == 1)
		panic("stale translation: frame released while CPU 0 is alone: nothing to show");
	clear_only(&gather);
	request.id = space_hardware_id(&space);
	tlb_invalidate_local(&request);
	tlb_shadow_invalidated(cpu_current(), &request);
	frame_free(frame);
}

/* The wrong id is invalidated: another space's. */
DEATH_TEST(tlb_shadow, wrong_id, "stale translation: frame released while CPU")
{
	struct tlb_request request = { .address = BASE, .size = PAGE_SIZE, .tables = true };
	struct tlb_gather gather;

	if (!prepare())
		return;
	clear_only(&gather);
	request.id = space_hardware_id(&space) + 1;
	tlb_invalidate_local(&request);
	for_each_online_cpu(cpu)
		tlb_shadow_invalidated((unsigned)cpu, &request);
	frame_free(frame);
}

/* Ids roll over, and a CPU does not drop what it has cached under the old ones. */
DEATH_TEST(tlb_shadow, no_drop_after_a_rollover,
	   "loads a space under id 1, under which it may hold another's")
{
	static struct asid_allocator ids;
	static struct page_table tables[3];
	static uint64_t numbers[3];
	bool drop;

	/* One bit and one id: the second space rolls over; what it is told to drop it does not. */
	asid_init(&ids, 2);
	for (unsigned i = 0; i < 20; i++) {
		unsigned at = i % 3;

		numbers[at] = 0;
		tlb_shadow_load(63, &tables[at], asid_use(&ids, 63, &numbers[at], &drop));
	}
}

/* The same seen from one space: what it had under its old id is still there. */
DEATH_TEST(tlb_shadow, same_space_after_a_rollover, "loads a space and has not dropped id 3")
{
	static struct page_table table;

	tlb_shadow_load(63, &table, 3);
	tlb_shadow_load(63, NULL, 0);
	tlb_shadow_rolled_over(63, 5);
	tlb_shadow_load(63, &table, 4);
}

/* A CPU that was left alone comes back, and does not drop the id first. */
DEATH_TEST(tlb_shadow, loaded_without_dropping, "loads a space and has not dropped id")
{
	static struct page_table table;

	tlb_shadow_load(63, &table, 5);
	tlb_shadow_load(63, NULL, 0);
	tlb_shadow_deferred(&table, (uint64_t)1 << 63, tlb_shadow_time());
	tlb_shadow_load(63, &table, 5);
}

#endif
