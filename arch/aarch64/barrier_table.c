/*
 * The rows of arch/barrier.h and arch/mmu.h in words. Constant; no lock.
 */
#include <arch/barrier_table.h>

const struct barrier_row barrier_table[] = {
	{ "barrier()", "none", "stops the compiler only" },
	{ "smp_mb()", "dmb ish",
	  "orders loads and stores before with loads and stores after, among CPUs" },
	{ "smp_rmb()", "dmb ishld",
	  "loads before with loads after; it orders later stores too, there is no weaker one" },
	{ "smp_wmb()", "dmb ishst", "stores before with stores after" },
	{ "smp_fence_acquire()", "dmb ishld", "loads before with loads and stores after" },
	{ "smp_fence_release()", "dmb ish",
	  "loads and stores before with stores after: ishst would let loads pass" },
	{ "mb()", "dsb sy", "waits until every access is complete, devices included" },
	{ "rmb()", "dsb ld", "waits until every load is complete" },
	{ "wmb()", "dsb st", "waits until every store is complete" },
	{ "dma_mb()", "dmb osh", "memory shared with a device: devices are outer shareable" },
	{ "dma_rmb()", "dmb oshld",
	  "loads before with loads and stores after, as the device sees them" },
	{ "dma_wmb()", "dmb oshst", "stores before with stores after, as the device sees them" },
	{ "atomic load_acquire", "ldar",
	  "later accesses stay behind it; earlier store-releases stay before it (RCsc)" },
	{ "atomic store_release", "stlr", "earlier accesses stay before it" },
	{ "atomic acq_rel", "ldaxr .. stlxr",
	  "acquire and release, no full barrier: later loads may pass the store" },
	{ "mmu_publish()", "dsb ishst; isb",
	  "page-table stores before the walker's loads: dmb does not order the walker" },
	{ "tlb_invalidate_*()", "dsb ishst; tlbi ..is; dsb ish; isb",
	  "store seen by walkers, translation dropped on every CPU, its users done, own refetch" },
	{ "icache_synchronise()", "dc cvau; dsb ish; ic ivau; dsb ish; isb",
	  "stores to where instructions are fetched from, then old instructions dropped" },
};

const size_t barrier_table_rows = sizeof(barrier_table) / sizeof(barrier_table[0]);
