/*
 * Atomic operations of this machine, on naturally aligned words of 8, 16, 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * x86_64. Mapping: Sewell et al., "C/C++11 mappings to processors", x86. Reasons: SDM vol. 3, 9.1.1
 * "Guaranteed Atomic Operations", 9.2.2 "Memory Ordering in P6 and More Recent Processor Families",
 * 9.2.3.9 "Loads and Stores Are Not Reordered with Locked Instructions".
 *
 *                     relaxed   acquire   release   acq_rel   seq_cst
 *   load              mov       mov                           mov
 *   store             mov                 mov                 xchg
 *   exchange          xchg      xchg      xchg      xchg      xchg        (locked without the prefix)
 *   compare_exchange  lock cmpxchg in all; weak is the same
 *   fetch_add         lock xadd in all; fetch_sub adds the negative
 *   fetch_and/or/xor  mov; 1: mov; and; lock cmpxchg; jne 1b      in all: no locked and, or, xor
 *                     returns the old value
 *
 * The only reordering is a store with a later load (9.2.3.4), and a locked instruction forbids it:
 * so every load acquires, every store releases, and every read-modify-write is a full barrier. The
 * one thing left is a seq_cst store before a seq_cst load: the store is an xchg, and then the load
 * may stay a mov. The mapping with the barrier at the load (mov, and mfence; mov) is sound as well,
 * but not mixed with this one. Whatever the instruction, the order in the name binds the compiler:
 * all but relaxed clobber "memory".
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define ATOMIC_FUNCTION static inline __attribute__((always_inline))

/* Narrow loads fill the register, so that they do not wait for what was in it before. */
#define DEFINE_ATOMIC_LOAD(bits, load, order, ...)                                                 \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_load_##order(const uint##bits##_t *p)        \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile(load : "=r"(value) : "m"(*p) : __VA_ARGS__);                          \
		return value;                                                                      \
	}

#define DEFINE_ATOMIC_STORE(bits, suffix, order, ...)                                              \
	ATOMIC_FUNCTION void atomic##bits##_store_##order(uint##bits##_t *p, uint##bits##_t value) \
	{                                                                                          \
		asm volatile("mov" suffix " %1, %0" : "=m"(*p) : "er"(value) : __VA_ARGS__);       \
	}

#define DEFINE_ATOMIC_EXCHANGE(bits, suffix, order, ...)                                           \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_exchange_##order(uint##bits##_t *p,          \
								       uint##bits##_t value)       \
	{                                                                                          \
		asm volatile("xchg" suffix " %0, %1" : "+r"(value), "+m"(*p)::__VA_ARGS__);        \
		return value;                                                                      \
	}

#define DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, suffix, order, ...)                                   \
	ATOMIC_FUNCTION bool atomic##bits##_compare_exchange_##order(                              \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		bool done;                                                                         \
		asm volatile("lock cmpxchg" suffix " %3, %1"                                       \
			     : "=@ccz"(done), "+m"(*p), "+a"(*expected)                            \
			     : "r"(desired)                                                        \
			     : __VA_ARGS__);                                                       \
		return done;                                                                       \
	}                                                                                          \
	ATOMIC_FUNCTION bool atomic##bits##_compare_exchange_weak_##order(                         \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		return atomic##bits##_compare_exchange_##order(p, expected, desired);              \
	}

#define DEFINE_ATOMIC_FETCH_ADD(bits, suffix, order, ...)                                          \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_fetch_add_##order(uint##bits##_t *p,         \
									uint##bits##_t value)      \
	{                                                                                          \
		asm volatile("lock xadd" suffix " %0, %1" : "+r"(value), "+m"(*p)::__VA_ARGS__);   \
		return value;                                                                      \
	}                                                                                          \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_fetch_sub_##order(uint##bits##_t *p,         \
									uint##bits##_t value)      \
	{                                                                                          \
		return atomic##bits##_fetch_add_##order(p, (uint##bits##_t)(-value));              \
	}

/*
 * A turn is repeated only when another CPU wrote in between, so it needs no cpu_relax(). Narrow
 * words are worked on in 32-bit registers (wide: k, else q); what is above them does not matter.
 */
