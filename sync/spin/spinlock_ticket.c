/*
 * Waiting for a ticket lock; sync/spin/spinlock_ticket.h has the algorithm.
 */
#include <sync/spin/spinlock_ticket.h>

void spinlock_ticket_wait(struct spinlock_ticket *lock, struct spin_wait *wait)
{
	/* Relaxed: the number alone gives no right to enter. */
	uint32_t ticket = atomic_fetch_add_relaxed(&lock->next, 1);
	uint32_t before;

	/*
	 * Acquire, pairs with spinlock_ticket_unlock in sync/spin/spinlock_ticket.h: the sections
	 * before ours.
	 */
	while ((before = ticket - atomic_load_acquire(&lock->serving)) != 0)
		for (uint32_t turn = 0; turn < before; turn++)
			spin_wait_turn(wait);
}
