/*
 * Barriers: one-line rows, the same names in each port, so that three of these files can be read
 * side by side.
 *
 * Three species stand here; the fourth, for page tables, TLB and instruction fetch, is arch/mmu.h.
 *   compiler   barrier()                 nothing reaches the machine
 *   CPU        smp_*                     orders accesses to normal memory as other CPUs see them
 *   device     mb, rmb, wmb, dma_*       orders accesses to registers and memory that devices share
 * arch/aarch64/barrier_table.c says the reason of each row; the `barriers` command prints it.
 *
 * AArch64 lets every pair of accesses to different locations be reordered unless a dependency, an
 * acquire or release, or a barrier forbids it (DDI 0487, B2 "Ordering constraints"). CPUs share the
 * inner shareable domain, devices the outer one. DMB orders accesses with accesses; DSB also waits
 * until they are complete, which the device barriers need when what follows is no memory access (B2
 * "Memory barriers").
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#define barrier() asm volatile("" ::: "memory")

#define smp_mb() asm volatile("dmb ish" ::: "memory")
#define smp_rmb() asm volatile("dmb ishld" ::: "memory")
#define smp_wmb() asm volatile("dmb ishst" ::: "memory")
/* LD orders earlier loads with later loads and stores: exactly an acquire fence. */
#define smp_fence_acquire() asm volatile("dmb ishld" ::: "memory")
/* ST would let earlier loads pass later stores: a release fence needs the full barrier. */
#define smp_fence_release() asm volatile("dmb ish" ::: "memory")

#define mb() asm volatile("dsb sy" ::: "memory")
#define rmb() asm volatile("dsb ld" ::: "memory")
#define wmb() asm volatile("dsb st" ::: "memory")

#define dma_mb() asm volatile("dmb osh" ::: "memory")
#define dma_rmb() asm volatile("dmb oshld" ::: "memory")
#define dma_wmb() asm volatile("dmb oshst" ::: "memory")

#endif
