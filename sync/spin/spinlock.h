/*
 * Spinlocks: mutual exclusion among CPUs, for sections of a few hundred instructions that never
 * block.
 *
 * Test and test-and-set: a waiter reads until the word is free, pausing, then tries once. No
 * fairness; live when virtual CPUs outnumber the host's cores, where a FIFO hand-off to a
 * descheduled CPU would stall everyone. A waiter that gets nowhere for SPINLOCK_PATIENCE_NS names
 * the lock and its holder and ends the machine.
 *
 * A lock that is also taken by an interrupt handler is only taken with interrupts disabled:
 * spinlock_lock_irqsave(). Ordering: lock is an acquire, unlock a release; everything done under
 * the lock is visible to the next holder.
 */
#ifndef SYNC_SPIN_SPINLOCK_H
#define SYNC_SPIN_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
	uint32_t locked; /* atomic */
	uint32_t holder; /* atomic, for messages: CPU number + 1 while held */
	const char *name;
};

#define SPINLOCK_INITIALISER(name_)                                                                \
	{                                                                                          \
		.name = (name_)                                                                    \
	}
#define SPINLOCK_PATIENCE_NS 60000000000UL

void spinlock_lock(struct spinlock *lock);
void spinlock_unlock(struct spinlock *lock);

/* True when it took the lock. Acquire when it did. */
bool spinlock_try_lock(struct spinlock *lock);

/* The same with interrupts disabled on this CPU; unlock takes what lock returned. */
unsigned long spinlock_lock_irqsave(struct spinlock *lock);
void spinlock_unlock_irqrestore(struct spinlock *lock, unsigned long flags);

/* Whether the calling CPU holds it; for assertions. */
bool spinlock_held_here(const struct spinlock *lock);

#endif
