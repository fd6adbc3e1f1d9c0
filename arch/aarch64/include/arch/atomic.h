/*
 * Atomic operations of this machine, on naturally aligned words of 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * AArch64 (mapping: Sewell et al., C/C++11 mappings to processors; DDI 0487, B2 "Load-Acquire,
 * Load-AcquirePC, and Store-Release" and "Synchronization and semaphores"): a load-acquire is ldar,
 * a store-release stlr; a read-modify-write is a loop of a load-exclusive and a store-exclusive,
 * which fails when another CPU wrote in between:
 *   relaxed   ldxr  .. stxr    atomic, no order
 *   acquire   ldaxr .. stxr    later accesses stay behind the load
 *   release   ldxr  .. stlxr   earlier accesses stay before the store
 *   acq_rel   ldaxr .. stlxr   both: what C11 asks of acq_rel
 *
 * acq_rel is no full barrier: a later load may be satisfied before the store is visible, and an
 * earlier store may become visible after the load (Zephyr #32133 took it for one). Code that needs
 * one says smp_mb(). A compare_exchange that fails has done its load alone: with order acquire or
 * acq_rel an acquire, else relaxed.
 *
 * The loops hold no other access and no branch out, so that a core guarantees progress.
 * They are not spin loops in the sense of cpu_relax(): a turn is repeated only when another CPU
 * made progress.
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * compare_exchange: returns whether *p was *expected and became desired; else *expected becomes
 * what *p was.
 */
#define DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, width, order, load, store, ...)                       \
	static inline bool atomic##bits##_compare_exchange_##order(                                \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		uint##bits##_t wanted = *expected;                                                 \
		uint##bits##_t old;                                                                \
		uint32_t failed;                                                                   \
		asm volatile("1: " load " %" width "0, %2\n"                                       \
			     "   cmp %" width "0, %" width "3\n"                                   \
			     "   b.ne 2f\n"                                                        \
			     "   " store " %w1, %" width "4, %2\n"                                 \
			     "   cbnz %w1, 1b\n"                                                   \
			     "2:"                                                                  \
			     : "=&r"(old), "=&r"(failed), "+Q"(*p)                                 \
			     : "r"(wanted), "r"(desired)                                           \
			     : "cc", ##__VA_ARGS__);                                               \
		*expected = old;                                                                   \
		return old == wanted;                                                              \
	}

#define DEFINE_ATOMIC_EXCHANGE(bits, width, order, load, store, ...)                               \
	static inline uint##bits##_t atomic##bits##_exchange_##order(uint##bits##_t *p,            \
								     uint##bits##_t value)         \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		uint32_t failed;                                                                   \
		asm volatile("1: " load " %" width "0, %2\n"                                       \
			     "   " store " %w1, %" width "3, %2\n"                                 \
			     "   cbnz %w1, 1b"                                                     \
			     : "=&r"(old), "=&r"(failed), "+Q"(*p)                                 \
			     : "r"(value)                                                          \
			     : "cc", ##__VA_ARGS__);                                               \
		return old;                                                                        \
	}

#define DEFINE_ATOMIC_FETCH_OP(bits, width, name, op, order, load, store, ...)                     \
	static inline uint##bits##_t atomic##bits##_fetch_##name##_##order(uint##bits##_t *p,      \
									   uint##bits##_t value)   \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		uint##bits##_t new;                                                                \
		uint32_t failed;                                                                   \
		asm volatile("1: " load " %" width "0, %3\n"                                       \
			     "   " op " %" width "1, %" width "0, %" width "4\n"                   \
			     "   " store " %w2, %" width "1, %3\n"                                 \
			     "   cbnz %w2, 1b"                                                     \
			     : "=&r"(old), "=&r"(new), "=&r"(failed), "+Q"(*p)                     \
			     : "r"(value)                                                          \
			     : "cc", ##__VA_ARGS__);                                               \
		return old;                                                                        \
	}

#define DEFINE_ATOMIC_ORDERS(bits, width, order, load, store, ...)                                 \
	DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, width, order, load, store, ##__VA_ARGS__)             \
	DEFINE_ATOMIC_EXCHANGE(bits, width, order, load, store, ##__VA_ARGS__)                     \
	DEFINE_ATOMIC_FETCH_OP(bits, width, add, "add", order, load, store, ##__VA_ARGS__)         \
	DEFINE_ATOMIC_FETCH_OP(bits, width, or, "orr", order, load, store, ##__VA_ARGS__)          \
	DEFINE_ATOMIC_FETCH_OP(bits, width, and, "and", order, load, store, ##__VA_ARGS__)

#define DEFINE_ATOMIC_WIDTH(bits, width)                                                           \
	static inline uint##bits##_t atomic##bits##_load_relaxed(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("ldr %" width "0, %1" : "=r"(value) : "Q"(*p));                       \
		return value;                                                                      \
	}                                                                                          \
	static inline uint##bits##_t atomic##bits##_load_acquire(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("ldar %" width "0, %1" : "=r"(value) : "Q"(*p) : "memory");           \
		return value;                                                                      \
	}                                                                                          \
	static inline void atomic##bits##_store_relaxed(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("str %" width "1, %0" : "=Q"(*p) : "rZ"(value));                      \
	}                                                                                          \
	static inline void atomic##bits##_store_release(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("stlr %" width "1, %0" : "=Q"(*p) : "rZ"(value) : "memory");          \
	}                                                                                          \
	DEFINE_ATOMIC_ORDERS(bits, width, relaxed, "ldxr", "stxr")                                 \
	DEFINE_ATOMIC_ORDERS(bits, width, acquire, "ldaxr", "stxr", "memory")                      \
	DEFINE_ATOMIC_ORDERS(bits, width, release, "ldxr", "stlxr", "memory")                      \
	DEFINE_ATOMIC_ORDERS(bits, width, acq_rel, "ldaxr", "stlxr", "memory")

DEFINE_ATOMIC_WIDTH(32, "w")
DEFINE_ATOMIC_WIDTH(64, "x")

#endif
