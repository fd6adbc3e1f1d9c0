/*
 * Invalidation of translations on every CPU.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <stddef.h>
#include <stdint.h>

/*
 * After entries for [address, address + size) were cleared or lost rights: when this returns, no
 * CPU translates by the old ones any more. By the machine's own broadcast, or by interrupting the
 * other CPUs. May be called with interrupts disabled; not with a lock held that an interrupt
 * handler takes.
 */
void tlb_invalidate(uintptr_t address, size_t size);

/* How often tlb_invalidate() ran, and how often it had to interrupt other CPUs. */
uint64_t tlb_invalidation_count(void);
uint64_t tlb_interrupt_count(void);

#endif
