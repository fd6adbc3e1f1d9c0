/*
 * Random numbers for tests and experiments: fast, well spread, and repeatable from their seed. Not
 * for secrets.
 *
 * A struct random belongs to one user at a time; no locks.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[4];
};

/* Starts the sequence that belongs to seed; each number, 0 too, is a good one. */
void random_seed(struct random *random, uint64_t seed);

/* The next 64 bits. */
uint64_t random_u64(struct random *random);

/* A number from 0 to limit - 1, each equally likely. limit > 0. */
uint64_t random_below(struct random *random, uint64_t limit);

#endif
