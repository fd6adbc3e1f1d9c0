/*
 * Small arithmetic: rounding, the lesser of two, and sets of bits in arrays of 64-bit words (bit n
 * of a set is bit n % 64 of word n / 64). Plain accesses: a set that several CPUs change is
 * protected by its owner's lock.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The elements of an array; a pointer does not compile. */
#define ARRAY_SIZE(array)                                                                          \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0])),            \
				"not an array");                                                   \
		 int member;                                                                       \
	 }))

/*
 * Both arguments have the same type, or it does not compile: no surprises between signed and
 * unsigned.
 */
#define min(a, b) BITS_CHOOSE(a, b, <, __COUNTER__)
#define max(a, b) BITS_CHOOSE(a, b, >, __COUNTER__)

/* Fresh names for each use, so that uses may nest without one variable shadowing another. */
#define BITS_CHOOSE(a, b, operator, unique) BITS_CHOOSE_NAMED(a, b, operator, unique)
#define BITS_CHOOSE_NAMED(a, b, operator, unique)                                                  \
	({                                                                                         \
		__auto_type choose_a_##unique = (a);                                               \
		__auto_type choose_b_##unique = (b);                                               \
		_Static_assert(__builtin_types_compatible_p(__typeof__(choose_a_##unique),         \
							    __typeof__(choose_b_##unique)),        \
			       "two types");                                                       \
		choose_a_##unique operator choose_b_##unique ? choose_a_##unique                   \
							     : choose_b_##unique;                  \
	})

/* The next multiple of alignment, a power of two, at or above value; wraps to 0 near the top. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

/* The last multiple of alignment, a power of two, at or below value. */
static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
	return value & ~(alignment - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

static inline bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* The words that a set of so many bits takes. */
#define BIT_WORDS(bits) (((bits) + 63) / 64)

static inline void bit_set(uint64_t *words, size_t bit)
{
	words[bit / 64] |= 1UL << bit % 64;
}

static inline void bit_clear(uint64_t *words, size_t bit)
{
	words[bit / 64] &= ~(1UL << bit % 64);
}

static inline bool bit_is_set(const uint64_t *words, size_t bit)
{
	return words[bit / 64] >> bit % 64 & 1;
}

/* The first set bit at or above from, in a set of so many bits; bits when there is none. */
static inline size_t bit_find_next(const uint64_t *words, size_t bits, size_t from)
{
	while (from < bits) {
		uint64_t rest = words[from / 64] >> from % 64;

		if (rest) {
			from += (size_t)__builtin_ctzl(rest);
			return from < bits ? from : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

static inline size_t bit_find_first(const uint64_t *words, size_t bits)
{
	return bit_find_next(words, bits, 0);
}

/* The first clear bit at or above from, in a set of so many bits; bits when there is none. */
static inline size_t bit_find_next_clear(const uint64_t *words, size_t bits, size_t from)
{
	while (from < bits) {
		uint64_t rest = ~words[from / 64] >> from % 64;

		if (rest) {
			from += (size_t)__builtin_ctzl(rest);
			return from < bits ? from : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

/* How many of the first so many bits are set. */
static inline size_t bit_count(const uint64_t *words, size_t bits)
{
	size_t count = 0;

	for (size_t word = 0; word < bits / 64; word++)
		count += (size_t)__builtin_popcountl(words[word]);
	if (bits % 64)
		count += (size_t)__builtin_popcountl(words[bits / 64] & ((1UL << bits % 64) - 1));
	return count;
}

/*
 * for (size_t bit = …) over the set bits, in rising order. The body may change bits up to and
 * including bit.
 */
#define bit_for_each(bit, words, bits)                                                             \
	for (size_t bit = bit_find_first(words, bits); bit < (bits);                               \
	     bit = bit_find_next(words, bits, bit + 1))

#endif
