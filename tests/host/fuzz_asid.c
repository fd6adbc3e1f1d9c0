/* sources: tests/host/asid_model.c tests/host/memory.c mm/asid.c */
/* sources: mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c
 * mm/tlb_shadow.c */
/*
 * The input is the program of tests/host/asid_model.c.
 */
#include "asid_model.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!asid_model_run(data, size, false))
		abort();
	return 0;
}
