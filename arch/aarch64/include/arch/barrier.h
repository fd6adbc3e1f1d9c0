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
 * AArch64 lets every pair of accesses to different locations be reordered unless a dependency, an
 * acquire or release, or a barrier forbids it (DDI 0487, B2 "Ordering relations"). CPUs share the
 * inner shareable domain, devices the outer one. DMB orders accesses with accesses; DSB also waits
 * until they are complete, for what follows and is no access (B2 "Memory barriers"). LD means loads
 * before, ST stores before and after. Table walks, TLB and cache maintenance are ordered by DSB
 * alone, instruction fetch by ISB alone.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* ---- Compiler ---- */

#define barrier() asm volatile("" ::: "memory")

/* ---- CPU to CPU: [accesses before] -> [accesses after] ---- */

/* [rw] -> [rw]. */
#define smp_mb() asm volatile("dmb ish" ::: "memory")
/* [r] -> [r]; LD is the weakest, and orders later stores, too. */
#define smp_rmb() asm volatile("dmb ishld" ::: "memory")
/* [w] -> [w]. */
#define smp_wmb() asm volatile("dmb ishst" ::: "memory")
/* [r] -> [rw]: exactly LD. */
#define smp_fence_acquire() asm volatile("dmb ishld" ::: "memory")
/* [rw] -> [w]: ST would let earlier loads pass later stores. */
#define smp_fence_release() asm volatile("dmb ish" ::: "memory")
/* [r] -> [rw] and [w] -> [w]: LD and ST together would do; the full one is a single instruction. */
#define smp_fence_acq_rel() asm volatile("dmb ish" ::: "memory")
/* [rw] -> [rw], and all of them in one order. */
#define smp_fence_seq_cst() asm volatile("dmb ish" ::: "memory")

/* ---- CPU to device ---- */

/* [rw] -> anything: complete, so that wfi, sev, a system register may follow. */
#define mb() asm volatile("dsb sy" ::: "memory")
/* [r] -> anything. */
#define rmb() asm volatile("dsb ld" ::: "memory")
/* [w] -> anything. */
#define wmb() asm volatile("dsb st" ::: "memory")
/* [rw] -> [rw], [r] -> [rw], [w] -> [w] of memory: devices are outer shareable. */
#define dma_mb() asm volatile("dmb osh" ::: "memory")
#define dma_rmb() asm volatile("dmb oshld" ::: "memory")
#define dma_wmb() asm volatile("dmb oshst" ::: "memory")

/* ---- Translation ---- */

/* Entries became valid -> walks of all CPUs; isb: nothing behind it was walked for before. */
#define pte_publish_barrier() asm volatile("dsb ishst\n\tisb" ::: "memory")
/* Entries lost rights -> tlbi of this CPU. */
#define tlb_invalidate_begin_local() asm volatile("dsb nshst" ::: "memory")
/* tlbi of this CPU -> its accesses; isb: nothing behind it was translated before. */
#define tlb_invalidate_complete_local() asm volatile("dsb nsh\n\tisb" ::: "memory")
/* Entries lost rights -> tlbi .. is: every walker of the domain has seen the stores. */
#define tlb_invalidate_begin() asm volatile("dsb ishst" ::: "memory")
/* tlbi .. is -> accesses: every CPU has dropped the translation, and has done what used it. */
#define tlb_invalidate_complete() asm volatile("dsb ish\n\tisb" ::: "memory")

/* ---- Instruction fetch ---- */

/* dc cvau -> ic ivau, ic ivau -> fetches of every CPU. */
#define code_publish_barrier() asm volatile("dsb ish" ::: "memory")
/* What this CPU fetched ahead is dropped. */
#define instruction_barrier() asm volatile("isb" ::: "memory")

#endif
