/* sources: tests/host/heap_model.c tests/host/memory.c mm/heap.c mm/slab.c mm/slab_check.c
 * mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c
 * mm/tlb_shadow.c lib/random.c */
/*
 * The heap and its slabs under random programs, each from its seed, beside a model.
 */
#include "host.h"
#include "mm_model.h"

HOST_TEST(agrees_with_a_model)
{
	mm_model_run_random(heap_model_run, 40, 8000);
	CHECK(true);
}
