/*
 * Programs of loads on several CPUs with few ids, beside a model of what each CPU may have cached
 * under which id.
 */
#ifndef HOST_ASID_MODEL_H
#define HOST_ASID_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when a CPU ran under an id that it had another space's translations of. */
bool asid_model_run(const uint8_t *data, size_t size, bool ignores_drops);

#endif
