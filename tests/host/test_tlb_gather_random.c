/* sources: tests/host/tlb_gather_model.c tests/host/memory.c mm/frame.c mm/frame_cache.c
 * mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c mm/tlb_gather.c mm/tlb_shadow.c
 * lib/random.c */
/*
 * The gather under random programs: nothing is free before its invalidation.
 */
#include "host.h"
#include "mm_model.h"

HOST_TEST(nothing_free_that_may_be_cached)
{
	mm_model_run_random(tlb_gather_model_run, 30, 3000);
	CHECK(true);
}
