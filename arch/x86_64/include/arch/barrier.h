/*
 * Barriers: one-line rows, the same names in the same order in each port, so that three of these
 * files can be read side by side. Four species, never one for another:
 *   compiler     barrier()                  nothing reaches the machine
 *   CPU          smp_*                      order accesses to normal memory as other CPUs see them
 *   device       mb, rmb, wmb, dma_*        order accesses that a device sees: its registers, and
 *                                           memory shared with it
 *   translation  pte_*, tlb_*, code_*,      order stores with page-table walks and instruction
 *                instruction_barrier()      fetches; for arch/<arch>/mmu.c, whose functions
 *                                           (arch/mmu.h) the floors above call
 * Every row is a compiler barrier, too. The `barriers` command prints arch/<arch>/barrier_table.c:
 * what each row orders, and why the instruction is enough.
 *
 * x86_64 is TSO (SDM vol. 3, 9.2.2 "Memory Ordering in P6 and More Recent Processor Families"): the
 * only reordering of accesses to normal memory is a store with a later load of another location.
 * So all CPU barriers but the full one are the compiler's affair. Devices are different: the store
 * buffers of write-combining memory and non-temporal stores keep no such order.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* ---- Compiler ---- */

#define barrier() asm volatile("" ::: "memory")

/* ---- CPU to CPU: [accesses before] -> [accesses after] ---- */

/* [rw] -> [rw]. A locked access of the stack drains the store buffer as mfence does, and sooner. */
#define smp_mb() asm volatile("lock addl $0, -4(%%rsp)" ::: "memory", "cc")
/* [r] -> [r]: TSO. */
#define smp_rmb() barrier()
/* [w] -> [w]: TSO. */
#define smp_wmb() barrier()
/* [r] -> [rw]: TSO. */
#define smp_fence_acquire() barrier()
/* [rw] -> [w]: TSO. */
#define smp_fence_release() barrier()
/* [r] -> [rw] and [w] -> [w]: TSO. */
#define smp_fence_acq_rel() barrier()
/* [rw] -> [rw], and all of them in one order. */
#define smp_fence_seq_cst() smp_mb()

/* ---- CPU to device ---- */

/* [rw] -> [rw], write-combining and non-temporal ones too. */
#define mb() asm volatile("mfence" ::: "memory")
/* [r] -> [r], of write-combining memory too; no later instruction begins before. */
#define rmb() asm volatile("lfence" ::: "memory")
/* [w] -> [w], write-combining and non-temporal ones too. */
#define wmb() asm volatile("sfence" ::: "memory")
/* As among CPUs: devices take part in the cache protocol. */
#define dma_mb() smp_mb()
#define dma_rmb() barrier()
#define dma_wmb() barrier()

/* ---- Translation ---- */

/* Entries became valid -> walks. A walk that found nothing left nothing cached, and is repeated. */
#define pte_publish_barrier() barrier()
/* Entries lost rights -> invalidation on this CPU: invlpg and moves to cr3, cr4 serialise. */
#define tlb_invalidate_begin_local() barrier()
/* Invalidation -> this CPU's accesses: the same. */
#define tlb_invalidate_complete_local() barrier()
/* Entries lost rights -> invalidation on other CPUs: ipi_send() orders the stores before it. */
#define tlb_invalidate_begin() barrier()
/* Invalidation on other CPUs -> this CPU's accesses: the answer to the interrupt acquires. */
#define tlb_invalidate_complete() barrier()

/* ---- Instruction fetch ---- */

/* Code was stored -> fetches of every CPU: fetches snoop the stores. */
#define code_publish_barrier() barrier()
/* What this CPU fetched ahead is dropped: cpuid serialises. */
#define instruction_barrier()                                                                      \
	asm volatile("xorl %%eax, %%eax\n\tcpuid" ::: "eax", "ebx", "ecx", "edx", "memory", "cc")

#endif
