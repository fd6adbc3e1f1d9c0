/*
 * xoshiro256** (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM
 * TOMS 47:4, 2021): 256 bits of state, period 2^256 - 1. The state is filled by SplitMix64 (G.
 * Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), as its
 * authors advise: it never gives the forbidden state of all zeros.
 */
#include <lib/random.h>

static uint64_t rotate_left(uint64_t value, int count)
{
	return value << count | value >> (64 - count);
}

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15UL;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9UL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebUL;
	return value ^ value >> 31;
}

void random_seed(struct random *random, uint64_t seed)
{
	for (int word = 0; word < 4; word++)
		random->state[word] = splitmix64(&seed);
}

uint64_t random_u64(struct random *random)
{
	uint64_t *state = random->state;
	uint64_t result = rotate_left(state[1] * 5, 7) * 9;
	uint64_t shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate_left(state[3], 45);
	return result;
}

uint64_t random_below(struct random *random, uint64_t limit)
{
	/* 2^64 mod limit: without so many of the lowest values, a multiple of limit is left. */
	uint64_t surplus = -limit % limit;
	uint64_t value;

	do {
		value = random_u64(random);
	} while (value < surplus);
	return value % limit;
}
