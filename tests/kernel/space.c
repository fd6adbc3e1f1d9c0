/*
 * Spaces and shoot-downs as CPUs see them: what is mapped is read, what is gone faults everywhere,
 * only CPUs that may hold a translation are asked, and nobody ever reads a frame that has a new
 * owner. Pages of the lower half are mapped without PAGE_USER here, so that the kernel may touch
 * them.
 */
#include <arch/mmu.h>
#include <arch/probe.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <mm/frame.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <tests/kernel/balance.h>
#include <tests/kernel/storm.h>

#define BASE 0x40000000UL /* of a 1 GiB page */
#define RW (PAGE_READ | PAGE_WRITE)
#define SELF ((uint64_t)1 << cpu_current())

static struct space first;
static struct space second;

static struct tlb_statistics counted(void)
{
	struct tlb_statistics statistics;

	tlb_statistics(&statistics);
	return statistics;
}

/* A frame whose first word says which it is. */
static struct frame *stamped_frame(void)
{
	struct frame *frame = frame_alloc_zeroed(FRAME_TAG_TEST);

	if (frame)
		*(uint64_t *)frame_to_virt(frame) = frame_to_phys(frame);
	return frame;
}

static bool map_fresh(struct space *space, uintptr_t address, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct frame *frame = stamped_frame();

		if (!frame || space_map(space, address + i * PAGE_SIZE, frame_to_phys(frame),
					PAGE_SIZE, RW) != 0)
			return false;
	}
	return true;
}

struct look {
	struct space *space; /* NULL: as it is */
	uintptr_t address;
	bool leaves;
	uint64_t readable; /* atomic: sets of CPUs */
	uint64_t value;    /* the last one read */
};

static void look_here(void *argument)
{
	struct look *look = argument;
	uint64_t value;

	if (look->space)
		space_switch(look->space);
	if (probe_read_u64(look->address, &value) == 0) {
		atomic_fetch_or_relaxed(&look->readable, SELF);
		atomic_store_relaxed(&look->value, value);
	}
	if (look->leaves)
		space_switch(NULL);
}

static uint64_t readable_on(uint64_t cpus, struct space *space, uintptr_t address, bool leaves)
{
	struct look look = { .space = space, .address = address, .leaves = leaves };

	on_cpus(cpus, look_here, &look);
	return look.readable;
}

static void switch_to(void *argument)
{
	space_switch(argument);
}

static void lend(void *argument)
{
	(void)argument;
	space_lend();
}

TEST(space, every_cpu_sees_what_is_mapped_and_not_what_is_gone)
{
	uint64_t free = balance_frames_free();

	ASSERT_EQ(space_create(&first, "first"), 0);
	EXPECT_EQ(readable_on(cpus_online(), &first, BASE, false), 0);
	ASSERT_TRUE(map_fresh(&first, BASE, 3));
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE + PAGE_SIZE, false), cpus_online());
	EXPECT_EQ(space_loaded(), &first);
	EXPECT_EQ(space_protect(&first, BASE, PAGE_SIZE, PAGE_READ), 0);
	EXPECT_EQ(probe_write_u8(BASE, 1), -EFAULT);
	EXPECT_EQ(probe_write_u8(BASE + PAGE_SIZE, 1), 0);
	EXPECT_EQ(space_protect(&first, BASE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(probe_write_u8(BASE, 1), 0);
	EXPECT_EQ(space_map(&first, BASE + PAGE_SIZE, 0, PAGE_SIZE, RW), -EEXIST);
	EXPECT_EQ(space_unmap(&first, BASE + PAGE_SIZE, PAGE_SIZE, true), 0);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE + PAGE_SIZE, false), 0);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE, false), cpus_online());
	EXPECT_EQ(space_unmap(&first, BASE, 3 * PAGE_SIZE, true), 0);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE, true), 0);
	EXPECT_EQ(first.loaded, 0);
	space_destroy(&first);
	EXPECT_EQ(balance_frames_free(), free);
}

