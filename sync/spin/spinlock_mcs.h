/*
 * Spinlock by Mellor-Crummey and Scott (1991): waiters form a list, each spins on its own cache
 * line, and the holder hands the lock to the one behind it. First come, first served.
 *
 * The lock names the node of the last in the list; none: it is free. A CPU needs a node from the
 * moment it queues until it has released the lock, so each has LOCKS_HELD_MAX of them, and the
 * holder notes its own in the lock. As slow as the ticket lock when virtual CPUs outnumber the
 * host's cores, and for the same reason. Kept to compare with; sync/spin/spinlock.h has the rules
 * for users.
 */
#ifndef SYNC_SPIN_SPINLOCK_MCS_H
#define SYNC_SPIN_SPINLOCK_MCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spin_wait.h>

struct mcs_node;

struct spinlock_mcs {
	struct mcs_node *tail;   /* atomic: the last in the list; NULL: free */
	struct mcs_node *holder; /* atomic, written by the holder: its node */
};

bool spinlock_mcs_try_lock(struct spinlock_mcs *lock);

/* Takes it after a try has failed. */
void spinlock_mcs_wait(struct spinlock_mcs *lock, struct spin_wait *wait);

/* On the CPU that took it. */
void spinlock_mcs_unlock(struct spinlock_mcs *lock);

static inline bool spinlock_mcs_is_locked(const struct spinlock_mcs *lock)
{
	return atomic_load_relaxed(&lock->tail) != NULL;
}

#endif
