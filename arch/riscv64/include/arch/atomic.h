/*
 * Atomic operations of this machine, on naturally aligned words of 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * RISC-V (mapping: unprivileged ISA 20191213, appendix A.5, table A.6 "Mappings from C/C++
 * primitives to RISC-V primitives"): loads and stores have no ordered form, so a fence stands
 * behind the one and before the other; read-modify-writes carry the order in the instruction:
 *   relaxed   amo<op>       lr    .. sc      atomic, no order
 *   acquire   amo<op>.aq    lr.aq .. sc      later accesses stay behind the load
 *   release   amo<op>.rl    lr    .. sc.rl   earlier accesses stay before the store
 *   acq_rel   amo<op>.aqrl  lr.aq .. sc.rl   both: what C11 asks of acq_rel
 * The acq_rel loop is no full barrier: a later load may come before the store, an earlier store
 * after the load; code that needs one says smp_mb(). A compare_exchange that fails has done its
 * load alone: with order acquire or acq_rel an acquire, else relaxed.
 *
 * The loops hold no other access, fewer than 16 instructions and no branch back but their own, so
 * that the machine guarantees progress (8.3 "Eventual Success of Store-Conditional Instructions").
 * They are not spin loops in the sense of cpu_relax(): a turn is repeated only when another CPU
 * made progress. lr.w and amo*.w give their result sign-extended, so what it is compared with is,
 * too.
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
		int64_t wanted = (int##bits##_t) * expected;                                       \
		int64_t old;                                                                       \
		uint64_t failed;                                                                   \
		asm volatile("1: lr." width load " %0, %2\n"                                       \
			     "   bne %0, %3, 2f\n"                                                 \
			     "   sc." width store " %1, %4, %2\n"                                  \
			     "   bnez %1, 1b\n"                                                    \
			     "2:"                                                                  \
			     : "=&r"(old), "=&r"(failed), "+A"(*p)                                 \
			     : "r"(wanted), "r"(desired)                                           \
			     : __VA_ARGS__);                                                       \
		*expected = (uint##bits##_t)old;                                                   \
		return old == wanted;                                                              \
	}

#define DEFINE_ATOMIC_AMO(bits, width, name, op, order, suffix, ...)                               \
	static inline uint##bits##_t atomic##bits##_##name##_##order(uint##bits##_t *p,            \
								     uint##bits##_t value)         \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		asm volatile("amo" op "." width suffix " %0, %2, %1"                               \
			     : "=r"(old), "+A"(*p)                                                 \
			     : "r"(value)                                                          \
			     : __VA_ARGS__);                                                       \
		return old;                                                                        \
	}

#define DEFINE_ATOMIC_ORDERS(bits, width, order, load, store, suffix, ...)                         \
	DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, width, order, load, store, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, exchange, "swap", order, suffix, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_add, "add", order, suffix, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_or, "or", order, suffix, __VA_ARGS__)                 \
	DEFINE_ATOMIC_AMO(bits, width, fetch_and, "and", order, suffix, __VA_ARGS__)

#define DEFINE_ATOMIC_WIDTH(bits, width)                                                           \
	static inline uint##bits##_t atomic##bits##_load_relaxed(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("l" width " %0, %1" : "=r"(value) : "m"(*p));                         \
		return value;                                                                      \
	}                                                                                          \
	static inline uint##bits##_t atomic##bits##_load_acquire(const uint##bits##_t *p)          \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("l" width " %0, %1\n\tfence r, rw"                                    \
			     : "=r"(value)                                                         \
			     : "m"(*p)                                                             \
			     : "memory");                                                          \
		return value;                                                                      \
	}                                                                                          \
	static inline void atomic##bits##_store_relaxed(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("s" width " %z1, %0" : "=m"(*p) : "rJ"(value));                       \
	}                                                                                          \
	static inline void atomic##bits##_store_release(uint##bits##_t *p, uint##bits##_t value)   \
	{                                                                                          \
		asm volatile("fence rw, w\n\ts" width " %z1, %0"                                   \
			     : "=m"(*p)                                                            \
			     : "rJ"(value)                                                         \
			     : "memory");                                                          \
	}                                                                                          \
	DEFINE_ATOMIC_ORDERS(bits, width, relaxed, "", "", "", )                                   \
	DEFINE_ATOMIC_ORDERS(bits, width, acquire, ".aq", "", ".aq", "memory")                     \
	DEFINE_ATOMIC_ORDERS(bits, width, release, "", ".rl", ".rl", "memory")                     \
	DEFINE_ATOMIC_ORDERS(bits, width, acq_rel, ".aq", ".rl", ".aqrl", "memory")

DEFINE_ATOMIC_WIDTH(32, "w")
DEFINE_ATOMIC_WIDTH(64, "d")

#endif
