/*
 * Numbers that a person wrote (lib/number.h).
 */
#include <lib/errno.h>
#include <lib/number.h>
#include <stdbool.h>

/* The value of a digit, or 16 when it is none in any base. */
static unsigned int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned int)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned int)(digit - 'a') + 10;
	if (digit >= 'A' && digit <= 'F')
		return (unsigned int)(digit - 'A') + 10;
	return 16;
}

/* The power of two that a suffix stands for, or -1. */
static int suffix_shift(char suffix)
{
	switch (suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return -1;
	}
}

int number_parse(const char *text, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t number = 0;
	bool overflow = false;
	const char *first;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (first = text; digit_value(*text) < base; text++) {
		if (__builtin_mul_overflow(number, (uint64_t)base, &number) ||
		    __builtin_add_overflow(number, (uint64_t)digit_value(*text), &number))
			overflow = true;
	}
	if (text == first)
		return -EINVAL;
	if (*text) {
		int shift = suffix_shift(*text++);

		if (shift < 0 || *text)
			return -EINVAL;
		if (number >> (64 - shift))
			overflow = true;
		number <<= shift;
	}
	if (overflow)
		return -ERANGE;
	*value = number;
	return 0;
}
