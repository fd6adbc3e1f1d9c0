/*
 * A machine's physical memory for tests: a few stretches of bytes at physical addresses, everything
 * else unmapped.
 *
 * An image file of it (tests/host/corpus/fuzz_acpi, fuzz_pvh) is little-endian: the address of the
 * root structure in 8 bytes, then for each stretch its address in 8 bytes, its size in 4, and its
 * bytes.
 */
#ifndef PHYSICAL_H
#define PHYSICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No module may map more at a time. */
#define PHYSICAL_MAP_MAX (4U << 20)

/* Forgets all stretches and frees what physical_map() returned. */
void physical_reset(void);

/* Adds a stretch; returns our copy, which a test may change. */
uint8_t *physical_add(uint64_t base, const void *bytes, size_t size);

/*
 * Adds the stretches of an image, cutting the last one where the image ends; returns the root's
 * address.
 */
uint64_t physical_add_image(const uint8_t *image, size_t size);

/* The same from a file; aborts when it cannot be read. */
uint64_t physical_add_file(const char *path);

/* The bytes at an address, for a test to change; aborts when they are not there. */
uint8_t *physical_bytes(uint64_t base, size_t size);

/*
 * The modules' `map`: a copy of exactly these bytes, so that AddressSanitizer sees any access
 * beside them. NULL when they do not lie in one stretch.
 */
const void *physical_map(uint64_t base, uint64_t size);

/*
 * From now on physical_map() corrects the checksums of ACPI structures in its copies, so that
 * fuzzing gets past them.
 */
void physical_correct_checksums(bool correct);

#endif
