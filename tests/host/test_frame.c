/* sources: tests/host/memory.c tests/host/frame_model.c mm/frame.c mm/frame_cache.c
 * mm/frame_check.c */
/* sources: mm/frame_map.c mm/buddy.c mm/memory_map.c mm/tlb_gather.c mm/tlb_shadow.c */
/* sources: mm/page_table.c mm/page_table_change.c mm/page_table_use.c lib/random.c */
/*
 * Random programs on frames, each from its seed, beside a model.
 */
#include "host.h"
#include "mm_model.h"

HOST_TEST(agrees_with_a_model)
{
	mm_model_run_random(frame_model_run, 300, 6000);
	CHECK(true);
}
