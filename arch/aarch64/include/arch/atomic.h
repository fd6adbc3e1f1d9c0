/*
 * Atomic operations of this machine, on naturally aligned words of 8, 16, 32 and 64 bits;
 * <sync/spin/atomic.h> is what the floors above use. Each name ends in its order. The operations
 * and their orders are the same in each port.
 *
 * AArch64. Mapping: Sewell et al., "C/C++11 mappings to processors", AArch64. Reasons: DDI 0487,
 * B2 "Ordering relations", "Load-Acquire, Load-AcquirePC, and Store-Release", "Synchronization and
 * semaphores"; C6.2 LDXR, STXR, LDADD, SWP, CAS and their kin.
 *
 *            load   store   exclusives, a loop    LSE, one instruction
 *   relaxed  ldr    str     ldxr  .. stxr         ldadd    swp    cas     (and ldclr, ldset, ldeor)
 *   acquire  ldar           ldaxr .. stxr         ldadda   swpa   casa
 *   release         stlr    ldxr  .. stlxr        ldaddl   swpl   casl
 *   acq_rel                 ldaxr .. stlxr        ldaddal  swpal  casal
 *   seq_cst  ldar   stlr    ldaxr .. stlxr        ldaddal  swpal  casal
 *
 * acquire and release are of the strong kind here (RCsc): an ldar, ldaxr or LSE acquire stays
 * behind every earlier stlr, stlxr or LSE release, which is what C11 wants of seq_cst besides; so
 * seq_cst is acq_rel's instructions. ldapr (RCpc) would do for acquire, not for seq_cst.
 *
 * What a seq_cst read-modify-write promises is C11's seq_cst, and no more: it is no smp_mb(). With
 * LSE it would be one: nothing later comes before the write of an instruction with both A and L
 * (B2 "Barrier-ordered-before"; range([A]; amo; [L]); po in aarch64.cat). With exclusives it is
 * not: a later load may be satisfied before the stlxr is visible, an earlier store become visible
 * after the ldaxr (Zephyr #32133 took it for one). The kernel runs with either.
 *
 * Each read-modify-write is compiled as the loop; the record that LSE_ALTERNATIVE leaves beside it
 * lets arch/aarch64/alternatives.c put the LSE instructions in its place at boot, on a CPU that has
 * them. Both use the same registers.
 *
 * A compare_exchange that fails has done its load alone: with order acquire, acq_rel or seq_cst an
 * acquire, else relaxed. The loops hold no other access and no branch out but that, so that a core
 * guarantees progress. They are not spin loops in the sense of cpu_relax(): a turn is repeated only
 * when another CPU made progress.
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define ATOMIC_FUNCTION static inline __attribute__((always_inline))

/*
 * A struct alternative (arch/aarch64/alternatives.c) behind the loop that it is about: where the
 * loop begins, the number of its instructions, the number of LSE instructions, and these.
 */
#define LSE_ALTERNATIVE(loop, lse)                                                                 \
	"661:\n" loop "662:\n"                                                                     \
	"   .pushsection .alternatives, \"a\"\n"                                                   \
	"   .balign 4\n"                                                                           \
	"   .word 661b - .\n"                                                                      \
	"   .hword (662b - 661b) / 4, (664f - 663f) / 4\n"                                         \
	"   .arch_extension lse\n"                                                                 \
	"663:\n" lse "664:\n"                                                                      \
	"   .popsection\n"

/* In what follows w is the letter of the registers, b the letter of the width. */

#define DEFINE_ATOMIC_LOAD(bits, w, b, order, load, place, ...)                                    \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_load_##order(const uint##bits##_t *p)        \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile(load b " %" w "0, %1" : "=r"(value) : place(*p) : __VA_ARGS__);       \
		return value;                                                                      \
	}

#define DEFINE_ATOMIC_STORE(bits, w, b, order, store, place, ...)                                  \
	ATOMIC_FUNCTION void atomic##bits##_store_##order(uint##bits##_t *p, uint##bits##_t value) \
	{                                                                                          \
		asm volatile(store b " %" w "1, %0" : "=" place(*p) : "rZ"(value) : __VA_ARGS__);  \
	}

