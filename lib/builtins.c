/*
 * What compilers call where the machine has no instruction for it, and libgcc would give: counting
 * and reversing bits. We do not link libgcc, because Debian's RISC-V build of it expects
 * floating-point registers (lp64d). The names and meanings are GCC Internals, 4.1.4.
 *
 * None of these may use the builtin that it implements, nor a form that a compiler recognises as
 * it: tests/kernel/library.c calls each.
 */
#include <stdint.h>

int __popcountdi2(uint64_t value);
int __clzdi2(uint64_t value);
int __ctzdi2(uint64_t value);
int __ffsdi2(uint64_t value);
int __paritydi2(uint64_t value);
uint32_t __bswapsi2(uint32_t value);
uint64_t __bswapdi2(uint64_t value);

/*
 * Sums of neighbouring bits, then of pairs, then of nibbles; the product adds up the 8 bytes in its
 * highest one.
 */
int __popcountdi2(uint64_t value)
{
	value -= value >> 1 & 0x5555555555555555UL;
	value = (value & 0x3333333333333333UL) + (value >> 2 & 0x3333333333333333UL);
	value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (int)(value * 0x0101010101010101UL >> 56);
}

/* Halves the place where the highest bit may be; undefined for 0. */
int __clzdi2(uint64_t value)
{
	int zeros = 0;

	for (int half = 32; half > 0; half /= 2) {
		if (value >> (64 - half) == 0) {
			zeros += half;
			value <<= half;
		}
	}
	return zeros;
}

/* The zeros below the lowest bit are the ones below it after subtracting 1; undefined for 0. */
int __ctzdi2(uint64_t value)
{
	return __popcountdi2(~value & (value - 1));
}

/* One more than the number of the lowest bit; 0 for 0. */
int __ffsdi2(uint64_t value)
{
	return value ? __ctzdi2(value) + 1 : 0;
}

int __paritydi2(uint64_t value)
{
	return __popcountdi2(value) & 1;
}

/* Exchanges neighbouring bytes, then halves. */
uint32_t __bswapsi2(uint32_t value)
{
	value = (value & 0x00ff00ffU) << 8 | (value >> 8 & 0x00ff00ffU);
	return value << 16 | value >> 16;
}

uint64_t __bswapdi2(uint64_t value)
{
	return (uint64_t)__bswapsi2((uint32_t)value) << 32 | __bswapsi2((uint32_t)(value >> 32));
}
