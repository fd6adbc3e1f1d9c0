/*
 * A barrier for CPUs: each waits until all have come. It may be used again at once, any number of
 * times.
 *
 * Rules for the user: exactly `expected` CPUs come each time; they spin, so all of them must be
 * running code that comes. Interrupts may be enabled or not; with them disabled no cross-CPU call
 * is answered meanwhile, so no CPU that is expected may call another that already waits. Ordering:
 * what any of them did before it came is visible to all of them after they left.
 */
#ifndef SYNC_SPIN_SPIN_BARRIER_H
#define SYNC_SPIN_SPIN_BARRIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/lock_label.h>

struct spin_barrier {
	uint32_t expected;   /* constant */
	uint32_t arrived;    /* atomic: how many have come this time */
	uint32_t generation; /* atomic: how often all have come; wraps around */
	struct lock_label label;
};

#define SPIN_BARRIER_INITIALISER(name_, expected_)                                                 \
	{                                                                                          \
		.expected = (expected_), .label = LOCK_LABEL(name_)                                \
	}

/* Comes and waits for the others. True for one of them, the last to come. */
bool spin_barrier_wait(struct spin_barrier *barrier);

#endif
