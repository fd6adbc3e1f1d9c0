/*
 * The default spinlock: one word to take and release; waiters queue, each spinning on its own cache
 * line, and only the head of the queue competes for the word. spinlock_queued.c has the algorithm,
 * the bounds on waiting and the figures; sync/spin/spinlock.h the rules for users.
 *
 * The word: 0 when free and nobody waits;
 *   bit 0          LOCKED    somebody holds it
 *   bit 1          CLAIMED   the head of the queue has lost its patience: the next turn is its own
 *   from bit 8 on  the last in the queue, 0 for none: its CPU's number + 1, its node's level
 */
#ifndef SYNC_SPIN_SPINLOCK_QUEUED_H
#define SYNC_SPIN_SPINLOCK_QUEUED_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spin_wait.h>

#define SPINLOCK_QUEUED_LOCKED 1U
#define SPINLOCK_QUEUED_CLAIMED 2U

/* Looks of a newcomer at the word before it queues. */
#ifndef SPINLOCK_QUEUED_NEWCOMER_LOOKS
#define SPINLOCK_QUEUED_NEWCOMER_LOOKS 8
#endif

/* Looks of the head at a word that others hold before it claims the next turn. */
#ifndef SPINLOCK_QUEUED_HEAD_LOOKS
#define SPINLOCK_QUEUED_HEAD_LOOKS 256
#endif

struct spinlock_queued {
	uint32_t word; /* atomic */
};

/* False when somebody holds it, and also when somebody waits for it. */
static inline bool spinlock_queued_try_lock(struct spinlock_queued *lock)
{
	uint32_t expected = 0;

	/*
	 * Acquire, pairs with spinlock_queued_unlock in sync/spin/spinlock_queued.h: the sections
	 * before ours.
	 */
	return atomic_compare_exchange_acquire(&lock->word, &expected, SPINLOCK_QUEUED_LOCKED);
}

/* Takes it after a try has failed. */
void spinlock_queued_wait(struct spinlock_queued *lock, struct spin_wait *wait);

static inline void spinlock_queued_unlock(struct spinlock_queued *lock)
{
	/*
	 * Release, pairs with spinlock_queued_try_lock in sync/spin/spinlock_queued.h: our section
	 * before the free lock. A subtraction and not a store, because others add themselves to the
	 * same word meanwhile.
	 */
	atomic_fetch_sub_release(&lock->word, SPINLOCK_QUEUED_LOCKED);
}

static inline bool spinlock_queued_is_locked(const struct spinlock_queued *lock)
{
	return atomic_load_relaxed(&lock->word) & SPINLOCK_QUEUED_LOCKED;
}

#endif
