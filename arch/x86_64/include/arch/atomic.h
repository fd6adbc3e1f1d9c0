/*
 * Atomic operations of this machine, on naturally aligned words of 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * x86_64 (mapping: Sewell et al., C/C++11 mappings to processors; SDM vol. 3, 9.2.2 and 9.1.1): a
 * load is an acquire and a store a release by themselves; a locked read-modify-write is a full
 * barrier, so all its orders are one instruction. The order in the name still binds the compiler
 * ("memory"), and tells the reader.
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * compare_exchange: returns whether *p was *expected and became desired; else *expected becomes
 * what *p was.
 */
#define DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, suffix, order, clobber)                               \
	static inline bool atomic##bits##_compare_exchange_##order(                                \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		bool done;                                                                         \
		asm volatile("lock cmpxchg" suffix " %3, %1"                                       \
			     : "=@ccz"(done), "+m"(*p), "+a"(*expected)                            \
			     : "r"(desired)                                                        \
			     : clobber);                                                           \
		return done;                                                                       \
	}

#define DEFINE_ATOMIC_EXCHANGE(bits, suffix, order, clobber)                                       \
	static inline uint##bits##_t atomic##bits##_exchange_##order(uint##bits##_t *p,            \
								     uint##bits##_t value)         \
	{                                                                                          \
		asm volatile("xchg" suffix " %0, %1" : "+r"(value), "+m"(*p)::clobber);            \
		return value;                                                                      \
	}

#define DEFINE_ATOMIC_FETCH_ADD(bits, suffix, order, clobber)                                      \
	static inline uint##bits##_t atomic##bits##_fetch_add_##order(uint##bits##_t *p,           \
								      uint##bits##_t value)        \
	{                                                                                          \
		asm volatile("lock xadd" suffix " %0, %1" : "+r"(value), "+m"(*p)::clobber);       \
		return value;                                                                      \
	}

/* There is no locked and/or that returns the old value: a compare-exchange loop. */
#define DEFINE_ATOMIC_FETCH_OP(bits, suffix, name, op, order, clobber)                             \
	static inline uint##bits##_t atomic##bits##_fetch_##name##_##order(uint##bits##_t *p,      \
									   uint##bits##_t value)   \
	{                                                                                          \
		uint##bits##_t old = atomic##bits##_load_relaxed(p);                               \
		while (!atomic##bits##_compare_exchange_##order(p, &old, old op value))            \
			;                                                                          \
		return old;                                                                        \
	}

#define DEFINE_ATOMIC_ORDERS(bits, suffix, order, clobber)                                         \
	DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, suffix, order, clobber)                               \
	DEFINE_ATOMIC_EXCHANGE(bits, suffix, order, clobber)                                       \
	DEFINE_ATOMIC_FETCH_ADD(bits, suffix, order, clobber)                                      \
	DEFINE_ATOMIC_FETCH_OP(bits, suffix, or, |, order, clobber)                                \
	DEFINE_ATOMIC_FETCH_OP(bits, suffix, and, &, order, clobber)

#define DEFINE_ATOMIC_WIDTH(bits, suffix)                                                          \
	static inline uint##bits##_t atomic##bits##_load_relaxed(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("mov" suffix " %1, %0" : "=r"(value) : "m"(*p));                      \
		return value;                                                                      \
	}                                                                                          \
	static inline uint##bits##_t atomic##bits##_load_acquire(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("mov" suffix " %1, %0" : "=r"(value) : "m"(*p) : "memory");           \
		return value;                                                                      \
	}                                                                                          \
	static inline void atomic##bits##_store_relaxed(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("mov" suffix " %1, %0" : "=m"(*p) : "er"(value));                     \
	}                                                                                          \
	static inline void atomic##bits##_store_release(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("mov" suffix " %1, %0" : "=m"(*p) : "er"(value) : "memory");          \
	}                                                                                          \
	DEFINE_ATOMIC_ORDERS(bits, suffix, relaxed, "cc")                                          \
	DEFINE_ATOMIC_ORDERS(bits, suffix, acquire, "memory")                                      \
	DEFINE_ATOMIC_ORDERS(bits, suffix, release, "memory")                                      \
	DEFINE_ATOMIC_ORDERS(bits, suffix, acq_rel, "memory")

DEFINE_ATOMIC_WIDTH(32, "l")
DEFINE_ATOMIC_WIDTH(64, "q")

#endif