#define DEFINE_ATOMIC_EXCHANGE(bits, w, b, order, ld, st, lse, ...)                                \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_exchange_##order(uint##bits##_t *p,          \
								       uint##bits##_t value)       \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		uint32_t failed;                                                                   \
		asm volatile(LSE_ALTERNATIVE("   " ld b " %" w "0, %2\n"                           \
					     "   " st b " %w1, %" w "3, %2\n"                      \
					     "   cbnz %w1, 661b\n",                                \
					     "   swp" lse b " %" w "3, %" w "0, %2\n")             \
			     : "=&r"(old), "=&r"(failed), "+Q"(*p)                                 \
			     : "rZ"(value)                                                         \
			     : __VA_ARGS__);                                                       \
		return old;                                                                        \
	}

/* operation: %1, the new word, from %0, the old, and %4, the value. */
#define DEFINE_ATOMIC_FETCH(bits, w, b, name, operation, instead, order, ld, st, lse, ...)         \
	ATOMIC_FUNCTION uint##bits##_t atomic##bits##_fetch_##name##_##order(uint##bits##_t *p,    \
									     uint##bits##_t value) \
	{                                                                                          \
		uint##bits##_t old;                                                                \
		uint##bits##_t new;                                                                \
		uint32_t failed;                                                                   \
		asm volatile(LSE_ALTERNATIVE("   " ld b " %" w "0, %3\n"                           \
					     "   " operation " %" w "1, %" w "0, %" w "4\n"        \
					     "   " st b " %w2, %" w "1, %3\n"                      \
					     "   cbnz %w2, 661b\n",                                \
					     instead(w, lse b))                                    \
			     : "=&r"(old), "=&r"(new), "=&r"(failed), "+Q"(*p)                     \
			     : "rZ"(value)                                                         \
			     : __VA_ARGS__);                                                       \
		return old;                                                                        \
	}

/* There is no LSE subtraction and no and: the negative is added, the complement cleared. */
#define LSE_ADD(w, letters) "   ldadd" letters " %" w "4, %" w "0, %3\n"
#define LSE_SUB(w, letters)                                                                        \
	"   neg %" w "1, %" w "4\n"                                                                \
	"   ldadd" letters " %" w "1, %" w "0, %3\n"
#define LSE_AND(w, letters)                                                                        \
	"   mvn %" w "1, %" w "4\n"                                                                \
	"   ldclr" letters " %" w "1, %" w "0, %3\n"
#define LSE_OR(w, letters) "   ldset" letters " %" w "4, %" w "0, %3\n"
#define LSE_XOR(w, letters) "   ldeor" letters " %" w "4, %" w "0, %3\n"

/*
 * failed is not zero when the words differ or, weak, when the store failed; strong: again. Narrow
 * words are compared in whole registers, which ldxr and cas fill with zeroes.
 */
