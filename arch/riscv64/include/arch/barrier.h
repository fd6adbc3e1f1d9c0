/*
 * Barriers: one-line rows, the same names in each port, so that three of these files can be read
 * side by side.
 *
 * Three species stand here; the fourth, for page tables, TLB and instruction fetch, is arch/mmu.h.
 *   compiler   barrier()                 nothing reaches the machine
 *   CPU        smp_*                     orders accesses to normal memory as other CPUs see them
 *   device     mb, rmb, wmb, dma_*       orders accesses that a device sees: registers, and memory shared with it
 * arch/riscv64/barrier_table.c says the reason of each row; the `barriers` command prints it.
 *
 * RISC-V: RVWMO (unprivileged ISA 20191213, chapter 14) keeps little order by itself; a fence names
 * the kinds of access before it and after it: r and w for normal memory, i and o for device
 * registers (2.7 "Memory Ordering Instructions").
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#define barrier() asm volatile("" ::: "memory")

#define smp_mb() asm volatile("fence rw, rw" ::: "memory")
#define smp_rmb() asm volatile("fence r, r" ::: "memory")
#define smp_wmb() asm volatile("fence w, w" ::: "memory")
#define smp_fence_acquire() asm volatile("fence r, rw" ::: "memory")
#define smp_fence_release() asm volatile("fence rw, w" ::: "memory")

#define mb() asm volatile("fence iorw, iorw" ::: "memory")
#define rmb() asm volatile("fence ir, ir" ::: "memory")
#define wmb() asm volatile("fence ow, ow" ::: "memory")

#define dma_mb() asm volatile("fence rw, rw" ::: "memory")
#define dma_rmb() asm volatile("fence r, r" ::: "memory")
#define dma_wmb() asm volatile("fence w, w" ::: "memory")

#endif
