/*
 * Shoot-down: who has to drop a translation, and how it is known that all have.
 *
 * CPU 0 takes a mapping away          CPU 1 has the space loaded      CPU 2 had it before
 * -----------------------------       --------------------------      -------------------
 * clears the entry
 * full barrier                 (1)
 * loaded → {0, 1}
 * current ∖ {those not loaded} (2)                                    its bit is gone
 * loaded again                 (3)
 * drops its own
 * request to CPU 1 ───────────────→   interrupt, or a turn of a spin:
 *                                     drops it; says so
 * sees that                     ←───
 * releases frame and tables                                           loads the space: bit in
 *                                                                     `loaded`         (4)
 *                                                                     no bit in `current` (5):
 *                                                                     drops the id, sets the bit
 *
 * Why nobody is forgotten. A CPU c may hold the old translation. If it is in `loaded` at the first
 * or at the second look, it is asked. Else it had left before the first look and comes back, if
 * ever, after the second one: (4) after (3), so (5) after (2), and it finds its bit gone and drops
 * the id. Did it come and pass (5) before (2), then (4) came before (3), and it is asked after all.
 * (2), (3), (4), (5) are sequentially consistent, so these are all the cases. A CPU that is asked
 * after it has left drops for nothing; its bit stays, and may, for it has dropped what was lost.
 * What a CPU walks after (5) or after its invalidation it finds as the tables are after (1).
 *
 * A CPU that lends the space (space_lend()) is in `loaded` and must not be interrupted. It loses
 * its bit in `current` first, then its word goes from LENT to STALE, unless it uses the space by
 * then: one word decides, so either it is asked, or it finds STALE before it uses a lower address.
 * When tables went it is asked all the same: its walker could still read them.
 *
 * AArch64 tells all CPUs by itself; there it only matters whether another CPU may hold anything.
 * Kernel translations are on every CPU that is online; one that comes drops everything behind its
 * entry in that set (tlb_join()).
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <lib/bits.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu_counter.h>

static DEFINE_PERCPU_COUNTER(requests);
static DEFINE_PERCPU_COUNTER(broadcasts);
static DEFINE_PERCPU_COUNTER(local);
static DEFINE_PERCPU_COUNTER(ipis);
static DEFINE_PERCPU_COUNTER(pages);
static DEFINE_PERCPU_COUNTER(full);
static DEFINE_PERCPU_COUNTER(deferred);

/*
 * Atomic. RISC-V's firmware can have other harts fence, too (SBI RFENCE), and we do not let it:
 * when all CPUs unmap one page at a time (make bench ARCH=riscv64 BENCH='mm.shoot*', five runs of
 * OpenSBI 1.1 on QEMU 7.2, medians), 2 CPUs took 13.9 us an operation by the firmware and 11.6 us
 * by our own interrupts, 4 CPUs on the host's 2 cores 7,220 us and 396 us: who waits in the
 * firmware spins there with interrupts disabled, for harts whose vCPU does not run.
 */
static uint32_t uses_firmware;

/* CPUs that translate kernel addresses: early in boot this one is not online yet. */
static uint64_t all_cpus(void)
{
	return cpus_online() | (uint64_t)1 << cpu_current();
}

static void invalidate_here(void *argument)
{
	/* On an interrupted CPU: pairs with ask in mm/tlb.c, which waits for it. */
	tlb_invalidate_local(argument);
	tlb_shadow_invalidated(cpu_current(), argument);
}

/* For a broadcast, or the firmware: they do not come by. */
static void note_invalidated(uint64_t cpus, const struct tlb_request *request)
{
	(void)request;
	for_each_cpu(cpu, cpus)
		tlb_shadow_invalidated((unsigned)cpu, request);
}

/* Has a set of CPUs drop it, this one perhaps among them, and waits. Interrupts disabled. */
static void ask(uint64_t cpus, struct tlb_request *request)
{
	uint64_t self = (uint64_t)1 << cpu_current();
	uint64_t others = cpus & ~self;

	if (!others) {
		percpu_counter_add(&local, 1);
		if (cpus)
			invalidate_here(request);
		return;
	}
	/*
	 * The machine's own way orders the stores to the tables before: pairs with entry_write in
	 * mm/page_table_walk.h, and with the walks of those CPUs.
	 */
	if ((mmu_broadcasts() || atomic_load_relaxed(&uses_firmware)) &&
	    tlb_invalidate_on(cpus, request)) {
		if (mmu_broadcasts())
			percpu_counter_add(&broadcasts, 1);
		else
			percpu_counter_add(&ipis, bit_count(&others, 64));
		note_invalidated(mmu_broadcasts() ? all_cpus() : cpus, request);
		return;
	}
	percpu_counter_add(&ipis, on_cpus_immediate(cpus, invalidate_here, request));
}

