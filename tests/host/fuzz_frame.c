/* sources: tests/host/memory.c tests/host/frame_model.c mm/frame.c mm/frame_cache.c
 * mm/frame_check.c */
/* sources: mm/frame_map.c mm/buddy.c mm/memory_map.c mm/tlb_gather.c mm/tlb_shadow.c */
/* sources: mm/page_table.c mm/page_table_change.c mm/page_table_use.c */
/*
 * The input is the program of tests/host/frame_model.c.
 */
#include "mm_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	frame_model_run(data, size);
	return 0;
}
