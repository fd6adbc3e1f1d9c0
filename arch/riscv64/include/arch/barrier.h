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
 * RISC-V: RVWMO (unprivileged ISA 20191213, chapter 14) keeps little order by itself. A fence names
 * the kinds of access before it and after it: r and w for normal memory, i and o for device
 * registers (2.7 "Memory Ordering Instructions"). Mapping of the CPU and device rows: A.5, tables
 * A.5 and A.6. Table walks are ordered by sfence.vma alone (privileged architecture 20211203,
 * 4.2.1), instruction fetch by fence.i alone (unprivileged, chapter 3), and both for the hart that
 * executes them only: others are asked through the SBI.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* ---- Compiler ---- */

#define barrier() asm volatile("" ::: "memory")

/* ---- CPU to CPU: [accesses before] -> [accesses after] ---- */

/* [rw] -> [rw]. */
#define smp_mb() asm volatile("fence rw, rw" ::: "memory")
/* [r] -> [r]. */
#define smp_rmb() asm volatile("fence r, r" ::: "memory")
/* [w] -> [w]. */
#define smp_wmb() asm volatile("fence w, w" ::: "memory")
/* [r] -> [rw]. */
#define smp_fence_acquire() asm volatile("fence r, rw" ::: "memory")
/* [rw] -> [w]. */
#define smp_fence_release() asm volatile("fence rw, w" ::: "memory")
/* [r] -> [rw] and [w] -> [w], which is TSO: all but a store with a later load. */
#define smp_fence_acq_rel() asm volatile("fence.tso" ::: "memory")
/* [rw] -> [rw], and all of them in one order. */
#define smp_fence_seq_cst() asm volatile("fence rw, rw" ::: "memory")

/* ---- CPU to device ---- */

/* [iorw] -> [iorw]. */
#define mb() asm volatile("fence iorw, iorw" ::: "memory")
/* [ir] -> [ir]. */
#define rmb() asm volatile("fence ir, ir" ::: "memory")
/* [ow] -> [ow]. */
#define wmb() asm volatile("fence ow, ow" ::: "memory")
/* As among CPUs: memory shared with a device is normal memory, and coherent. */
#define dma_mb() asm volatile("fence rw, rw" ::: "memory")
#define dma_rmb() asm volatile("fence r, r" ::: "memory")
#define dma_wmb() asm volatile("fence w, w" ::: "memory")

/* ---- Translation ---- */

/* Entries became valid -> walks of this hart, which may have cached that they were not. */
#define pte_publish_barrier() asm volatile("sfence.vma" ::: "memory")
/* Entries lost rights -> invalidation on this hart: sfence.vma itself orders the stores before it.
 */
#define tlb_invalidate_begin_local() barrier()
/* Invalidation -> this hart's accesses: the same, for the walks behind it. */
#define tlb_invalidate_complete_local() barrier()
/* Entries changed -> invalidation on other harts: the data fence before they are asked (4.2.1). */
#define tlb_invalidate_begin() asm volatile("fence rw, rw" ::: "memory")
/* Invalidation on other harts -> this hart's accesses: the SBI returns when they have done it. */
#define tlb_invalidate_complete() barrier()

/* ---- Instruction fetch ---- */

/* Code was stored -> other harts' fence.i: the data fence before they are asked (chapter 3). */
#define code_publish_barrier() asm volatile("fence rw, rw" ::: "memory")
/* This hart's fetches see its stores; what it fetched ahead is dropped. */
#define instruction_barrier() asm volatile("fence.i" ::: "memory")

#endif
