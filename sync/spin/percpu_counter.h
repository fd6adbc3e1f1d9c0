/*
 * Counters that are counted on every CPU and read seldom: each CPU has its own share, on its own
 * cache line.
 *
 *	static DEFINE_PERCPU_COUNTER(faults);
 *	percpu_counter_add(&faults, 1);
 *
 * Counting is one relaxed atomic addition to a word that no other CPU counts in. Atomic although it
 * is the CPU's own, because an interrupt may come in between and count, too, and because a thread
 * may be moved to another CPU between finding the word and adding to it: then it counts in the
 * other's share, which the sum does not tell. Any context, no order.
 */
#ifndef SYNC_SPIN_PERCPU_COUNTER_H
#define SYNC_SPIN_PERCPU_COUNTER_H

#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/percpu.h>

struct percpu_counter {
	uint64_t share; /* atomic */
};

#define DEFINE_PERCPU_COUNTER(name) DEFINE_PER_CPU(struct percpu_counter, name)
#define DECLARE_PERCPU_COUNTER(name) DECLARE_PER_CPU(struct percpu_counter, name)

/* Adds to the counter; a negative amount subtracts. counter: &name. */
static inline void percpu_counter_add(struct percpu_counter *counter, int64_t amount)
{
	atomic_fetch_add_relaxed(&this_cpu(*counter).share, (uint64_t)amount);
}

/*
 * The sum of the shares of all CPUs online. While others count it is no snapshot: if all amounts
 * are positive, it lies between what the sum was when the call began and what it is when it ends.
 * Exact, when the counting has stopped and the caller knows by an acquire.
 */
uint64_t percpu_counter_sum(const struct percpu_counter *counter);

#endif
