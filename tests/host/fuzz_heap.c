/* sources: tests/host/heap_model.c tests/host/memory.c mm/heap.c mm/slab.c mm/slab_check.c
 * mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c
 * mm/tlb_shadow.c */
/*
 * The input is the program of tests/host/heap_model.c.
 */
#include "mm_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	heap_model_run(data, size);
	return 0;
}
