/*
 * Doing something once: the first CPU to ask runs the function, the others wait until it is done.
 *
 *	static struct once once = ONCE_INITIALISER("tables");
 *	once_run(&once, build_tables, NULL);
 *
 * Rules for the user: waiters spin, so the function is short and does not block. It does not ask
 * for itself, directly or in an interrupt handler that interrupts it: that ends in a panic, because
 * it would wait for itself. Ordering: what the function did is visible after every once_run() of
 * the same struct once, on any CPU. When it was done long ago, that is one acquire load.
 */
#ifndef SYNC_SPIN_ONCE_H
#define SYNC_SPIN_ONCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/lock_label.h>

#define ONCE_DONE 1U

struct once {
	/* Atomic: 0 not begun, ONCE_DONE, else (CPU number + 1) << 1 of who runs it. */
	uint32_t state;
	struct lock_label label;
};

#define ONCE_INITIALISER(name_)                                                                    \
	{                                                                                          \
		.label = LOCK_LABEL(name_)                                                         \
	}

/* The second half of once_run(), for who does not find it done. */
bool once_run_or_wait(struct once *once, void (*function)(void *argument), void *argument);

/* Makes sure that function(argument) was run, by whoever came first. True when this call ran it. */
static inline bool once_run(struct once *once, void (*function)(void *argument), void *argument)
{
	/* Acquire, pairs with once_run_or_wait in sync/spin/once.c: what the function did. */
	if (__builtin_expect(atomic_load_acquire(&once->state) == ONCE_DONE, 1))
		return false;
	return once_run_or_wait(once, function, argument);
}

#endif
