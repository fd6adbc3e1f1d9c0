/*
 * Waiting for a test-and-set lock; sync/spin/spinlock_tas.h has the algorithm.
 */
#include <sync/spin/spinlock_tas.h>

void spinlock_tas_wait(struct spinlock_tas *lock, struct spin_wait *wait)
{
	for (uint32_t pause = 1;; pause = pause < SPINLOCK_TAS_PAUSE_MAX ? 2 * pause : pause) {
		/* Relaxed: only the try decides, and it acquires. */
		while (atomic_load_relaxed(&lock->locked))
			spin_wait_turn(wait);
		if (spinlock_tas_try_lock(lock))
			return;
		for (uint32_t turn = 0; turn < pause; turn++)
			spin_wait_turn(wait);
	}
}
