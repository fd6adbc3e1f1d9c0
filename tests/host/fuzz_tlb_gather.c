/* sources: tests/host/tlb_gather_model.c tests/host/memory.c mm/frame.c mm/frame_cache.c */
/* sources: mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c mm/tlb_gather.c
 * mm/tlb_shadow.c */
/*
 * The input is the program of tests/host/tlb_gather_model.c.
 */
#include "mm_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tlb_gather_model_run(data, size);
	return 0;
}
