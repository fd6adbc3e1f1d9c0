/*
 * The rows of arch/barrier.h and arch/mmu.h in words. Constant; no lock.
 */
#include <arch/barrier_table.h>

const struct barrier_row barrier_table[] = {
	{ "barrier()", "none", "stops the compiler only" },
	{ "smp_mb()", "fence rw, rw",
	  "orders loads and stores before with loads and stores after, among CPUs" },
	{ "smp_rmb()", "fence r, r", "loads before with loads after" },
	{ "smp_wmb()", "fence w, w", "stores before with stores after" },
	{ "smp_fence_acquire()", "fence r, rw", "loads before with loads and stores after" },
	{ "smp_fence_release()", "fence rw, w", "loads and stores before with stores after" },
	{ "mb()", "fence iorw, iorw", "everything, device registers (i, o) included" },
	{ "rmb()", "fence ir, ir",
	  "loads and register reads before with loads and register reads after" },
	{ "wmb()", "fence ow, ow",
	  "stores and register writes before with stores and register writes after" },
	{ "dma_mb()", "fence rw, rw",
	  "memory shared with a coherent device is normal memory: as among CPUs" },
	{ "dma_rmb()", "fence r, r", "loads before with loads after, as the device sees them" },
	{ "dma_wmb()", "fence w, w", "stores before with stores after, as the device sees them" },
	{ "mmio_read()", "fence ior, i; load; fence i, rw",
	  "register accesses in order; what it announced is read after it" },
	{ "mmio_write()", "fence iorw, o; store; fence o, w",
	  "what the device is told of is in memory; a lock released after it is released after "
	  "it" },
	{ "atomic load_acquire", "load; fence r, rw",
	  "there is no ordered load; the fence keeps later accesses behind it" },
	{ "atomic store_release", "fence rw, w; store",
	  "there is no ordered store; the fence keeps it behind earlier accesses" },
	{ "atomic acq_rel", "amo.aqrl, lr.aq .. sc.rl",
	  "acquire and release; the loop is no full barrier: later accesses may pass the sc, "
	  "earlier ones the lr" },
	{ "mmu_publish()", "sfence.vma; SBI remote_sfence_vma",
	  "an entry that was not valid may be cached, on every hart" },
	{ "tlb_invalidate_*()", "sfence.vma; SBI remote_sfence_vma",
	  "stores to the tables before later walks, cached translations dropped; other harts by "
	  "the SBI, done on return" },
	{ "icache_synchronise()", "fence.i; SBI remote_fence_i",
	  "stores before later instruction fetches, on every hart" },
};

const size_t barrier_table_rows = sizeof(barrier_table) / sizeof(barrier_table[0]);
