/*
 * Atomic operations for every floor above the ports: one name per operation and order.
 *
 * p points to an integer of 8, 16, 32 or 64 bits, a bool, an enum or a pointer, naturally aligned.
 * Values have the type of *p. The order is always written out:
 *   _relaxed  atomic, orders nothing       _acquire  later accesses stay behind
 *   _release  earlier accesses stay before _acq_rel  both
 *   _seq_cst  both, and all _seq_cst operations of all CPUs stand in one order that everyone agrees
 *             on. C11's promise and no more: none of them is an smp_mb() for the accesses around it
 * Loads come relaxed, acquire and seq_cst, stores relaxed, release and seq_cst; the rest in all
 * five. A plain access to a word that others access atomically is a bug. Which instruction each
 * becomes, and why: arch/atomic.h of each port.
 *
 *   atomic_load_O(p)   atomic_store_O(p, value)   atomic_exchange_O(p, value): the old value
 *   atomic_fetch_add_O / _sub / _and / _or / _xor (p, value): the old value; they wrap around
 *   atomic_compare_exchange_O(p, &expected, desired): writes desired if *p was expected, and
 *     says whether; if not, expected is what *p was, by a load of the same order (relaxed for
 *     release, acquire for acq_rel). _weak_: may fail though *p was expected (a lost
 *     reservation on AArch64 and RISC-V), for loops that try again anyway.
 *
 * Two words at once, where ARCH_HAS_ATOMIC128 is 1 and atomic128_available() is true: struct
 * atomic128 { low, high } and atomic128_compare_exchange_acq_rel(p, &expected, desired), strong.
 * The memory must be writable even if it fails, and then its order is an acquire; expected is one
 * value that *p had, never halves of two.
 */
#ifndef SYNC_SPIN_ATOMIC_H
#define SYNC_SPIN_ATOMIC_H

#include <arch/atomic.h>
#include <arch/barrier.h>
#include <stdint.h>

/* The word of the port's type at p, and a value as that word. */
#define ATOMIC_AT(bits, p) ((uint##bits##_t *)(uintptr_t)(p))
#define ATOMIC_VALUE(bits, value) ((uint##bits##_t)(uintptr_t)(value))

void atomic_of_no_such_size(void) __attribute__((error("no machine has atomics of this size")));

/* Picks by the size of *p among four expressions, of which only one is evaluated. */
#define ATOMIC_BY_SIZE(p, with8, with16, with32, with64)                                           \
	__builtin_choose_expr(                                                                     \
		sizeof(*(p)) == 8, with64,                                                         \
		__builtin_choose_expr(                                                             \
			sizeof(*(p)) == 4, with32,                                                 \
			__builtin_choose_expr(sizeof(*(p)) == 2, with16,                           \
					      __builtin_choose_expr(sizeof(*(p)) == 1, with8,      \
								    atomic_of_no_such_size()))))

