/*
 * A small `arch` of the host: the atomic operations by the compiler's builtins, so that
 * ThreadSanitizer sees them with their orders. The names are those of every port;
 * sync/spin/atomic.h stands on them.
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define DEFINE_ATOMIC_LOAD(bits, order, model)                                                     \
	static inline uint##bits##_t atomic##bits##_load_##order(const uint##bits##_t *p)          \
	{                                                                                          \
		return __atomic_load_n(p, model);                                                  \
	}

#define DEFINE_ATOMIC_STORE(bits, order, model)                                                    \
	static inline void atomic##bits##_store_##order(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		__atomic_store_n(p, value, model);                                                 \
	}

#define DEFINE_ATOMIC_MODIFY(bits, name, builtin, order, model)                                    \
	static inline uint##bits##_t atomic##bits##_##name##_##order(uint##bits##_t *p,            \
								     uint##bits##_t value)         \
	{                                                                                          \
		return builtin(p, value, model);                                                   \
	}

#define DEFINE_ATOMIC_COMPARE(bits, name, weak, order, model)                                      \
	static inline bool atomic##bits##_##name##_##order(                                        \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		return __atomic_compare_exchange_n(p, expected, desired, weak, model,              \
						   __ATOMIC_RELAXED);                              \
	}

#define DEFINE_ATOMIC_ORDER(bits, order, model)                                                    \
	DEFINE_ATOMIC_MODIFY(bits, exchange, __atomic_exchange_n, order, model)                    \
	DEFINE_ATOMIC_MODIFY(bits, fetch_add, __atomic_fetch_add, order, model)                    \
	DEFINE_ATOMIC_MODIFY(bits, fetch_sub, __atomic_fetch_sub, order, model)                    \
	DEFINE_ATOMIC_MODIFY(bits, fetch_and, __atomic_fetch_and, order, model)                    \
	DEFINE_ATOMIC_MODIFY(bits, fetch_or, __atomic_fetch_or, order, model)                      \
	DEFINE_ATOMIC_MODIFY(bits, fetch_xor, __atomic_fetch_xor, order, model)                    \
	DEFINE_ATOMIC_COMPARE(bits, compare_exchange, false, order, model)                         \
	DEFINE_ATOMIC_COMPARE(bits, compare_exchange_weak, true, order, model)

#define DEFINE_ATOMIC_WIDTH(bits)                                                                  \
	DEFINE_ATOMIC_LOAD(bits, relaxed, __ATOMIC_RELAXED)                                        \
	DEFINE_ATOMIC_LOAD(bits, acquire, __ATOMIC_ACQUIRE)                                        \
	DEFINE_ATOMIC_LOAD(bits, seq_cst, __ATOMIC_SEQ_CST)                                        \
	DEFINE_ATOMIC_STORE(bits, relaxed, __ATOMIC_RELAXED)                                       \
	DEFINE_ATOMIC_STORE(bits, release, __ATOMIC_RELEASE)                                       \
	DEFINE_ATOMIC_STORE(bits, seq_cst, __ATOMIC_SEQ_CST)                                       \
	DEFINE_ATOMIC_ORDER(bits, relaxed, __ATOMIC_RELAXED)                                       \
	DEFINE_ATOMIC_ORDER(bits, acquire, __ATOMIC_ACQUIRE)                                       \
	DEFINE_ATOMIC_ORDER(bits, release, __ATOMIC_RELEASE)                                       \
	DEFINE_ATOMIC_ORDER(bits, acq_rel, __ATOMIC_ACQ_REL)                                       \
	DEFINE_ATOMIC_ORDER(bits, seq_cst, __ATOMIC_SEQ_CST)

DEFINE_ATOMIC_WIDTH(8)
DEFINE_ATOMIC_WIDTH(16)
DEFINE_ATOMIC_WIDTH(32)
DEFINE_ATOMIC_WIDTH(64)

#endif
