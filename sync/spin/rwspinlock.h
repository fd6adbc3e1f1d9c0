/*
 * Reader-writer spinlocks: any number of CPUs read, or one writes.
 *
 * Worth it where sections are long and readers many; a short section is served as well by a
 * spinlock, and data that is read far more often than written better by a sequence lock, whose
 * readers write nothing.
 *
 * The word: bit 0 WRITER holds it, bit 1 WAITING a writer is next, the rest counts readers, those
 * that are about to find that they must wait included. Readers and writers that must wait queue for
 * one spinlock; its holder is the next to enter.
 *
 * Fairness: that of the spinlock, for both kinds alike. A writer whose turn has come sets WAITING,
 * which sends every later reader to the queue, so it waits for the readers that are in, and for
 * nothing else; a reader whose turn has come waits for the writer that is in. Neither starves the
 * other.
 *
 * Rules for the user: those of sync/spin/spinlock.h, for readers too. Reading twice on a CPU, one
 * in the other, is taking it twice: a writer that waits in between would wait for the first, and
 * the second for the writer. A lock that an interrupt handler takes, for reading or writing, is
 * taken by the _irqsave functions everywhere. Ordering: lock is an acquire, unlock a release,
 * between writers, and between a writer and each reader.
 */
#ifndef SYNC_SPIN_RWSPINLOCK_H
#define SYNC_SPIN_RWSPINLOCK_H

#include <sync/spin/spinlock.h>

#define RWSPINLOCK_WRITER 1U
#define RWSPINLOCK_WAITING 2U
#define RWSPINLOCK_READER 4U

struct rwspinlock {
	uint32_t word; /* atomic */
	struct spinlock queue;
	struct lock_label label;
};

#define RWSPINLOCK_INITIALISER(name_)                                                              \
	{                                                                                          \
		.queue = SPINLOCK_INITIALISER(name_), .label = LOCK_LABEL(name_)                   \
	}

/* The second halves: called with the first try undone, or not made. */
void rwspinlock_wait_to_read(struct rwspinlock *lock);
void rwspinlock_wait_to_write(struct rwspinlock *lock);

SPINLOCK_INLINE void rwspinlock_read_lock(struct rwspinlock *lock)
{
	uint32_t before;

	lock_label_check_free(&lock->label, "rwspinlock");
	/*
	 * Acquire, pairs with rwspinlock_write_unlock in sync/spin/rwspinlock.h: what the writers
	 * before us wrote.
	 */
	before = atomic_fetch_add_acquire(&lock->word, RWSPINLOCK_READER);
	if (__builtin_expect(before & (RWSPINLOCK_WRITER | RWSPINLOCK_WAITING), 0)) {
		/* Relaxed: nothing was read. */
		atomic_fetch_sub_relaxed(&lock->word, RWSPINLOCK_READER);
		rwspinlock_wait_to_read(lock);
	}
	lock_label_note_shared(&lock->label);
	LOCK_LABEL_KEEP_SITE();
}

SPINLOCK_INLINE void rwspinlock_read_unlock(struct rwspinlock *lock)
{
	lock_label_note_release_shared(&lock->label, "rwspinlock");
	/*
	 * Release, pairs with rwspinlock_write_lock in sync/spin/rwspinlock.h: what we read before
	 * it is overwritten.
	 */
	atomic_fetch_sub_release(&lock->word, RWSPINLOCK_READER);
}

/* True when it took the lock, which needs that no writer holds or awaits it. Acquire when it did.
 */
SPINLOCK_INLINE bool rwspinlock_read_try_lock(struct rwspinlock *lock)
{
	uint32_t word = atomic_load_relaxed(&lock->word);

	do
		if (word & (RWSPINLOCK_WRITER | RWSPINLOCK_WAITING))
			return false;
	/*
	 * Acquire, pairs with rwspinlock_write_unlock in sync/spin/rwspinlock.h: what the writers
	 * before us wrote.
	 */
	while (!atomic_compare_exchange_weak_acquire(&lock->word, &word, word + RWSPINLOCK_READER));
	lock_label_note_shared(&lock->label);
	LOCK_LABEL_KEEP_SITE();
	return true;
}

/*
 * True when it took the lock, which needs that nobody holds it or waits as a writer. Acquire when
 * it did.
 */
SPINLOCK_INLINE bool rwspinlock_write_try_lock(struct rwspinlock *lock)
{
	uint32_t expected = 0;

	/*
	 * Acquire, pairs with rwspinlock_read_unlock in sync/spin/rwspinlock.h and with
	 * rwspinlock_write_unlock in sync/spin/rwspinlock.h: their sections before ours.
	 */
	if (!atomic_compare_exchange_acquire(&lock->word, &expected, RWSPINLOCK_WRITER))
		return false;
	lock_label_note_taken(&lock->label);
	LOCK_LABEL_KEEP_SITE();
	return true;
}

SPINLOCK_INLINE void rwspinlock_write_lock(struct rwspinlock *lock)
{
	lock_label_check_free(&lock->label, "rwspinlock");
	if (__builtin_expect(rwspinlock_write_try_lock(lock), 1))
		return;
	rwspinlock_wait_to_write(lock);
	lock_label_note_taken(&lock->label);
	LOCK_LABEL_KEEP_SITE();
}

SPINLOCK_INLINE void rwspinlock_write_unlock(struct rwspinlock *lock)
{
	lock_label_note_release(&lock->label, "rwspinlock");
	/*
	 * Release, pairs with rwspinlock_read_lock in sync/spin/rwspinlock.h and with
	 * rwspinlock_write_try_lock in sync/spin/rwspinlock.h: our section before theirs. A
	 * subtraction, because readers count themselves meanwhile.
	 */
	atomic_fetch_sub_release(&lock->word, RWSPINLOCK_WRITER);
}

/* The same with interrupts disabled on this CPU; unlock takes what lock returned. */
SPINLOCK_INLINE unsigned long rwspinlock_read_lock_irqsave(struct rwspinlock *lock)
{
	unsigned long flags = interrupts_save();

	rwspinlock_read_lock(lock);
	return flags;
}

SPINLOCK_INLINE void rwspinlock_read_unlock_irqrestore(struct rwspinlock *lock, unsigned long flags)
{
	rwspinlock_read_unlock(lock);
	interrupts_restore(flags);
}

SPINLOCK_INLINE unsigned long rwspinlock_write_lock_irqsave(struct rwspinlock *lock)
{
	unsigned long flags = interrupts_save();

	rwspinlock_write_lock(lock);
	return flags;
}

SPINLOCK_INLINE void rwspinlock_write_unlock_irqrestore(struct rwspinlock *lock,
							unsigned long flags)
{
	rwspinlock_write_unlock(lock);
	interrupts_restore(flags);
}

#endif