#define DEFINE_ATOMIC_COMPARE(bits, w, b, name, again, order, ld, st, lse, ...)                    \
	ATOMIC_FUNCTION bool atomic##bits##_##name##_##order(                                      \
		uint##bits##_t *p, uint##bits##_t *expected, uint##bits##_t desired)               \
	{                                                                                          \
		uint64_t wanted = *expected;                                                       \
		uint64_t old;                                                                      \
		uint64_t failed;                                                                   \
		asm volatile(LSE_ALTERNATIVE("   " ld b " %" w "0, %2\n"                           \
					     "   eor %" w "1, %" w "0, %" w "3\n"                  \
					     "   cbnz %" w "1, 662f\n"                             \
					     "   " st b " %w1, %" w "4, %2\n" again,               \
					     "   mov %" w "0, %" w "3\n"                           \
					     "   cas" lse b " %" w "0, %" w "4, %2\n"              \
					     "   eor %" w "1, %" w "0, %" w "3\n")                 \
			     : "=&r"(old), "=&r"(failed), "+Q"(*p)                                 \
			     : "rZ"(wanted), "rZ"(desired)                                         \
			     : __VA_ARGS__);                                                       \
		*expected = (uint##bits##_t)old;                                                   \
		return failed == 0;                                                                \
	}

/* ld, st: the exclusives; lse: the letters of an LSE instruction. */
#define DEFINE_ATOMIC_ORDER(bits, w, b, order, ld, st, lse, ...)                                   \
	DEFINE_ATOMIC_EXCHANGE(bits, w, b, order, ld, st, lse, __VA_ARGS__)                        \
	DEFINE_ATOMIC_FETCH(bits, w, b, add, "add", LSE_ADD, order, ld, st, lse, __VA_ARGS__)      \
	DEFINE_ATOMIC_FETCH(bits, w, b, sub, "sub", LSE_SUB, order, ld, st, lse, __VA_ARGS__)      \
	DEFINE_ATOMIC_FETCH(bits, w, b, and, "and", LSE_AND, order, ld, st, lse, __VA_ARGS__)      \
	DEFINE_ATOMIC_FETCH(bits, w, b, or, "orr", LSE_OR, order, ld, st, lse, __VA_ARGS__)        \
	DEFINE_ATOMIC_FETCH(bits, w, b, xor, "eor", LSE_XOR, order, ld, st, lse, __VA_ARGS__)      \
	DEFINE_ATOMIC_COMPARE(bits, w, b, compare_exchange, "   cbnz %w1, 661b\n", order, ld, st,  \
			      lse, __VA_ARGS__)                                                    \
	DEFINE_ATOMIC_COMPARE(bits, w, b, compare_exchange_weak, "", order, ld, st, lse,           \
			      __VA_ARGS__)

#define DEFINE_ATOMIC_WIDTH(bits, w, b)                                                            \
	DEFINE_ATOMIC_LOAD(bits, w, b, relaxed, "ldr", "m", )                                      \
	DEFINE_ATOMIC_LOAD(bits, w, b, acquire, "ldar", "Q", "memory")                             \
	DEFINE_ATOMIC_LOAD(bits, w, b, seq_cst, "ldar", "Q", "memory")                             \
	DEFINE_ATOMIC_STORE(bits, w, b, relaxed, "str", "m", )                                     \
	DEFINE_ATOMIC_STORE(bits, w, b, release, "stlr", "Q", "memory")                            \
	DEFINE_ATOMIC_STORE(bits, w, b, seq_cst, "stlr", "Q", "memory")                            \
	DEFINE_ATOMIC_ORDER(bits, w, b, relaxed, "ldxr", "stxr", "", )                             \
	DEFINE_ATOMIC_ORDER(bits, w, b, acquire, "ldaxr", "stxr", "a", "memory")                   \
	DEFINE_ATOMIC_ORDER(bits, w, b, release, "ldxr", "stlxr", "l", "memory")                   \
	DEFINE_ATOMIC_ORDER(bits, w, b, acq_rel, "ldaxr", "stlxr", "al", "memory")                 \
	DEFINE_ATOMIC_ORDER(bits, w, b, seq_cst, "ldaxr", "stlxr", "al", "memory")

DEFINE_ATOMIC_WIDTH(8, "w", "b")
DEFINE_ATOMIC_WIDTH(16, "w", "h")
DEFINE_ATOMIC_WIDTH(32, "w", "")
DEFINE_ATOMIC_WIDTH(64, "x", "")

/* Two words at once: a pair of exclusives, which every CPU has. */
#define ARCH_HAS_ATOMIC128 1

struct atomic128 {
	uint64_t low;
	uint64_t high;
} __attribute__((aligned(16)));

static inline bool atomic128_available(void)
{
	return true;
}

/*
 * The two halves that ldaxp loads are one value only if the stlxp behind it succeeds (B2
 * "Requirements for single-copy atomicity"). So a comparison that fails stores what it found, and
 * begins again if that fails: the memory is written in any case.
 */
ATOMIC_FUNCTION bool atomic128_compare_exchange_acq_rel(struct atomic128 *p,
							struct atomic128 *expected,
							struct atomic128 desired)
{
	struct atomic128 wanted = *expected;
	struct atomic128 new;
	uint64_t low;
	uint64_t high;
	uint32_t failed;

	asm volatile("1: ldaxp %0, %1, %5\n"
		     "   cmp %0, %6\n"
		     "   ccmp %1, %7, #0, eq\n"
		     "   csel %2, %8, %0, eq\n"
		     "   csel %3, %9, %1, eq\n"
		     "   stlxp %w4, %2, %3, %5\n"
		     "   cbnz %w4, 1b"
		     : "=&r"(low), "=&r"(high), "=&r"(new.low), "=&r"(new.high), "=&r"(failed),
		       "+Q"(*p)
		     : "r"(wanted.low), "r"(wanted.high), "r"(desired.low), "r"(desired.high)
		     : "cc", "memory");
	expected->low = low;
	expected->high = high;
	return low == wanted.low && high == wanted.high;
}

#endif