#define DEFINE_ATOMIC_FETCH_LOGIC(bits, suffix, load, wide, name, order, ...)                      \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_fetch_##name##_##order(uint##bits##_t *p,    \
									     uint##bits##_t value) \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		uint##bits##_t new;                                                                \
		asm volatile("   " load "\n"                                                       \
			     "1: mov %" wide "0, %" wide "2\n"                                     \
			     "   " #name " %" wide "3, %" wide "2\n"                               \
			     "   lock cmpxchg" suffix " %2, %1\n"                                  \
			     "   jne 1b"                                                           \
			     : "=&a"(old), "+m"(*p), "=&r"(new)                                    \
			     : "er"(value)                                                         \
			     : __VA_ARGS__);                                                       \
		return old;                                                                        \
	}

#define DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, order, ...)                                  \
	DEFINE_ATOMIC_EXCHANGE(bits, suffix, order, ##__VA_ARGS__)                                 \
	DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, suffix, order, ##__VA_ARGS__)                         \
	DEFINE_ATOMIC_FETCH_ADD(bits, suffix, order, ##__VA_ARGS__)                                \
	DEFINE_ATOMIC_FETCH_LOGIC(bits, suffix, load, wide, and, order, ##__VA_ARGS__)             \
	DEFINE_ATOMIC_FETCH_LOGIC(bits, suffix, load, wide, or, order, ##__VA_ARGS__)              \
	DEFINE_ATOMIC_FETCH_LOGIC(bits, suffix, load, wide, xor, order, ##__VA_ARGS__)

#define DEFINE_ATOMIC_WIDTH(bits, suffix, load, wide)                                              \
	DEFINE_ATOMIC_LOAD(bits, load, relaxed)                                                    \
	DEFINE_ATOMIC_LOAD(bits, load, acquire, "memory")                                          \
	DEFINE_ATOMIC_LOAD(bits, load, seq_cst, "memory")                                          \
	DEFINE_ATOMIC_STORE(bits, suffix, relaxed)                                                 \
	DEFINE_ATOMIC_STORE(bits, suffix, release, "memory")                                       \
	DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, relaxed)                                     \
	DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, acquire, "memory")                           \
	DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, release, "memory")                           \
	DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, acq_rel, "memory")                           \
	DEFINE_ATOMIC_ORDER(bits, suffix, load, wide, seq_cst, "memory")                           \
	/* xchg: a later seq_cst load must not pass it, and a mov would let it. */                 \
	ATOMIC_FUNCTION void atomic##bits##_store_seq_cst(uint##bits##_t *p, uint##bits##_t value) \
	{                                                                                          \
		atomic##bits##_exchange_seq_cst(p, value);                                         \
	}

DEFINE_ATOMIC_WIDTH(8, "b", "movzbl %1, %k0", "k")
DEFINE_ATOMIC_WIDTH(16, "w", "movzwl %1, %k0", "k")
DEFINE_ATOMIC_WIDTH(32, "l", "movl %1, %0", "k")
DEFINE_ATOMIC_WIDTH(64, "q", "movq %1, %0", "q")

/*
 * Two words at once: cmpxchg16b (SDM vol. 2, CMPXCHG8B/CMPXCHG16B), on every CPU that sets
 * CPUID.01H:ECX[13]; a pair that is not aligned to 16 bytes faults.
 */
#define ARCH_HAS_ATOMIC128 1

struct atomic128 {
	uint64_t low;
	uint64_t high;
} __attribute__((aligned(16)));

/* Ask once and remember: cpuid takes long, most of all in a virtual machine. */
static inline bool atomic128_available(void)
{
	uint32_t leaf = 1;
	uint32_t features = 0;

	asm volatile("cpuid" : "+a"(leaf), "+c"(features)::"ebx", "edx");
	return features >> 13 & 1;
}

ATOMIC_FUNCTION bool atomic128_compare_exchange_acq_rel(struct atomic128 *p,
							struct atomic128 *expected,
							struct atomic128 desired)
{
	bool done;

	asm volatile("lock cmpxchg16b %1"
		     : "=@ccz"(done), "+m"(*p), "+a"(expected->low), "+d"(expected->high)
		     : "b"(desired.low), "c"(desired.high)
		     : "memory");
	return done;
}

#endif