/* A map that meets something takes back what it mapped before, and no more. */
TEST(space, failed_map_leaves_nothing_behind)
{
	struct frame *block = frame_alloc_order(4, UINT64_MAX, FRAME_TAG_TEST);

	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_TRUE(block && map_fresh(&first, BASE + 5 * PAGE_SIZE, 1));
	space_switch(&first);
	EXPECT_EQ(space_map(&first, BASE, frame_to_phys(block), 16 * PAGE_SIZE, RW), -EEXIST);
	for (size_t i = 0; i < 16; i++) {
		uint64_t value;

		EXPECT_EQ(probe_read_u64(BASE + i * PAGE_SIZE, &value), i == 5 ? 0 : -EFAULT);
	}
	space_switch(NULL);
	space_unmap(&first, BASE, 16 * PAGE_SIZE, true);
	space_destroy(&first);
	frame_free_order(block, 4);
}

static void look_at_both(void *argument)
{
	uint64_t *wrong = argument;

	for (unsigned i = 0; i < 100; i++) {
		struct space *space = i % 2 ? &first : &second;
		struct page_table_path path;
		uint64_t value;

		space_switch(space);
		page_table_lookup(&space->table, BASE, &path);
		if (probe_read_u64(BASE, &value) != 0 || value != pte_address(path.entries[0]))
			atomic_fetch_add_relaxed(wrong, (uint64_t)1);
	}
	space_switch(NULL);
}

TEST(space, same_address_in_two_spaces)
{
	uint64_t wrong = 0;

	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_EQ(space_create(&second, "second"), 0);
	ASSERT_TRUE(map_fresh(&first, BASE, 1) && map_fresh(&second, BASE, 1));
	on_each_cpu(look_at_both, &wrong);
	EXPECT_EQ(wrong, 0);
	space_unmap(&first, BASE, PAGE_SIZE, true);
	space_unmap(&second, BASE, PAGE_SIZE, true);
	space_destroy(&first);
	space_destroy(&second);
}

/* More spaces than a small width has ids: with asid-bits=2 every few switches roll over. */
#define SPACES 24

static struct space many[SPACES];
static uint64_t stamps[SPACES];

static void visit_many(void *argument)
{
	uint64_t *wrong = argument;

	for (unsigned i = 0; i < 4 * SPACES; i++) {
		unsigned at = (i * 7 + cpu_current() * 5) % SPACES;
		uint64_t value;

		space_switch(&many[at]);
		if (probe_read_u64(BASE, &value) != 0 || value != stamps[at])
			atomic_fetch_add_relaxed(wrong, (uint64_t)1);
	}
	space_switch(NULL);
}

TEST(space, more_spaces_than_ids)
{
	uint64_t rollovers = space_rollovers();
	uint64_t wrong = 0;

	for (unsigned i = 0; i < SPACES; i++) {
		struct frame *frame = stamped_frame();

		ASSERT_EQ(space_create(&many[i], "many"), 0);
		ASSERT_TRUE(frame);
		stamps[i] = frame_to_phys(frame);
		ASSERT_EQ(space_map(&many[i], BASE, stamps[i], PAGE_SIZE, RW), 0);
	}
	for (unsigned round = 0; round < 5; round++)
		on_each_cpu(visit_many, &wrong);
	EXPECT_EQ(wrong, 0);
	test_note("%u bits of id, %llu rollovers", space_id_bits(),
		  (unsigned long long)(space_rollovers() - rollovers));
	if (space_id_bits() && (1U << space_id_bits()) <= SPACES)
		EXPECT_NE(space_rollovers(), rollovers);
	for (unsigned i = 0; i < SPACES; i++) {
		space_unmap(&many[i], BASE, PAGE_SIZE, true);
		space_destroy(&many[i]);
	}
}

/* ---- Who is asked ---- */

#define MANY_PAGES 512

static void expect_asked(uint64_t cpus, struct tlb_statistics before)
{
	struct tlb_statistics now = counted();
	uint64_t others = cpus & ~SELF;

	EXPECT_EQ(now.requests - before.requests, 1);
	if (mmu_broadcasts())
		EXPECT_EQ(now.broadcasts - before.broadcasts, others != 0);
	else
		EXPECT_EQ(now.ipis - before.ipis, bit_count(&others, 64));
}

