/*
 * Atomic operations of this machine, on naturally aligned words of 8, 16, 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * RISC-V. Mapping: unprivileged ISA 20191213, A.5 "Code Porting and Mapping Guidelines", table A.6
 * "Mappings from C/C++ primitives to RISC-V primitives".
 *
 *            load                          store            32 and 64 bits     loops
 *   relaxed  l                             s                amo<op>            lr .. sc
 *   acquire  l; fence r, rw                                 amo<op>.aq         lr.aq .. sc
 *   release                                fence rw, w; s   amo<op>.rl         lr .. sc.rl
 *   acq_rel                                                 amo<op>.aqrl       lr.aq .. sc.rl
 *   seq_cst  fence rw, rw; l; fence r, rw  fence rw, w; s   amo<op>.aqrl       lr.aqrl .. sc.rl
 *
 * Loads and stores have no ordered form: a fence stands behind the one and before the other.
 * The rule that keeps the seq_cst column sound: what parts a seq_cst store from a later seq_cst
 * load is in the load, its leading fence rw, rw, or rl on an lr or amo. Table A.7's mapping (plain
 * .aq and .rl) has it nowhere but in the instructions; a load of that kind behind a store of this
 * one could come first, hence lr.aqrl (the text below table A.6), and hence no seq_cst access of
 * any other mapping.
 *
 * 32 and 64 bits: exchange, fetch_add, _and, _or, _xor are one amo, fetch_sub adds the negative,
 * compare_exchange is a loop:  1: lr; bne 2f; sc; bnez 1b; 2:
 * 8 and 16 bits: without the extension Zabha there are no narrow amo, lr, sc. The word around is
 * taken instead, at p & -4, the value shifted to its place in it: _and, _or, _xor are amo.w with
 * bits that leave the neighbours alone; the others are loops in which sc.w fails when any byte of
 * the word was written in between, so that a neighbour's store is never lost.
 *
 * acq_rel as a loop is no full barrier: a later load may come before the sc, an earlier store
 * behind the lr. Code that needs one says smp_mb(). A compare_exchange that fails has done its load
 * alone: acquire for acquire and acq_rel, seq_cst for seq_cst, else relaxed.
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

#define ATOMIC_FUNCTION static inline __attribute__((always_inline))

/* There is no compare-exchange of two words at once (the extension Zacas came later). */
#define ARCH_HAS_ATOMIC128 0

#define DEFINE_ATOMIC_LOAD(bits, load, order, before, after, ...)                                  \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_load_##order(const uint##bits##_t *p)        \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile(before load " %0, %1" after : "=r"(value) : "m"(*p) : __VA_ARGS__);   \
		return value;                                                                      \
	}

#define DEFINE_ATOMIC_STORE(bits, store, order, before, ...)                                       \
	ATOMIC_FUNCTION void atomic##bits##_store_##order(uint##bits##_t *p, uint##bits##_t value) \
	{                                                                                          \
		asm volatile(before store " %z1, %0" : "=m"(*p) : "rJ"(value) : __VA_ARGS__);      \
	}

#define DEFINE_ATOMIC_LOADS_STORES(bits, load, store)                                              \
	DEFINE_ATOMIC_LOAD(bits, load, relaxed, "", "")                                            \
	DEFINE_ATOMIC_LOAD(bits, load, acquire, "", "\n\tfence r, rw", "memory")                   \
	DEFINE_ATOMIC_LOAD(bits, load, seq_cst, "fence rw, rw\n\t", "\n\tfence r, rw", "memory")   \
	DEFINE_ATOMIC_STORE(bits, store, relaxed, "")                                              \
	DEFINE_ATOMIC_STORE(bits, store, release, "fence rw, w\n\t", "memory")                     \
	DEFINE_ATOMIC_STORE(bits, store, seq_cst, "fence rw, w\n\t", "memory")

/* ---- 32 and 64 bits ---- */

#define DEFINE_ATOMIC_AMO(bits, width, name, op, sign, order, suffix, ...)                         \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_##name##_##order(uint##bits##_t *p,          \
								       uint##bits##_t value)       \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		asm volatile("amo" op "." width suffix " %0, %z2, %1"                              \
			     : "=r"(old), "+A"(*p)                                                 \
			     : "rJ"((uint##bits##_t)(sign value))                                  \
			     : __VA_ARGS__);                                                       \
		return old;                                                                        \
	}

