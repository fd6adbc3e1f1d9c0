/* sources: tests/host/heap_model.c tests/host/memory.c mm/heap.c mm/slab.c mm/slab_check.c
 * mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c
 * mm/tlb_shadow.c lib/random.c */
/*
 * The heap and its slabs under random programs, each from its seed, beside a model.
 */
#include "host.h"
#include "mm_model.h"
#include <lib/random.h>

HOST_TEST(agrees_with_a_model)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		static uint8_t program[8000];
		struct random random;

		random_seed(&random, seed);
		for (size_t i = 0; i < sizeof(program); i++)
			program[i] = (uint8_t)random_u64(&random);
		heap_model_run(program, sizeof(program));
	}
}
