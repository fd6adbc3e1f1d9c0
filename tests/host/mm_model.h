/*
 * Programs of random operations on parts of mm/, beside simple models; for unit tests,
 * with bytes from a seed, and for fuzzers, with theirs.
 */
#ifndef HOST_MM_MODEL_H
#define HOST_MM_MODEL_H

#include <lib/random.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Each aborts when the model disagrees. */
void frame_model_run(const uint8_t *data, size_t size);
void page_table_model_run(const uint8_t *data, size_t size);
void heap_model_run(const uint8_t *data, size_t size);
void arena_model_run(const uint8_t *data, size_t size);
void tlb_gather_model_run(const uint8_t *data, size_t size);

/* For unit tests: so many programs of size bytes, from the seeds 1, 2, … */
static inline void mm_model_run_random(void (*run)(const uint8_t *data, size_t size),
				       uint64_t programs, size_t size)
{
	uint8_t *program = malloc(size);

	if (!program)
		abort();
	for (uint64_t seed = 1; seed <= programs; seed++) {
		struct random random;

		random_seed(&random, seed);
		for (size_t i = 0; i < size; i++)
			program[i] = (uint8_t)random_u64(&random);
		run(program, size);
	}
	free(program);
}

#endif
