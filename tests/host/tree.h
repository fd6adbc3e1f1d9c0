/*
 * Writes flattened device trees for tests, one at a time.
 */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>
#include <stdint.h>

/* Forgets the tree before. */
void tree_start(void);

/* An entry of the memory reservation block. */
void tree_reserve(uint64_t base, uint64_t size);

/* Opens a node ("" is the root) and closes the one opened last. */
void tree_begin(const char *name);
void tree_end(void);

/* Properties of the node opened last. */
void tree_bytes(const char *name, const void *bytes, size_t size);
void tree_text(const char *name, const char *text);
void tree_cell_array(const char *name, const uint32_t *cells, size_t count);
#define tree_cells(name, ...)                                                                      \
	tree_cell_array(name, (const uint32_t[]){ __VA_ARGS__ },                                   \
			sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* A bare token in the structure block, for trees that are wrong. */
void tree_token(uint32_t token);

/* Puts the blob together; the caller frees it. */
uint8_t *tree_finish(size_t *size);

/* Writes a big-endian cell, and reads one. */
void cell_write(uint8_t *bytes, uint32_t value);
uint32_t cell_read(const uint8_t *bytes);

/*
 * The tree that a QEMU machine makes for itself: arguments as on its command line, NULL at the end,
 * the first one the machine ("virt,gic-version=2"). -kernel and -initrd are added. The caller frees
 * it. NULL when QEMU is not installed; aborts when it fails.
 */
uint8_t *tree_of_qemu(const char *qemu, const char *const *arguments, size_t *size);

#endif
