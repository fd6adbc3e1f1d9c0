/*
 * The undefined-behaviour sanitizer catches what it is for (SAN=ubsan). Values come from volatile
 * words, or the compiler would know better.
 */
#include <boot/test.h>

#ifdef CONFIG_UBSAN

static volatile int largest = __INT_MAX__;
static volatile int forty = 40;
static volatile int words[4];
static volatile uintptr_t nowhere;
static volatile int sink;

DEATH_TEST(ubsan, signed_addition,
	   "undefined behaviour: 0x7fffffff + 0x1 overflows 'int' at tests/")
{
	sink = largest + 1;
}

DEATH_TEST(ubsan, signed_product,
	   "undefined behaviour: 0x7fffffff * 0x28 overflows 'int' at tests/")
{
	sink = largest * forty;
}

DEATH_TEST(ubsan, shift_too_far, "of type 'int' shifted by 0x28 at tests/")
{
	sink = 1 << forty;
}

DEATH_TEST(ubsan, index_out_of_bounds, "undefined behaviour: index 0x28 is out of 'int")
{
	sink = words[forty];
}

DEATH_TEST(ubsan, null_pointer, "undefined behaviour: null pointer to 'int' used at tests/")
{
	sink = *(int *)nowhere;
}

DEATH_TEST(ubsan, misaligned_pointer, "undefined behaviour: misaligned pointer")
{
	sink = *(int *)((uintptr_t)words + 1 + nowhere);
}

DEATH_TEST(ubsan, not_a_truth_value, "undefined behaviour: 0x28 is no value of")
{
	union {
		volatile uint8_t byte;
		volatile bool truth;
	} both = { .byte = (uint8_t)forty };

	sink = both.truth;
}

#endif
