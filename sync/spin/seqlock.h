/*
 * Sequence locks: readers write nothing and never hold up a writer; they read again when a writer
 * came in between.
 *
 *	struct seqlock lock = SEQLOCK_INITIALISER("what it protects");
 *
 *	do {                                              spinlock-like, for writers:
 *		start = seqlock_read_begin(&lock);            seqlock_write_lock(&lock);
 *		copy.a = atomic_load_relaxed(&data.a);        atomic_store_relaxed(&data.a, …);
 *		copy.b = atomic_load_relaxed(&data.b);        atomic_store_relaxed(&data.b, …);
 *	} while (seqlock_read_retry(&lock, start));       seqlock_write_unlock(&lock);
 *
 * Rules for the user
 * - The data is read and written by atomic_load_relaxed() and atomic_store_relaxed(), because
 *   reader and writer do meet; what has been read means nothing until seqlock_read_retry() has said
 *   false: follow no pointer before.
 * - Writers exclude each other by a spinlock inside; its rules (sync/spin/spinlock.h) are theirs. A
 *   reader may be anywhere, but not where its own CPU writes: data that an interrupt handler reads
 *   is written by the _irqsave functions.
 * - A reader may have to repeat as long as writers keep coming: for data that is written seldom.
 *
 * Ordering, after Boehm, "Can seqlocks get along with programming language memory models?" (2012).
 * sequence is odd while a writer is at work. Two things must not happen. (1) A reader begins with
 * data of a later writer than its first read of sequence: that read is an acquire, and the writer's
 * last store of it a release. (2) A reader takes data of a writer, and then still finds the
 * sequence of before it: the reader has a fence between its data and its second read of sequence,
 * the writer one between its first store of sequence and its data; if the reader saw any of that
 * data, the fences pair, and it sees that store, too. A second read with acquire would not do: it
 * holds back what comes after it, and the data comes before. Without the fences the test on an x86
 * host would still pass: that bug is for a model checker to find.
 */
#ifndef SYNC_SPIN_SEQLOCK_H
#define SYNC_SPIN_SEQLOCK_H

#include <sync/spin/spinlock.h>

struct seqlock {
	uint32_t sequence; /* atomic; odd while a writer is at work */
	struct spinlock writers;
};

#define SEQLOCK_INITIALISER(name_)                                                                 \
	{                                                                                          \
		.writers = SPINLOCK_INITIALISER(name_)                                             \
	}

/* The second half of seqlock_read_begin(): waits until no writer is at work. */
uint32_t seqlock_wait_to_read(const struct seqlock *lock);

/* Begins to read; waits while a writer is at work. */
SPINLOCK_INLINE uint32_t seqlock_read_begin(const struct seqlock *lock)
{
	/* Acquire, pairs with seqlock_write_unlock in sync/spin/seqlock.h: (1) above. */
	uint32_t sequence = atomic_load_acquire(&lock->sequence);

	if (__builtin_expect(sequence & 1, 0)) {
		/* A CPU that reads where it writes would wait for itself. */
		lock_label_check_free(&lock->writers.label, "seqlock");
		sequence = seqlock_wait_to_read(lock);
	}
	return sequence;
}

/* Whether a writer came in between, so that what was read means nothing. */
SPINLOCK_INLINE bool seqlock_read_retry(const struct seqlock *lock, uint32_t start)
{
	/*
	 * The data before sequence, pairs with seqlock_write_lock in sync/spin/seqlock.h: (2)
	 * above.
	 */
	smp_fence_acquire();
	return __builtin_expect(atomic_load_relaxed(&lock->sequence) != start, 0);
}

SPINLOCK_INLINE void seqlock_write_lock(struct seqlock *lock)
{
	spinlock_lock(&lock->writers);
	/* Relaxed: only writers write it, and this is the only one. */
	atomic_store_relaxed(&lock->sequence, atomic_load_relaxed(&lock->sequence) + 1);
	/*
	 * sequence before the data, pairs with seqlock_read_retry in sync/spin/seqlock.h: (2)
	 * above.
	 */
	smp_fence_release();
}

SPINLOCK_INLINE void seqlock_write_unlock(struct seqlock *lock)
{
	/*
	 * Release, pairs with seqlock_read_begin in sync/spin/seqlock.h: the data before the even
	 * number.
	 */
	atomic_store_release(&lock->sequence, atomic_load_relaxed(&lock->sequence) + 1);
	spinlock_unlock(&lock->writers);
}

/* The same with interrupts disabled on this CPU; unlock takes what lock returned. */
SPINLOCK_INLINE unsigned long seqlock_write_lock_irqsave(struct seqlock *lock)
{
	unsigned long flags = interrupts_save();

	seqlock_write_lock(lock);
	return flags;
}

SPINLOCK_INLINE void seqlock_write_unlock_irqrestore(struct seqlock *lock, unsigned long flags)
{
	seqlock_write_unlock(lock);
	interrupts_restore(flags);
}

#endif
