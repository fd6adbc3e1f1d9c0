/*
 * The last to come starts the next generation, which is what the others wait for;
 * sync/spin/spin_barrier.h has the rules.
 *
 * A CPU reads the generation before it counts itself: while it is not counted, the generation
 * cannot end.
 */
#include <sync/spin/atomic.h>
#include <sync/spin/spin_barrier.h>
#include <sync/spin/spin_wait.h>

bool spin_barrier_wait(struct spin_barrier *barrier)
{
	struct spin_wait wait = SPIN_WAIT("spin barrier", &barrier->label);
	uint32_t generation = atomic_load_relaxed(&barrier->generation);
	/*
	 * Release and acquire, pairs with spin_barrier_wait in sync/spin/spin_barrier.c: what each
	 * did before it came is visible to the last; and the generation was read before.
	 */
	uint32_t before = atomic_fetch_add_acq_rel(&barrier->arrived, 1);

	if (before + 1 == barrier->expected) {
		/* Relaxed: who counts itself for the next generation has seen that it began. */
		atomic_store_relaxed(&barrier->arrived, 0);
		/*
		 * Release, pairs with spin_barrier_wait in sync/spin/spin_barrier.c: what all did
		 * before they came.
		 */
		atomic_store_release(&barrier->generation, generation + 1);
		return true;
	}
	/*
	 * Acquire, pairs with spin_barrier_wait in sync/spin/spin_barrier.c: what all did before
	 * they came.
	 */
	while (atomic_load_acquire(&barrier->generation) == generation)
		spin_wait_turn(&wait);
	return false;
}
