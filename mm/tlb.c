/*
 * Invalidation on every CPU: the machine's broadcast where there is one, else a call on each other
 * CPU.
 */
#include <arch/mmu.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/on_cpu.h>

struct range {
	uintptr_t address;
	size_t size;
};

/* Statistics: relaxed, they order nothing. */
static uint64_t invalidations;
static uint64_t interrupts;

static void invalidate_here(void *argument)
{
	const struct range *range = argument;

	/* On an interrupted CPU: pairs with tlb_invalidate in mm/tlb.c, which waits for it. */
	tlb_invalidate_local(range->address, range->size);
}

void tlb_invalidate(uintptr_t address, size_t size)
{
	struct range range = { .address = address, .size = size };

	atomic_fetch_add_relaxed(&invalidations, (uint64_t)1);
	/*
	 * The caller's stores to the tables before the invalidation. Pairs with entry_write in
	 * mm/page_table.c, which made them, and with the walks of every CPU.
	 */
	if (tlb_invalidate_broadcast(address, size))
		return;
	atomic_fetch_add_relaxed(&interrupts, (uint64_t)1);
	on_each_cpu(invalidate_here, &range);
}

uint64_t tlb_invalidation_count(void)
{
	return atomic_load_relaxed(&invalidations);
}

uint64_t tlb_interrupt_count(void)
{
	return atomic_load_relaxed(&interrupts);
}
