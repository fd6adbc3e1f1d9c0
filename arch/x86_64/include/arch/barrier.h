/*
 * Barriers: one-line rows, the same names in each port, so that three of these files can be read
 * side by side.
 *
 * Three species stand here; the fourth, for page tables, TLB and instruction fetch, is arch/mmu.h.
 *   compiler   barrier()                 nothing reaches the machine
 *   CPU        smp_*                     orders accesses to normal memory as other CPUs see them
 *   device     mb, rmb, wmb, dma_*       orders accesses that a device sees: registers, and memory shared with it
 * arch/x86_64/barrier_table.c says the reason of each row; the `barriers` command prints it.
 *
 * x86_64 is TSO (SDM vol. 3, 9.2.2): the only reordering of normal accesses is a store with a later
 * load of another location. So all but smp_mb() are compiler barriers among CPUs.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#define barrier() asm volatile("" ::: "memory")

/*
 * A locked read-modify-write of the stack drains the store buffer as mfence does, and faster (SDM
 * vol. 3, 9.2.3.9).
 */
#define smp_mb() asm volatile("lock addl $0, -4(%%rsp)" ::: "memory", "cc")
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_fence_acquire() barrier()
#define smp_fence_release() barrier()

#define mb() asm volatile("mfence" ::: "memory")
#define rmb() asm volatile("lfence" ::: "memory")
#define wmb() asm volatile("sfence" ::: "memory")

#define dma_mb() smp_mb()
#define dma_rmb() barrier()
#define dma_wmb() barrier()

#endif
