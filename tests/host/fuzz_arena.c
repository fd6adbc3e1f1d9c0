/* sources: tests/host/arena_model.c mm/arena.c */
/*
 * The input is the program of tests/host/arena_model.c.
 */
#include "mm_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_model_run(data, size);
	return 0;
}
