/* sources: tests/host/arena_model.c mm/arena.c lib/random.c */
/*
 * The arena by every strategy beside a model of its units.
 */
#include "host.h"
#include "mm_model.h"
#include <lib/random.h>
#include <mm/arena.h>

HOST_TEST(agrees_with_a_model)
{
	for (unsigned strategy = 0; strategy < ARENA_STRATEGIES; strategy++)
		for (uint64_t seed = 1; seed <= 10; seed++) {
			static uint8_t program[4500];
			struct random random;

			random_seed(&random, seed);
			for (size_t i = 0; i < sizeof(program); i++)
				program[i] = (uint8_t)random_u64(&random);
			program[0] = (uint8_t)strategy;
			arena_model_run(program, sizeof(program));
		}
}