/* Strong: again while sc fails. Weak: failed is not zero when the words differ or sc fails. */
#define DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, width, order, aq, rl, ...)                            \
	ATOMIC_FUNCTION bool atomic##bits##_compare_exchange_##order(                              \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		int64_t wanted = (int##bits##_t)(*expected);                                       \
		int64_t old;                                                                       \
		uint64_t failed;                                                                   \
		asm volatile("1: lr." width aq " %0, %2\n"                                         \
			     "   bne %0, %z3, 2f\n"                                                \
			     "   sc." width rl " %1, %z4, %2\n"                                    \
			     "   bnez %1, 1b\n"                                                    \
			     "2:"                                                                  \
			     : "=&r"(old), "=&r"(failed), "+A"(*p)                                 \
			     : "rJ"(wanted), "rJ"(desired)                                         \
			     : __VA_ARGS__);                                                       \
		*expected = (uint##bits##_t)old;                                                   \
		return old == wanted;                                                              \
	}                                                                                          \
	ATOMIC_FUNCTION bool atomic##bits##_compare_exchange_weak_##order(                         \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		int64_t wanted = (int##bits##_t)(*expected);                                       \
		int64_t old;                                                                       \
		uint64_t failed;                                                                   \
		asm volatile("   lr." width aq " %0, %2\n"                                         \
			     "   xor %1, %0, %z3\n"                                                \
			     "   bnez %1, 2f\n"                                                    \
			     "   sc." width rl " %1, %z4, %2\n"                                    \
			     "2:"                                                                  \
			     : "=&r"(old), "=&r"(failed), "+A"(*p)                                 \
			     : "rJ"(wanted), "rJ"(desired)                                         \
			     : __VA_ARGS__);                                                       \
		*expected = (uint##bits##_t)old;                                                   \
		return failed == 0;                                                                \
	}

/* amo: the letters of an amo; aq, rl: those of lr and sc. */
#define DEFINE_ATOMIC_ORDER(bits, width, order, amo, aq, rl, ...)                                  \
	DEFINE_ATOMIC_AMO(bits, width, exchange, "swap", +, order, amo, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_add, "add", +, order, amo, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_sub, "add", -, order, amo, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_and, "and", +, order, amo, __VA_ARGS__)               \
	DEFINE_ATOMIC_AMO(bits, width, fetch_or, "or", +, order, amo, __VA_ARGS__)                 \
	DEFINE_ATOMIC_AMO(bits, width, fetch_xor, "xor", +, order, amo, __VA_ARGS__)               \
	DEFINE_ATOMIC_COMPARE_EXCHANGE(bits, width, order, aq, rl, __VA_ARGS__)

/* ---- 8 and 16 bits ---- */

/*
 * The word around p, and where in it *p is, in bits. The asm statements name *p as what they
 * change, and the word's address as a number: as far as the compiler is concerned, the neighbours
 * are not touched.
 */
#define ATOMIC_WORD(p) ((uintptr_t)(p) & ~(uintptr_t)3)
#define ATOMIC_SHIFT(p) (8 * (uint32_t)(uintptr_t)(p))
#define ATOMIC_PLACE(value, shift) ((uint32_t)(value) << (31 & (shift)))
#define ATOMIC_TAKE(bits, word, shift) ((uint##bits##_t)((word) >> (31 & (shift))))

/* others: the bits that the neighbours need, so that op leaves them alone. */
#define DEFINE_ATOMIC_NARROW_AMO(bits, name, op, others, order, amo, ...)                          \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_fetch_##name##_##order(uint##bits##_t *p,    \
									     uint##bits##_t value) \
	{                                                                                          \
		uint32_t shift = ATOMIC_SHIFT(p);                                                  \
		uint32_t old;                                                                      \
		asm volatile("amo" op ".w" amo " %0, %2, (%3)"                                     \
			     : "=r"(old), "+m"(*p)                                                 \
			     : "r"(ATOMIC_PLACE(value, shift) | (others)), "r"(ATOMIC_WORD(p))     \
			     : __VA_ARGS__);                                                       \
		return ATOMIC_TAKE(bits, old, shift);                                              \
	}

