/*
 * Spinlock by test and test-and-set, with back-off: one word, no memory of who waits.
 *
 * A waiter reads until the word is free and then tries once; each failure doubles the pause before
 * it looks again, up to SPINLOCK_TAS_PAUSE_MAX turns. Nobody is handed the lock, so a CPU that the
 * host does not run holds up nobody but itself: always live when virtual CPUs outnumber the host's
 * cores. No fairness: a waiter may be passed any number of times, and all waiters read the same
 * line. Kept to compare with; sync/spin/spinlock.h has the rules for users.
 */
#ifndef SYNC_SPIN_SPINLOCK_TAS_H
#define SYNC_SPIN_SPINLOCK_TAS_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spin_wait.h>

#ifndef SPINLOCK_TAS_PAUSE_MAX
#define SPINLOCK_TAS_PAUSE_MAX 32
#endif

struct spinlock_tas {
	uint32_t locked; /* atomic: 0 or 1 */
};

static inline bool spinlock_tas_try_lock(struct spinlock_tas *lock)
{
	/*
	 * Acquire, pairs with spinlock_tas_unlock in sync/spin/spinlock_tas.h: what was done under
	 * the lock before.
	 */
	return atomic_exchange_acquire(&lock->locked, 1) == 0;
}

/* Takes it after a try has failed. */
void spinlock_tas_wait(struct spinlock_tas *lock, struct spin_wait *wait);

static inline void spinlock_tas_unlock(struct spinlock_tas *lock)
{
	/*
	 * Release, pairs with spinlock_tas_try_lock in sync/spin/spinlock_tas.h: our section before
	 * the free lock.
	 */
	atomic_store_release(&lock->locked, 0);
}

static inline bool spinlock_tas_is_locked(const struct spinlock_tas *lock)
{
	return atomic_load_relaxed(&lock->locked) != 0;
}

#endif