/* One request, and one interrupt for each CPU that has it loaded, however many the pages. */
TEST(space, unmapping_many_pages_asks_each_holder_once)
{
	for (uint64_t holders = SELF;; holders = cpus_online()) {
		struct tlb_statistics before;

		ASSERT_EQ(space_create(&first, "first"), 0);
		ASSERT_TRUE(map_fresh(&first, BASE, MANY_PAGES));
		on_cpus(holders, switch_to, &first);
		EXPECT_EQ(first.loaded, holders);
		before = counted();
		EXPECT_EQ(space_unmap(&first, BASE, MANY_PAGES * PAGE_SIZE, true), 0);
		expect_asked(holders, before);
		on_cpus(holders, switch_to, NULL);
		space_destroy(&first);
		if (holders == cpus_online())
			break;
	}
}

TEST(space, who_has_left_is_not_interrupted)
{
	uint64_t others = cpus_online() & ~SELF;
	struct tlb_statistics before;

	if (!others) {
		test_skip("there is one CPU");
		return;
	}
	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_TRUE(map_fresh(&first, BASE, 2));
	space_switch(&first);
	EXPECT_EQ(readable_on(others, &first, BASE, true), others);
	before = counted();
	EXPECT_EQ(space_unmap(&first, BASE, PAGE_SIZE, true), 0);
	EXPECT_EQ(counted().ipis - before.ipis, 0);
	/* With ids they had it cached, and must not find it when they come again. */
	EXPECT_EQ(readable_on(others, &first, BASE, false), 0);
	EXPECT_EQ(readable_on(others, NULL, BASE + PAGE_SIZE, true), others);
	space_switch(NULL);
	space_unmap(&first, BASE, 2 * PAGE_SIZE, true);
	space_destroy(&first);
}

TEST(space, who_lends_is_not_interrupted_unless_tables_go)
{
	uint64_t others = cpus_online() & ~SELF;
	struct tlb_statistics before;

	if (!others) {
		test_skip("there is one CPU");
		return;
	}
	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_TRUE(map_fresh(&first, BASE, 2));
	EXPECT_EQ(readable_on(cpus_online(), &first, BASE, false), cpus_online());
	on_cpus(others, lend, NULL);
	before = counted();
	EXPECT_EQ(space_unmap(&first, BASE, PAGE_SIZE, true), 0);
	EXPECT_EQ(counted().ipis - before.ipis, 0);
	EXPECT_EQ(readable_on(others, &first, BASE, false), 0);
	EXPECT_EQ(readable_on(others, &first, BASE + PAGE_SIZE, false), others);
	on_cpus(others, lend, NULL);
	before = counted();
	/* The last page goes, and its tables with it. */
	EXPECT_EQ(space_unmap(&first, BASE + PAGE_SIZE, PAGE_SIZE, true), 0);
	if (!mmu_broadcasts())
		EXPECT_EQ(counted().ipis - before.ipis, bit_count(&others, 64));
	space_switch(NULL);
	/* Lent, it does not keep the space from going. */
	space_destroy(&first);
	EXPECT_EQ(first.loaded, 0);
}

/* A shoot-down under a lock reaches CPUs that spin for that lock with interrupts disabled. */
static struct spinlock spun_for = SPINLOCK_INITIALISER("spun for");
static DEFINE_PER_CPU(struct timer, spin_timer);
static uint32_t spinning; /* atomic */
static uint64_t still_readable;

static void spin(struct timer *timer)
{
	uint64_t value;

	(void)timer;
	space_switch(&first);
	probe_read_u64(BASE, &value);
	atomic_fetch_add_relaxed(&spinning, 1);
	spinlock_lock(&spun_for);
	spinlock_unlock(&spun_for);
	if (probe_read_u64(BASE, &value) == 0)
		atomic_fetch_or_relaxed(&still_readable, SELF);
	space_switch(NULL);
	/* Release, pairs with shoot_down_under_a_lock in tests/kernel/space.c. */
	atomic_fetch_sub_release(&spinning, 1);
}

static void start_spinning(void *argument)
{
	struct timer *timer = &this_cpu(spin_timer);

	(void)argument;
	timer->function = spin;
	timer_start(timer, clock_ns());
}

