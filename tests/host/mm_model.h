/*
 * Programs of random operations on parts of mm/, beside simple models; for unit tests,
 * with bytes from a seed, and for fuzzers, with theirs.
 */
#ifndef HOST_MM_MODEL_H
#define HOST_MM_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Each aborts when the model disagrees. */
void frame_model_run(const uint8_t *data, size_t size);
void page_table_model_run(const uint8_t *data, size_t size);
void heap_model_run(const uint8_t *data, size_t size);
void arena_model_run(const uint8_t *data, size_t size);
void tlb_gather_model_run(const uint8_t *data, size_t size);

#endif
