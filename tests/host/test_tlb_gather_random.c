/* sources: tests/host/tlb_gather_model.c tests/host/memory.c mm/frame.c mm/frame_cache.c
 * mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c mm/tlb_gather.c mm/tlb_shadow.c
 * lib/random.c */
/*
 * The gather under random programs: nothing is free before its invalidation.
 */
#include "host.h"
#include "mm_model.h"
#include <lib/random.h>

HOST_TEST(nothing_free_that_may_be_cached)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		static uint8_t program[3000];
		struct random random;

		random_seed(&random, seed);
		for (size_t i = 0; i < sizeof(program); i++)
			program[i] = (uint8_t)random_u64(&random);
		tlb_gather_model_run(program, sizeof(program));
	}
}