TEST(space, shoot_down_under_a_lock_that_others_spin_for)
{
	unsigned long irq;

	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_TRUE(map_fresh(&first, BASE, 1));
	still_readable = 0;
	irq = spinlock_lock_irqsave(&spun_for);
	on_cpus(cpus_online() & ~SELF, start_spinning, NULL);
	while (atomic_load_relaxed(&spinning) != cpus_online_count() - 1)
		cpu_relax();
	EXPECT_EQ(space_unmap(&first, BASE, PAGE_SIZE, true), 0);
	spinlock_unlock_irqrestore(&spun_for, irq);
	/* Acquire, pairs with spin in tests/kernel/space.c. */
	while (atomic_load_acquire(&spinning) != 0)
		cpu_relax();
	EXPECT_EQ(still_readable, 0);
	space_destroy(&first);
}

/* ---- Splitting, collapsing, use ---- */

TEST(space, large_page_is_split_and_collapsed)
{
	struct frame *block = frame_alloc_order(9, UINT64_MAX, FRAME_TAG_TEST);
	size_t size = PAGE_LEVEL_SIZE(1);
	struct page_table_path path;
	uint64_t value;

	ASSERT_TRUE(block);
	ASSERT_EQ(space_create(&first, "first"), 0);
	for (size_t i = 0; i < PAGE_TABLE_ENTRIES; i++)
		*(uint64_t *)frame_to_virt(block + i) = i;
	ASSERT_EQ(space_map(&first, BASE, frame_to_phys(block), size, RW), 0);
	page_table_lookup(&first.table, BASE, &path);
	EXPECT_EQ(path.leaf_level, 1);
	EXPECT_EQ(readable_on(cpus_online(), &first, BASE + 7 * PAGE_SIZE, false), cpus_online());

	EXPECT_EQ(space_protect(&first, BASE + 7 * PAGE_SIZE, PAGE_SIZE, PAGE_READ), 0);
	page_table_lookup(&first.table, BASE, &path);
	EXPECT_EQ(path.leaf_level, 0);
	for (size_t i = 0; i < PAGE_TABLE_ENTRIES; i++) {
		ASSERT_EQ(probe_read_u64(BASE + i * PAGE_SIZE, &value), 0);
		ASSERT_EQ(value, i);
		ASSERT_EQ(probe_write_u8(BASE + i * PAGE_SIZE + 8, 1), i == 7 ? -EFAULT : 0);
	}
	EXPECT_EQ(space_collapse(&first, BASE, 1), -EINVAL);
	EXPECT_EQ(space_protect(&first, BASE + 7 * PAGE_SIZE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(space_collapse(&first, BASE, 1), 0);
	page_table_lookup(&first.table, BASE, &path);
	EXPECT_EQ(path.leaf_level, 1);
	EXPECT(pte_flags(path.entries[1]) & PAGE_DIRTY);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE + 511 * PAGE_SIZE, false), cpus_online());

	/* Part of it goes; the rest stays where it is. */
	EXPECT_EQ(space_unmap(&first, BASE + PAGE_SIZE, PAGE_SIZE, false), 0);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE + PAGE_SIZE, false), 0);
	EXPECT_EQ(readable_on(cpus_online(), NULL, BASE + 2 * PAGE_SIZE, true), cpus_online());
	EXPECT_EQ(space_unmap(&first, BASE, size, false), 0);
	space_destroy(&first);
	frame_free_order(block, 9);
}

/* By hardware or by fault: the bits say what was done. */
TEST(space, accessed_and_dirty)
{
	struct frame *frame = stamped_frame();
	uint64_t value;

	ASSERT_TRUE(frame);
	ASSERT_EQ(space_create(&first, "first"), 0);
	ASSERT_EQ(space_map(&first, BASE, frame_to_phys(frame), PAGE_SIZE, RW | PAGE_TRACKED), 0);
	space_switch(&first);
	for (unsigned round = 0; round < 3; round++) {
		unsigned both = PAGE_ACCESSED | PAGE_DIRTY;

		EXPECT_EQ(space_clear_use(&first, BASE, PAGE_SIZE, both), 0);
		EXPECT_EQ(probe_read_u64(BASE, &value), 0);
		EXPECT_EQ(space_clear_use(&first, BASE, PAGE_SIZE, both), PAGE_ACCESSED);
		EXPECT_EQ(probe_write_u8(BASE, 1), 0);
		EXPECT_EQ(space_clear_use(&first, BASE, PAGE_SIZE, both), both);
	}
	EXPECT_EQ(space_protect(&first, BASE, PAGE_SIZE, PAGE_READ), 0);
	EXPECT_EQ(probe_write_u8(BASE, 1), -EFAULT);
	space_switch(NULL);
	space_unmap(&first, BASE, PAGE_SIZE, true);
	space_destroy(&first);
}