#define ATOMIC_LOAD(p, order)                                                                      \
	((__typeof__(*(p)))ATOMIC_BY_SIZE(                                                         \
		p, atomic8_load_##order(ATOMIC_AT(8, p)), atomic16_load_##order(ATOMIC_AT(16, p)), \
		atomic32_load_##order(ATOMIC_AT(32, p)), atomic64_load_##order(ATOMIC_AT(64, p))))

#define ATOMIC_STORE(p, value, order)                                                              \
	ATOMIC_BY_SIZE(p, atomic8_store_##order(ATOMIC_AT(8, p), ATOMIC_VALUE(8, value)),          \
		       atomic16_store_##order(ATOMIC_AT(16, p), ATOMIC_VALUE(16, value)),          \
		       atomic32_store_##order(ATOMIC_AT(32, p), ATOMIC_VALUE(32, value)),          \
		       atomic64_store_##order(ATOMIC_AT(64, p), ATOMIC_VALUE(64, value)))

#define ATOMIC_MODIFY(operation, p, value)                                                         \
	((__typeof__(*(p)))ATOMIC_BY_SIZE(                                                         \
		p, atomic8_##operation(ATOMIC_AT(8, p), ATOMIC_VALUE(8, value)),                   \
		atomic16_##operation(ATOMIC_AT(16, p), ATOMIC_VALUE(16, value)),                   \
		atomic32_##operation(ATOMIC_AT(32, p), ATOMIC_VALUE(32, value)),                   \
		atomic64_##operation(ATOMIC_AT(64, p), ATOMIC_VALUE(64, value))))

/* The compiler complains about the comparison when p and expected point to different types. */
#define ATOMIC_COMPARE(operation, p, expected, desired)                                            \
	((void)sizeof((p) == (expected)),                                                          \
	 ATOMIC_BY_SIZE(p,                                                                         \
			atomic8_##operation(ATOMIC_AT(8, p), ATOMIC_AT(8, expected),               \
					    ATOMIC_VALUE(8, desired)),                             \
			atomic16_##operation(ATOMIC_AT(16, p), ATOMIC_AT(16, expected),            \
					     ATOMIC_VALUE(16, desired)),                           \
			atomic32_##operation(ATOMIC_AT(32, p), ATOMIC_AT(32, expected),            \
					     ATOMIC_VALUE(32, desired)),                           \
			atomic64_##operation(ATOMIC_AT(64, p), ATOMIC_AT(64, expected),            \
					     ATOMIC_VALUE(64, desired))))

#define atomic_load_relaxed(p) ATOMIC_LOAD(p, relaxed)
#define atomic_load_acquire(p) ATOMIC_LOAD(p, acquire)
#define atomic_load_seq_cst(p) ATOMIC_LOAD(p, seq_cst)

#define atomic_store_relaxed(p, value) ATOMIC_STORE(p, value, relaxed)
#define atomic_store_release(p, value) ATOMIC_STORE(p, value, release)
#define atomic_store_seq_cst(p, value) ATOMIC_STORE(p, value, seq_cst)

#define atomic_exchange_relaxed(p, value) ATOMIC_MODIFY(exchange_relaxed, p, value)
#define atomic_exchange_acquire(p, value) ATOMIC_MODIFY(exchange_acquire, p, value)
#define atomic_exchange_release(p, value) ATOMIC_MODIFY(exchange_release, p, value)
#define atomic_exchange_acq_rel(p, value) ATOMIC_MODIFY(exchange_acq_rel, p, value)
#define atomic_exchange_seq_cst(p, value) ATOMIC_MODIFY(exchange_seq_cst, p, value)

#define atomic_fetch_add_relaxed(p, value) ATOMIC_MODIFY(fetch_add_relaxed, p, value)
#define atomic_fetch_add_acquire(p, value) ATOMIC_MODIFY(fetch_add_acquire, p, value)
#define atomic_fetch_add_release(p, value) ATOMIC_MODIFY(fetch_add_release, p, value)
#define atomic_fetch_add_acq_rel(p, value) ATOMIC_MODIFY(fetch_add_acq_rel, p, value)
#define atomic_fetch_add_seq_cst(p, value) ATOMIC_MODIFY(fetch_add_seq_cst, p, value)

#define atomic_fetch_sub_relaxed(p, value) ATOMIC_MODIFY(fetch_sub_relaxed, p, value)
#define atomic_fetch_sub_acquire(p, value) ATOMIC_MODIFY(fetch_sub_acquire, p, value)
#define atomic_fetch_sub_release(p, value) ATOMIC_MODIFY(fetch_sub_release, p, value)
#define atomic_fetch_sub_acq_rel(p, value) ATOMIC_MODIFY(fetch_sub_acq_rel, p, value)
#define atomic_fetch_sub_seq_cst(p, value) ATOMIC_MODIFY(fetch_sub_seq_cst, p, value)

#define atomic_fetch_and_relaxed(p, value) ATOMIC_MODIFY(fetch_and_relaxed, p, value)
#define atomic_fetch_and_acquire(p, value) ATOMIC_MODIFY(fetch_and_acquire, p, value)
#define atomic_fetch_and_release(p, value) ATOMIC_MODIFY(fetch_and_release, p, value)
#define atomic_fetch_and_acq_rel(p, value) ATOMIC_MODIFY(fetch_and_acq_rel, p, value)
#define atomic_fetch_and_seq_cst(p, value) ATOMIC_MODIFY(fetch_and_seq_cst, p, value)

#define atomic_fetch_or_relaxed(p, value) ATOMIC_MODIFY(fetch_or_relaxed, p, value)
#define atomic_fetch_or_acquire(p, value) ATOMIC_MODIFY(fetch_or_acquire, p, value)
#define atomic_fetch_or_release(p, value) ATOMIC_MODIFY(fetch_or_release, p, value)
#define atomic_fetch_or_acq_rel(p, value) ATOMIC_MODIFY(fetch_or_acq_rel, p, value)
#define atomic_fetch_or_seq_cst(p, value) ATOMIC_MODIFY(fetch_or_seq_cst, p, value)

#define atomic_fetch_xor_relaxed(p, value) ATOMIC_MODIFY(fetch_xor_relaxed, p, value)
#define atomic_fetch_xor_acquire(p, value) ATOMIC_MODIFY(fetch_xor_acquire, p, value)
#define atomic_fetch_xor_release(p, value) ATOMIC_MODIFY(fetch_xor_release, p, value)
#define atomic_fetch_xor_acq_rel(p, value) ATOMIC_MODIFY(fetch_xor_acq_rel, p, value)
#define atomic_fetch_xor_seq_cst(p, value) ATOMIC_MODIFY(fetch_xor_seq_cst, p, value)

#define atomic_compare_exchange_relaxed(p, expected, desired)                                      \
	ATOMIC_COMPARE(compare_exchange_relaxed, p, expected, desired)
#define atomic_compare_exchange_acquire(p, expected, desired)                                      \
	ATOMIC_COMPARE(compare_exchange_acquire, p, expected, desired)
#define atomic_compare_exchange_release(p, expected, desired)                                      \
	ATOMIC_COMPARE(compare_exchange_release, p, expected, desired)
#define atomic_compare_exchange_acq_rel(p, expected, desired)                                      \
	ATOMIC_COMPARE(compare_exchange_acq_rel, p, expected, desired)
#define atomic_compare_exchange_seq_cst(p, expected, desired)                                      \
	ATOMIC_COMPARE(compare_exchange_seq_cst, p, expected, desired)

#define atomic_compare_exchange_weak_relaxed(p, expected, desired)                                 \
	ATOMIC_COMPARE(compare_exchange_weak_relaxed, p, expected, desired)
#define atomic_compare_exchange_weak_acquire(p, expected, desired)                                 \
	ATOMIC_COMPARE(compare_exchange_weak_acquire, p, expected, desired)
#define atomic_compare_exchange_weak_release(p, expected, desired)                                 \
	ATOMIC_COMPARE(compare_exchange_weak_release, p, expected, desired)
#define atomic_compare_exchange_weak_acq_rel(p, expected, desired)                                 \
	ATOMIC_COMPARE(compare_exchange_weak_acq_rel, p, expected, desired)
#define atomic_compare_exchange_weak_seq_cst(p, expected, desired)                                 \
	ATOMIC_COMPARE(compare_exchange_weak_seq_cst, p, expected, desired)

#endif
