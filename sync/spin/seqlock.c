/*
 * Readers that come while a writer is at work; sync/spin/seqlock.h has the algorithm.
 */
#include <sync/spin/seqlock.h>

uint32_t seqlock_wait_to_read(const struct seqlock *lock)
{
	struct spin_wait wait = SPIN_WAIT("seqlock", &lock->writers.label);
	uint32_t sequence;

	/*
	 * Acquire, pairs with seqlock_write_unlock in sync/spin/seqlock.h: the data before the even
	 * number.
	 */
	while ((sequence = atomic_load_acquire(&lock->sequence)) & 1)
		spin_wait_turn(&wait);
	return sequence;
}
