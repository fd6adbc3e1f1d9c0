/*
 * What each name of arch/barrier.h is on x86_64, and why that is enough; section numbers are of SDM
 * vol. 3.
 */
#include <arch/barrier_table.h>

#define NO_INSTRUCTION "(compiler only)"

const struct barrier_row barrier_table[] = {
	{ "barrier()", NO_INSTRUCTION,
	  "the compiler moves no memory access across it; the CPU does not see it" },
	{ "smp_mb()", "lock addl $0, -4(%rsp)",
	  "all before all: a store may pass a later load (9.2.3.4), and a locked instruction "
	  "forbids it (9.2.3.9)" },
	{ "smp_rmb()", NO_INSTRUCTION,
	  "loads before loads: loads are not reordered with loads (9.2.2)" },
	{ "smp_wmb()", NO_INSTRUCTION,
	  "stores before stores: stores are not reordered with stores (9.2.2)" },
	{ "smp_fence_acquire()", NO_INSTRUCTION,
	  "earlier loads before all later accesses: nothing passes an earlier load (9.2.2)" },
	{ "smp_fence_release()", NO_INSTRUCTION,
	  "all earlier accesses before later stores: a store passes no earlier access (9.2.2)" },
	{ "mb()", "mfence",
	  "all before all, write-combining and non-temporal accesses among them (9.2.5)" },
	{ "rmb()", "lfence",
	  "loads before loads, those of write-combining memory among them (9.2.5)" },
	{ "wmb()", "sfence",
	  "stores before stores, write-combining and non-temporal ones among them (9.2.5)" },
	{ "dma_mb()", "lock addl $0, -4(%rsp)",
	  "as smp_mb(): devices see memory in the order CPUs see it" },
	{ "dma_rmb()", NO_INSTRUCTION,
	  "as smp_rmb(): devices see memory in the order CPUs see it" },
	{ "dma_wmb()", NO_INSTRUCTION,
	  "as smp_wmb(): devices see memory in the order CPUs see it" },
};

const size_t barrier_table_rows = sizeof(barrier_table) / sizeof(barrier_table[0]);