/* ---- Storm ---- */

/*
 * The boot CPU maps, unmaps and protects pages at random, with frames that go round; the others
 * read and write through the space. A frame's first word is its address while it is mapped and
 * changes before it is freed: whoever reads anything else has read through a stale translation.
 */
#define STORM_PAGES 64
#define POISON 0xdeadUL

static struct {
	struct frame *frames[STORM_PAGES]; /* the boot CPU's */
	uint64_t stale;                    /* atomic */
	uint64_t reads;                    /* atomic */
} life;
static DEFINE_PER_CPU(struct random, life_random);

static void change_at_random(void)
{
	struct random *random = test_random();
	size_t at = random_below(random, STORM_PAGES);
	uintptr_t address = BASE + at * PAGE_SIZE;

	if (!life.frames[at]) {
		life.frames[at] = stamped_frame();
		if (life.frames[at])
			EXPECT_EQ(space_map(&first, address, frame_to_phys(life.frames[at]),
					    PAGE_SIZE, RW),
				  0);
		return;
	}
	if (random_below(random, 3) == 0) {
		EXPECT_EQ(space_protect(&first, address, PAGE_SIZE,
					random_below(random, 2) ? RW : PAGE_READ),
			  0);
		return;
	}
	EXPECT_EQ(space_unmap(&first, address, PAGE_SIZE, false), 0);
	/* From here on nobody may see it: the word says so. */
	atomic_store_relaxed((uint64_t *)frame_to_virt(life.frames[at]), POISON);
	frame_free(life.frames[at]);
	life.frames[at] = NULL;
}

static void read_at_random(void)
{
	struct random *random = &this_cpu(life_random);
	uint64_t value;

	/* Storms run in a handler on other CPUs, where no interrupt comes. */
	on_cpu_serve_immediate();
	if (space_loaded() != &first)
		space_switch(&first);
	if (probe_read_u64(BASE + random_below(random, STORM_PAGES) * PAGE_SIZE, &value) == 0) {
		atomic_fetch_add_relaxed(&life.reads, (uint64_t)1);
		if (value == POISON || value % PAGE_SIZE != 0 || value == 0)
			atomic_fetch_add_relaxed(&life.stale, (uint64_t)1);
	}
	probe_write_u8(BASE + random_below(random, STORM_PAGES) * PAGE_SIZE + 8, 1);
	switch (random_below(random, 16)) {
	case 0:
		space_switch(NULL);
		break;
	case 1:
		space_lend();
		space_switch(&first);
		break;
	default:
		break;
	}
}

static void life_turn(void *argument)
{
	(void)argument;
	if (cpu_current() == 0)
		change_at_random();
	else
		read_at_random();
}

static void seed_life(void *argument)
{
	random_seed(&this_cpu(life_random), *(uint64_t *)argument + cpu_current());
}

TEST(space, storm_of_changes_and_readers)
{
	static struct storm storm;
	uint64_t seed = random_u64(test_random());
	uint64_t free = balance_frames_free();

	memset(&life, 0, sizeof(life));
	on_each_cpu(seed_life, &seed);
	ASSERT_EQ(space_create(&first, "first"), 0);
	storm = (struct storm){ .turn = life_turn, .ms = 500, .turns_each = 100 };
	storm_run(&storm);
	on_each_cpu(switch_to, NULL);
	test_note("%llu changes, %llu reads", (unsigned long long)storm.turns[0],
		  (unsigned long long)life.reads);
	EXPECT_EQ(life.stale, 0);
	EXPECT_EQ(space_unmap(&first, BASE, STORM_PAGES * PAGE_SIZE, true), 0);
	space_destroy(&first);
	EXPECT_EQ(balance_frames_free(), free);
}

DEATH_TEST(space, destroyed_while_loaded, "space first: destroyed while CPUs 0x1 have it loaded")
{
	if (space_create(&first, "first") == 0) {
		space_switch(&first);
		space_destroy(&first);
	}
}
