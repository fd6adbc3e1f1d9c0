/*
 * The first CPU to replace state 0 by its own number runs the function; sync/spin/once.h has the
 * rules.
 */
#include <lib/panic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/once.h>
#include <sync/spin/spin_wait.h>

bool once_run_or_wait(struct once *once, void (*function)(void *argument), void *argument)
{
	struct spin_wait wait = SPIN_WAIT("once", &once->label);
	uint32_t self = (cpu_current() + 1) << 1;
	uint32_t state = 0;

	/* Relaxed: it only decides who runs the function. */
	if (atomic_compare_exchange_relaxed(&once->state, &state, self)) {
		function(argument);
		/* Release, pairs with once_run in sync/spin/once.h: what the function did. */
		atomic_store_release(&once->state, ONCE_DONE);
		return true;
	}
	if (state == self)
		panic("once %s: CPU %u runs it from within itself", once->label.name,
		      cpu_current());
	/* Acquire, pairs with once_run_or_wait in sync/spin/once.c: what the function did. */
	while (atomic_load_acquire(&once->state) != ONCE_DONE)
		spin_wait_turn(&wait);
	return false;
}