/* Clears the bits in `current` of CPUs, which then drop the id when they next load the space. */
static uint64_t leave_alone(struct space *space, uint64_t cpus)
{
	/* Full barrier, pairs with load in mm/space.c: (2) of the head. */
	return atomic_fetch_and_seq_cst(&space->current, ~cpus) & cpus;
}

/* since: tlb_shadow_time() of before they were left alone. */
static void note_deferred(struct space *space, uint64_t cpus, uint64_t since)
{
	if (!cpus)
		return;
	percpu_counter_add(&deferred, bit_count(&cpus, 64));
	tlb_shadow_deferred(&space->table, cpus, since);
}

/* Those of the set that lend what they have loaded, and will drop the id instead of being asked. */
static uint64_t lent_among(struct space *space, uint64_t cpus)
{
	uint64_t since = tlb_shadow_time();
	uint64_t stale = 0;

	for_each_cpu(cpu, cpus) {
		if (cpu == cpu_current() || !space_lends((unsigned)cpu))
			continue;
		leave_alone(space, (uint64_t)1 << cpu);
		if (space_mark_stale((unsigned)cpu))
			stale |= (uint64_t)1 << cpu;
	}
	note_deferred(space, stale, since);
	return stale;
}

/* The CPUs to ask; the others are left to drop the id. */
static uint64_t reached(struct space *space, bool tables)
{
	uint64_t since = tlb_shadow_time();
	/* Full barriers, pairs with space_switch in mm/space.c: (1) and (3) of the head. */
	uint64_t cpus = atomic_load_seq_cst(&space->loaded);
	uint64_t left = leave_alone(space, ~cpus);

	cpus |= atomic_load_seq_cst(&space->loaded); /* pairs with space_switch in mm/space.c */
	note_deferred(space, left & ~cpus, since);
	return tables ? cpus : cpus & ~lent_among(space, cpus);
}

static void invalidate_space(struct space *space, struct tlb_request *request)
{
	uint64_t holders;

	request->id = space_hardware_id(space);
	if (!mmu_broadcasts()) {
		ask(reached(space, request->tables), request);
		return;
	}
	/* Full barrier, pairs with space_switch in mm/space.c: (1). */
	holders = atomic_load_seq_cst(&space->loaded) | atomic_load_seq_cst(&space->current);
	ask(holders, request);
}

void tlb_invalidate(struct space *space, uintptr_t address, size_t size, unsigned level,
		    bool tables)
{
	unsigned long irq = interrupts_save();
	size_t count = ((size - 1) >> PAGE_LEVEL_SHIFT(level)) + 1;
	struct tlb_request request = {
		.address = address, .size = size, .level = level, .tables = tables
	};

	percpu_counter_add(&requests, 1);
	if (count > tlb_range_pages_max) {
		request.size = TLB_EVERYTHING;
		percpu_counter_add(&full, 1);
	} else {
		percpu_counter_add(&pages, count);
	}
	/*
	 * (1): the caller's stores to the tables before the look at who is there, and at the id.
	 * Pairs with use_slowly in mm/asid.c, and with space_switch in mm/space.c and tlb_join in
	 * mm/tlb.c.
	 */
	smp_mb();
	if (space_is_kernel(space)) {
		request.id = TLB_GLOBAL;
		ask(all_cpus(), &request);
	} else {
		invalidate_space(space, &request);
	}
	interrupts_restore(irq);
}

void tlb_join(void)
{
	struct tlb_request everything = { .size = TLB_EVERYTHING, .id = TLB_GLOBAL };

	/* In the set before its walks: pairs with tlb_invalidate in mm/tlb.c. */
	smp_mb();
	invalidate_here(&everything);
}

void tlb_statistics(struct tlb_statistics *statistics)
{
	*statistics = (struct tlb_statistics){
		.requests = percpu_counter_sum(&requests),
		.broadcasts = percpu_counter_sum(&broadcasts),
		.local = percpu_counter_sum(&local),
		.ipis = percpu_counter_sum(&ipis),
		.pages = percpu_counter_sum(&pages),
		.full = percpu_counter_sum(&full),
		.deferred = percpu_counter_sum(&deferred),
		.rollovers = space_rollovers(),
		.spurious = space_spurious_faults(),
	};
}

void tlb_use_firmware(bool use)
{
	atomic_store_relaxed(&uses_firmware, use);
}