/* modify: from %0, the word, %3, the value, and %4, the mask of its place, to %1, the new word. */
#define DEFINE_ATOMIC_NARROW_LOOP(bits, name, modify, sign, order, aq, rl, ...)                    \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_##name##_##order(uint##bits##_t *p,          \
								       uint##bits##_t value)       \
	{                                                                                          \
		uint32_t shift = ATOMIC_SHIFT(p);                                                  \
		uint32_t old;                                                                      \
		uint32_t new;                                                                      \
		asm volatile("1: lr.w" aq " %0, (%5)\n" modify "   sc.w" rl " %1, %1, (%5)\n"      \
			     "   bnez %1, 1b"                                                      \
			     : "=&r"(old), "=&r"(new), "+m"(*p)                                    \
			     : "r"(ATOMIC_PLACE(sign(uint32_t) value, shift)),                     \
			       "r"(ATOMIC_PLACE(UINT##bits##_MAX, shift)), "r"(ATOMIC_WORD(p))     \
			     : __VA_ARGS__);                                                       \
		return ATOMIC_TAKE(bits, old, shift);                                              \
	}

/* The old and the new word differ at most in the value's place: flip it there. */
#define ATOMIC_NARROW_EXCHANGE                                                                     \
	"   xor %1, %0, %3\n"                                                                      \
	"   and %1, %1, %4\n"                                                                      \
	"   xor %1, %1, %0\n"
#define ATOMIC_NARROW_ADD                                                                          \
	"   add %1, %0, %3\n"                                                                      \
	"   xor %1, %1, %0\n"                                                                      \
	"   and %1, %1, %4\n"                                                                      \
	"   xor %1, %1, %0\n"

/* again: what a strong one does when sc failed. %3 is wanted, %4 wanted ^ desired, %5 the
 * mask; the first and the last sign-extended, as lr.w does it. */
#define DEFINE_ATOMIC_NARROW_COMPARE(bits, name, again, order, aq, rl, ...)                        \
	ATOMIC_FUNCTION bool atomic##bits##_##name##_##order(                                      \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		uint32_t shift = ATOMIC_SHIFT(p);                                                  \
		uint32_t old;                                                                      \
		uint64_t failed;                                                                   \
		asm volatile("1: lr.w" aq " %0, (%6)\n"                                            \
			     "   xor %1, %0, %3\n"                                                 \
			     "   and %1, %1, %5\n"                                                 \
			     "   bnez %1, 2f\n"                                                    \
			     "   xor %1, %0, %4\n"                                                 \
			     "   sc.w" rl " %1, %1, (%6)\n" again "2:"                             \
			     : "=&r"(old), "=&r"(failed), "+m"(*p)                                 \
			     : "r"((int64_t)(int32_t)ATOMIC_PLACE(*expected, shift)),              \
			       "r"(ATOMIC_PLACE(*expected ^ desired, shift)),                      \
			       "r"((int64_t)(int32_t)ATOMIC_PLACE(UINT##bits##_MAX, shift)),       \
			       "r"(ATOMIC_WORD(p))                                                 \
			     : __VA_ARGS__);                                                       \
		*expected = ATOMIC_TAKE(bits, old, shift);                                         \
		return failed == 0;                                                                \
	}

#define DEFINE_ATOMIC_NARROW_ORDER(bits, order, amo, aq, rl, ...)                                  \
	DEFINE_ATOMIC_NARROW_AMO(bits, or, "or", 0, order, amo, __VA_ARGS__)                       \
	DEFINE_ATOMIC_NARROW_AMO(bits, xor, "xor", 0, order, amo, __VA_ARGS__)                     \
	DEFINE_ATOMIC_NARROW_AMO(bits, and, "and", ~ATOMIC_PLACE(UINT##bits##_MAX, shift), order,  \
				 amo, __VA_ARGS__)                                                 \
	DEFINE_ATOMIC_NARROW_LOOP(bits, exchange, ATOMIC_NARROW_EXCHANGE, +, order, aq, rl,        \
				  __VA_ARGS__)                                                     \
	DEFINE_ATOMIC_NARROW_LOOP(bits, fetch_add, ATOMIC_NARROW_ADD, +, order, aq, rl,            \
				  __VA_ARGS__)                                                     \
	DEFINE_ATOMIC_NARROW_LOOP(bits, fetch_sub, ATOMIC_NARROW_ADD, -, order, aq, rl,            \
				  __VA_ARGS__)                                                     \
	DEFINE_ATOMIC_NARROW_COMPARE(bits, compare_exchange, "   bnez %1, 1b\n", order, aq, rl,    \
				     __VA_ARGS__)                                                  \
	DEFINE_ATOMIC_NARROW_COMPARE(bits, compare_exchange_weak, "", order, aq, rl, __VA_ARGS__)

/* ---- All widths ---- */

#define DEFINE_ATOMIC_WIDTH(bits, width, load)                                                     \
	DEFINE_ATOMIC_LOADS_STORES(bits, load, "s" width)                                          \
	DEFINE_ATOMIC_ORDER(bits, width, relaxed, "", "", "", )                                    \
	DEFINE_ATOMIC_ORDER(bits, width, acquire, ".aq", ".aq", "", "memory")                      \
	DEFINE_ATOMIC_ORDER(bits, width, release, ".rl", "", ".rl", "memory")                      \
	DEFINE_ATOMIC_ORDER(bits, width, acq_rel, ".aqrl", ".aq", ".rl", "memory")                 \
	DEFINE_ATOMIC_ORDER(bits, width, seq_cst, ".aqrl", ".aqrl", ".rl", "memory")

#define DEFINE_ATOMIC_NARROW_WIDTH(bits, width, load)                                              \
	DEFINE_ATOMIC_LOADS_STORES(bits, load, "s" width)                                          \
	DEFINE_ATOMIC_NARROW_ORDER(bits, relaxed, "", "", "", )                                    \
	DEFINE_ATOMIC_NARROW_ORDER(bits, acquire, ".aq", ".aq", "", "memory")                      \
	DEFINE_ATOMIC_NARROW_ORDER(bits, release, ".rl", "", ".rl", "memory")                      \
	DEFINE_ATOMIC_NARROW_ORDER(bits, acq_rel, ".aqrl", ".aq", ".rl", "memory")                 \
	DEFINE_ATOMIC_NARROW_ORDER(bits, seq_cst, ".aqrl", ".aqrl", ".rl", "memory")

DEFINE_ATOMIC_NARROW_WIDTH(8, "b", "lbu")
DEFINE_ATOMIC_NARROW_WIDTH(16, "h", "lhu")
DEFINE_ATOMIC_WIDTH(32, "w", "lw")
DEFINE_ATOMIC_WIDTH(64, "d", "ld")

#endif
