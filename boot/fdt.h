/*
 * Reads a flattened device tree (Devicetree Specification v0.4, chapter 5), whatever its bytes are.
 *
 * Every function checks every offset against the blocks that fdt_open() found inside the blob, so
 * that no input makes them read outside [blob, blob + size), run for ever or use more than a few
 * hundred bytes of stack. The blob may lie at any address, aligned or not. fdt_check() judges the
 * whole blob and names what is wrong; the readers do not rely on it: what they cannot make sense of
 * is simply not there.
 *
 * Nothing is written and nothing is kept: all functions may be called from any context.
 */
#ifndef BOOT_FDT_H
#define BOOT_FDT_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nodes nested deeper than this (the root is level 1) are refused by fdt_check(). */
#define FDT_DEPTH_MAX 32
/*
 * Larger blobs are refused, so that reading time stays bounded; the AArch64 Linux boot protocol has
 * the same limit.
 */
#define FDT_SIZE_MAX (2U << 20)

/*
 * A blob whose header makes sense. Offsets are from bytes, and every block lies inside total_size.
 */
struct fdt {
	const uint8_t *bytes;
	uint32_t total_size;
	uint32_t reservations;
	uint32_t structure;
	uint32_t structure_size;
	uint32_t strings;
	uint32_t strings_size;
};

/*
 * A place in the tree: a node and the nodes above it. path[0] is the root and path[depth] the node,
 * each the offset of its FDT_BEGIN_NODE in the structure block; the next node in the order of the
 * blob is looked for from `next` on.
 */
struct fdt_node {
	uint32_t depth;
	uint32_t next;
	uint32_t path[FDT_DEPTH_MAX];
};

/* A property inside the blob. name is NUL-terminated; value is size bytes, aligned to nothing. */
struct fdt_property {
	const char *name;
	const uint8_t *value;
	uint32_t size;
};

/* A `reg` property being read entry by entry. */
struct fdt_reg {
	const uint8_t *value;
	uint32_t size; /* bytes not yet read */
	uint32_t address_cells;
	uint32_t size_cells;
};

/* The size that the blob claims, or 0 when it does not begin like a device tree. Reads 8 bytes. */
uint32_t fdt_total_size(const void *blob);

/*
 * Reads the header of a blob of at least `size` readable bytes. 0, or -EINVAL with *reason saying
 * in English what is wrong. The blob must stay where it is while the tree is used.
 */
int fdt_open(struct fdt *tree, const void *blob, size_t size, const char **reason);

/* Judges the whole blob: header, reservations, every token. 0, or -EINVAL with *reason. */
int fdt_check(const void *blob, size_t size, const char **reason);

/* The entry of that index in the memory reservation block; false after the last. */
bool fdt_reservation(const struct fdt *tree, uint32_t index, struct physical_window *window);

/* Goes to the root; false when the structure block holds none. */
bool fdt_root(const struct fdt *tree, struct fdt_node *node);

/*
 * Goes on to the next node, depth first, in the order of the blob; false after the last, *node is
 * then useless.
 */
bool fdt_next(const struct fdt *tree, struct fdt_node *node);

/*
 * Goes to the node of that path: length characters, "/soc/serial@10000000". A part without a unit
 * address finds the first child of that name. False when there is none.
 */
bool fdt_find_path(const struct fdt *tree, const char *path, size_t length, struct fdt_node *node);

/* Goes to the node with that phandle; false when there is none. */
bool fdt_find_phandle(const struct fdt *tree, uint32_t phandle, struct fdt_node *node);

/* The node's name with its unit address; "" for the root. */
const char *fdt_name(const struct fdt *tree, const struct fdt_node *node);

/* True when the node's name without its unit address is `name`. */
bool fdt_name_is(const struct fdt *tree, const struct fdt_node *node, const char *name);

/* False only for a node whose status property says something else than okay (chapter 2.3.4). */
bool fdt_is_okay(const struct fdt *tree, const struct fdt_node *node);

/* True when one of the strings of the node's compatible property is `text`. */
bool fdt_is_compatible(const struct fdt *tree, const struct fdt_node *node, const char *text);

/* The property of that name; false when the node has none. */
bool fdt_get(const struct fdt *tree, const struct fdt_node *node, const char *name,
	     struct fdt_property *property);

/* The same of the node that stands at `depth` above it (or is it). */
bool fdt_get_at(const struct fdt *tree, const struct fdt_node *node, uint32_t depth,
		const char *name, struct fdt_property *property);

/* A property of one cell; false when it is not there or of another size. */
bool fdt_get_u32(const struct fdt *tree, const struct fdt_node *node, const char *name,
		 uint32_t *value);

/* A property of one cell or two. */
bool fdt_get_number(const struct fdt *tree, const struct fdt_node *node, const char *name,
		    uint64_t *value);

/* The first string of a property; NULL when it is not there or not terminated. */
const char *fdt_get_string(const struct fdt *tree, const struct fdt_node *node, const char *name);

/* True when the property, as a list of NUL-terminated strings, holds `text`. */
bool fdt_list_contains(const struct fdt_property *property, const char *text);

/* The cell of that index of a property; false behind its end. */
bool fdt_cell(const struct fdt_property *property, uint32_t index, uint32_t *value);

/*
 * Begins to read the node's reg property with the cell counts of its parent (2 and 1 where it says
 * nothing); false when there is none or an address or size is wider than 64 bits.
 */
bool fdt_reg_open(const struct fdt *tree, const struct fdt_node *node, struct fdt_reg *reg);

/*
 * The next entry, as written: an address on the parent's bus; base + size may wrap. False after the
 * last.
 */
bool fdt_reg_next(struct fdt_reg *reg, struct physical_window *window);

/*
 * Turns a window on the bus of the node's parent into physical addresses, through the `ranges` of
 * each bus up to the root. False when some bus on the way does not pass it on, or the window wraps
 * around.
 */
bool fdt_translate(const struct fdt *tree, const struct fdt_node *node,
		   struct physical_window *window);

#endif
