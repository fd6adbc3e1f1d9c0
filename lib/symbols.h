/*
 * Names for code addresses, from the table that tools/symbols.py puts into the image (section
 * .symbols). All numbers are little-endian:
 *
 *   u32 magic          SYMBOLS_MAGIC
 *   u32 count
 *   u32 offset[count]  of each function from image_start, ascending
 *   u32 name[count]    where its name begins in names
 *   u32 names_size
 *   u32 text_size      where code ends, from image_start
 *   char names[]       each ends in a NUL
 *
 * The table is constant: any context, no locks. An image without one has no names, and everything
 * else works.
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_MAGIC 0x4d595354

/*
 * The function that contains address, and how far into it address is. NULL, and offset untouched,
 * when address is not in the kernel's code, or there is no table.
 */
const char *symbol_find(uintptr_t address, uintptr_t *offset);

/*
 * The address of the function with that name (of the first, if several files have one); 0 when
 * there is none.
 */
uintptr_t symbol_address(const char *name);

/*
 * Writes "function+0x12", or the bare address when it has no name. size and result as in
 * format_text().
 */
int symbol_describe(char *buffer, size_t size, uintptr_t address);

/* Reads another table from now on; NULL: the image's own again. For tests. */
void symbols_use_table(const uint8_t *table);

#endif
