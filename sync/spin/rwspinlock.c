/*
 * Waiting for a reader-writer spinlock; sync/spin/rwspinlock.h has the algorithm.
 *
 * Only the holder of the queue's spinlock sets WAITING, and it clears it before it lets go: so
 * WAITING has one owner.
 */
#include <sync/spin/rwspinlock.h>

void rwspinlock_wait_to_read(struct rwspinlock *lock)
{
	struct spin_wait wait = SPIN_WAIT("rwspinlock", &lock->label);

	spinlock_lock(&lock->queue);
	/* Relaxed: it keeps writers out from now on; that the last one is gone is read below. */
	atomic_fetch_add_relaxed(&lock->word, RWSPINLOCK_READER);
	/*
	 * Acquire, pairs with rwspinlock_write_unlock in sync/spin/rwspinlock.h: what the writers
	 * before us wrote.
	 */
	while (atomic_load_acquire(&lock->word) & RWSPINLOCK_WRITER)
		spin_wait_turn(&wait);
	spinlock_unlock(&lock->queue);
}

void rwspinlock_wait_to_write(struct rwspinlock *lock)
{
	struct spin_wait wait = SPIN_WAIT("rwspinlock", &lock->label);
	uint32_t expected;

	spinlock_lock(&lock->queue);
	/* Relaxed: it sends readers away, and lets nobody in. */
	atomic_fetch_or_relaxed(&lock->word, RWSPINLOCK_WAITING);
	for (;;) {
		expected = RWSPINLOCK_WAITING;
		/*
		 * Acquire, pairs with rwspinlock_read_unlock in sync/spin/rwspinlock.h and with
		 * rwspinlock_write_unlock in sync/spin/rwspinlock.h: the sections before ours.
		 */
		if (atomic_load_relaxed(&lock->word) == expected &&
		    atomic_compare_exchange_acquire(&lock->word, &expected, RWSPINLOCK_WRITER))
			break;
		spin_wait_turn(&wait);
	}
	spinlock_unlock(&lock->queue);
}
