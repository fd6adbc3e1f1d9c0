/*
 * Memory accesses that may fault, through the exception table. 0, or -EFAULT when the access
 * faulted. Any context.
 */
#ifndef ARCH_PROBE_H
#define ARCH_PROBE_H

#include <stdint.h>

int probe_read_u8(uintptr_t address, uint8_t *value);
int probe_read_u64(uintptr_t address, uint64_t *value);
int probe_write_u8(uintptr_t address, uint8_t value);

#endif
