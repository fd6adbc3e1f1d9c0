/*
 * Barriers: every row of arch/barrier.h, and every function of arch/mmu.h that maintains TLB or
 * instruction caches, is executed on every CPU; and the table that people see names them all. What
 * they order is the litmus tests' affair, and what the functions achieve that of paging.c: here,
 * none may trap, hang or change anything.
 */
#include <arch/barrier.h>
#include <arch/barrier_table.h>
#include <arch/mmu.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <lib/bits.h>
#include <mm/kspace.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

/* In the order of the three files. */
#define FOR_EACH_BARRIER(row)                                                                      \
	row(barrier) row(smp_mb) row(smp_rmb) row(smp_wmb) row(smp_fence_acquire) row(             \
		smp_fence_release) row(smp_fence_acq_rel) row(smp_fence_seq_cst) row(mb) row(rmb)  \
		row(wmb) row(dma_mb) row(dma_rmb) row(dma_wmb) row(pte_publish_barrier)            \
			row(tlb_invalidate_begin_local) row(tlb_invalidate_complete_local)         \
				row(tlb_invalidate_begin) row(tlb_invalidate_complete)             \
					row(code_publish_barrier) row(instruction_barrier)

#define BARRIER_CALL(name) name();
#define BARRIER_NAME(name) #name "()",

#define ROUNDS 100

/* Registers that a barrier may not change hold a value across it. */
static void execute_barriers(void *argument)
{
	uint64_t *cpus = argument;
	uint64_t sum = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		sum += i;
		FOR_EACH_BARRIER(BARRIER_CALL)
	}
	/* Relaxed: read after on_each_cpu(), which orders. */
	if (sum == ROUNDS * (ROUNDS - 1) / 2)
		atomic_fetch_or_relaxed(cpus, (uint64_t)1 << cpu_current());
}

TEST(barrier, every_cpu_executes_every_row)
{
	uint64_t cpus = 0;

	on_each_cpu(execute_barriers, &cpus);
	EXPECT_EQ(cpus, cpus_online());
}

/* Changed by the timer interrupt, of which the compiler knows nothing. */
static uint64_t changed;

static void change(struct timer *timer)
{
	(void)timer;
	changed = 1;
}

/* Long enough for a timer on any host; what keeps the word in a register ends here only. */
#define SPINS_MAX (1U << 30)

#define BARRIER_RELOADS(name)                                                                      \
	do {                                                                                       \
		changed = 0;                                                                       \
		timer_start(&timer, clock_ns() + NS_PER_MS / 10);                                  \
		for (spins = 0; !changed && spins < SPINS_MAX; spins++)                            \
			name();                                                                    \
		if (spins == SPINS_MAX)                                                            \
			test_fail(__FILE__, __LINE__, "the compiler kept a value across %s()",     \
				  #name);                                                          \
		timer_cancel(&timer);                                                              \
	} while (0);

TEST(barrier, the_compiler_obeys)
{
	struct timer timer = { .function = change };
	unsigned spins;

	FOR_EACH_BARRIER(BARRIER_RELOADS)
}

TEST(barrier, table_names_every_row)
{
	static const char *const names[] = { FOR_EACH_BARRIER(BARRIER_NAME) };
	size_t count = sizeof(names) / sizeof(names[0]);

	ASSERT_GE(barrier_table_rows, count);
	for (size_t i = 0; i < barrier_table_rows; i++) {
		const struct barrier_row *row = &barrier_table[i];

		if (i < count)
			EXPECT_STR_EQ(row->name, names[i]);
		EXPECT_LE(row->species, BARRIER_INSTRUCTION_FETCH);
		EXPECT(row->instruction[0] && row->orders[0] && row->reason[0]);
		for (size_t other = 0; other < i; other++)
			EXPECT(strcmp(row->name, barrier_table[other].name) != 0);
	}
}

/* ---- Maintenance ---- */

#define PAGES 3

/* Ranges below and above the number of pages from which on everything is dropped. */
static const size_t range_pages[] = { 1, PAGES, 63, 64, 65, 512, 513 };
static const uint64_t ids[] = { 0, 1, TLB_GLOBAL, TLB_EVERY_ID };

struct maintenance {
	char *pages;
	uint64_t cpus; /* atomic: who came through */
};

/* On the CPU's own, and, when they run at the same time, against each other. */
static void maintain(void *argument)
{
	struct maintenance *maintenance = argument;
	uintptr_t address = (uintptr_t)maintenance->pages;

	mmu_load_kernel_root(mmu_kernel_root());
	for (size_t i = 0; i < sizeof(range_pages) / sizeof(range_pages[0]); i++) {
		size_t size = range_pages[i] * PAGE_SIZE;

		mmu_publish(address, size);
		mmu_publish_local(address, size);
		for (size_t id = 0; id < ARRAY_SIZE(ids); id++) {
			struct tlb_request request = {
				.address = address,
				.size = i & 1 ? TLB_EVERYTHING : size,
				.id = ids[id],
				.tables = i & 2,
			};

			tlb_invalidate_local(&request);
			tlb_invalidate_on(cpus_online(), &request);
		}
	}
	icache_synchronise(address, PAGE_SIZE);
	icache_synchronise(address + 4, 4);
	if (maintenance->pages[PAGE_SIZE] == 42)
		atomic_fetch_or_relaxed(&maintenance->cpus, (uint64_t)1 << cpu_current());
}

TEST(barrier, every_cpu_maintains_its_translations)
{
	struct maintenance maintenance = {
		.pages = kspace_alloc(PAGES * PAGE_SIZE, PAGE_READ | PAGE_WRITE, FRAME_TAG_TEST),
	};

	ASSERT_TRUE(maintenance.pages);
	maintenance.pages[PAGE_SIZE] = 42;
	for_each_online_cpu(cpu)
		EXPECT_EQ(on_cpu((unsigned)cpu, maintain, &maintenance), 0);
	EXPECT_EQ(maintenance.cpus, cpus_online());
	maintenance.cpus = 0;
	on_each_cpu(maintain, &maintenance);
	EXPECT_EQ(maintenance.cpus, cpus_online());
	tlb_invalidate(kernel_space(), (uintptr_t)maintenance.pages, PAGES * PAGE_SIZE, 0, false);
}
