/*
 * Spinlock by tickets: a waiter draws a number and waits until it is served. First come, first
 * served.
 *
 * The lock is free when next == serving; both wrap around, which is harmless while fewer than 2^32
 * CPUs wait. A waiter pauses in proportion to the number of those before it. All waiters read the
 * same line. Strictly fair, and for that slow when virtual CPUs outnumber the host's cores: the
 * lock is handed to a certain CPU, whether the host runs it or not, and everyone behind waits for
 * that (the convoy of sync/spin/spinlock_queued.c). Kept to compare with; sync/spin/spinlock.h has
 * the rules for users.
 */
#ifndef SYNC_SPIN_SPINLOCK_TICKET_H
#define SYNC_SPIN_SPINLOCK_TICKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spin_wait.h>

struct spinlock_ticket {
	uint32_t next;    /* atomic: the ticket that the next to come draws */
	uint32_t serving; /* atomic, written by the holder: whose turn it is */
};

/*
 * Takes a ticket only when its turn is now. serving never passes next, so if next still is what
 * serving was, then serving is, too, and the ticket drawn is the one served.
 */
static inline bool spinlock_ticket_try_lock(struct spinlock_ticket *lock)
{
	/*
	 * Acquire, pairs with spinlock_ticket_unlock in sync/spin/spinlock_ticket.h: the sections
	 * before ours.
	 */
	uint32_t ticket = atomic_load_acquire(&lock->serving);

	/* Relaxed: it decides, but what is to be seen came with serving. */
	return atomic_compare_exchange_relaxed(&lock->next, &ticket, ticket + 1);
}

/* Takes it after a try has failed. */
void spinlock_ticket_wait(struct spinlock_ticket *lock, struct spin_wait *wait);

static inline void spinlock_ticket_unlock(struct spinlock_ticket *lock)
{
	/*
	 * Release, pairs with spinlock_ticket_wait in sync/spin/spinlock_ticket.c: our section
	 * before the next turn.
	 */
	atomic_store_release(&lock->serving, atomic_load_relaxed(&lock->serving) + 1);
}

static inline bool spinlock_ticket_is_locked(const struct spinlock_ticket *lock)
{
	return atomic_load_relaxed(&lock->serving) != atomic_load_relaxed(&lock->next);
}

#endif
