/*
 * Atomic operations for every floor above the ports: one name per operation and order, for words of
 * 32 and 64 bits.
 *
 * The order is always written out: _relaxed (atomic, orders nothing), _acquire (later accesses stay
 * behind), _release (earlier accesses stay before), _acq_rel (both). A plain access to a word that
 * others access atomically is a bug. The instruction each becomes stands in arch/atomic.h of each
 * port.
 *
 * compare_exchange(p, &expected, desired) returns whether it wrote; when not, expected is what *p
 * was.
 */
#ifndef SYNC_SPIN_ATOMIC_H
#define SYNC_SPIN_ATOMIC_H

#include <arch/atomic.h>
#include <arch/barrier.h>

#define ATOMIC_BY_WIDTH(p, operation)                                                              \
	_Generic((p), uint32_t *: atomic32_##operation, const uint32_t *: atomic32_##operation,        \
		 uint64_t *: atomic64_##operation, const uint64_t *: atomic64_##operation)

#define atomic_load_relaxed(p) ATOMIC_BY_WIDTH(p, load_relaxed)(p)
#define atomic_load_acquire(p) ATOMIC_BY_WIDTH(p, load_acquire)(p)
#define atomic_store_relaxed(p, value) ATOMIC_BY_WIDTH(p, store_relaxed)(p, value)
#define atomic_store_release(p, value) ATOMIC_BY_WIDTH(p, store_release)(p, value)

#define atomic_exchange_relaxed(p, value) ATOMIC_BY_WIDTH(p, exchange_relaxed)(p, value)
#define atomic_exchange_acquire(p, value) ATOMIC_BY_WIDTH(p, exchange_acquire)(p, value)
#define atomic_exchange_release(p, value) ATOMIC_BY_WIDTH(p, exchange_release)(p, value)
#define atomic_exchange_acq_rel(p, value) ATOMIC_BY_WIDTH(p, exchange_acq_rel)(p, value)

#define atomic_compare_exchange_relaxed(p, expected, desired)                                      \
	ATOMIC_BY_WIDTH(p, compare_exchange_relaxed)(p, expected, desired)
#define atomic_compare_exchange_acquire(p, expected, desired)                                      \
	ATOMIC_BY_WIDTH(p, compare_exchange_acquire)(p, expected, desired)
#define atomic_compare_exchange_release(p, expected, desired)                                      \
	ATOMIC_BY_WIDTH(p, compare_exchange_release)(p, expected, desired)
#define atomic_compare_exchange_acq_rel(p, expected, desired)                                      \
	ATOMIC_BY_WIDTH(p, compare_exchange_acq_rel)(p, expected, desired)

#define atomic_fetch_add_relaxed(p, value) ATOMIC_BY_WIDTH(p, fetch_add_relaxed)(p, value)
#define atomic_fetch_add_acquire(p, value) ATOMIC_BY_WIDTH(p, fetch_add_acquire)(p, value)
#define atomic_fetch_add_release(p, value) ATOMIC_BY_WIDTH(p, fetch_add_release)(p, value)
#define atomic_fetch_add_acq_rel(p, value) ATOMIC_BY_WIDTH(p, fetch_add_acq_rel)(p, value)
#define atomic_fetch_or_relaxed(p, value) ATOMIC_BY_WIDTH(p, fetch_or_relaxed)(p, value)
#define atomic_fetch_or_acquire(p, value) ATOMIC_BY_WIDTH(p, fetch_or_acquire)(p, value)
#define atomic_fetch_or_release(p, value) ATOMIC_BY_WIDTH(p, fetch_or_release)(p, value)
#define atomic_fetch_or_acq_rel(p, value) ATOMIC_BY_WIDTH(p, fetch_or_acq_rel)(p, value)
#define atomic_fetch_and_relaxed(p, value) ATOMIC_BY_WIDTH(p, fetch_and_relaxed)(p, value)
#define atomic_fetch_and_acquire(p, value) ATOMIC_BY_WIDTH(p, fetch_and_acquire)(p, value)
#define atomic_fetch_and_release(p, value) ATOMIC_BY_WIDTH(p, fetch_and_release)(p, value)
#define atomic_fetch_and_acq_rel(p, value) ATOMIC_BY_WIDTH(p, fetch_and_acq_rel)(p, value)

#endif
