/*
 * What the properties of a device tree mean: cells, strings, reg and ranges (Devicetree
 * Specification v0.4, chapter 2).
 *
 * Invariant: a struct fdt_property lies inside the blob (boot/fdt.c made it), so every read below
 * is checked against its size alone.
 */
#include <boot/fdt.h>
#include <lib/string.h>

/* Chapter 2.3.5: what holds where a parent does not say. */
#define DEFAULT_ADDRESS_CELLS 2
#define DEFAULT_SIZE_CELLS 1
/* Wider addresses (a PCI bus has three cells) are not physical addresses. */
#define CELLS_MAX 2

/* A number of 0, 1 or 2 cells. */
static uint64_t read_cells(const uint8_t *bytes, uint32_t cells)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < 4 * cells; i++)
		value = value << 8 | bytes[i];
	return value;
}

bool fdt_cell(const struct fdt_property *property, uint32_t index, uint32_t *value)
{
	if (index >= property->size / 4)
		return false;
	*value = (uint32_t)read_cells(property->value + 4 * (size_t)index, 1);
	return true;
}

bool fdt_get_number(const struct fdt *tree, const struct fdt_node *node, const char *name,
		    uint64_t *value)
{
	struct fdt_property property;

	if (!fdt_get(tree, node, name, &property) || (property.size != 4 && property.size != 8))
		return false;
	*value = read_cells(property.value, property.size / 4);
	return true;
}

bool fdt_get_u32(const struct fdt *tree, const struct fdt_node *node, const char *name,
		 uint32_t *value)
{
	struct fdt_property property;

	return fdt_get(tree, node, name, &property) && property.size == 4 &&
	       fdt_cell(&property, 0, value);
}

const char *fdt_get_string(const struct fdt *tree, const struct fdt_node *node, const char *name)
{
	struct fdt_property property;

	if (!fdt_get(tree, node, name, &property))
		return NULL;
	for (uint32_t i = 0; i < property.size; i++)
		if (property.value[i] == 0)
			return (const char *)property.value;
	return NULL;
}

bool fdt_list_contains(const struct fdt_property *property, const char *text)
{
	size_t length = strlen(text) + 1;
	uint32_t start = 0;

	for (uint32_t i = 0; i < property->size; i++) {
		if (property->value[i] != 0)
			continue;
		if (i + 1 - start == length && memcmp(property->value + start, text, length) == 0)
			return true;
		start = i + 1;
	}
	return false;
}

bool fdt_is_compatible(const struct fdt *tree, const struct fdt_node *node, const char *text)
{
	struct fdt_property property;

	return fdt_get(tree, node, "compatible", &property) && fdt_list_contains(&property, text);
}

bool fdt_is_okay(const struct fdt *tree, const struct fdt_node *node)
{
	struct fdt_property property;

	return !fdt_get(tree, node, "status", &property) || fdt_list_contains(&property, "okay") ||
	       fdt_list_contains(&property, "ok");
}

/*
 * #address-cells or #size-cells of the node at `depth`; false when it asks for more than 64 bits.
 */
static bool get_cell_count(const struct fdt *tree, const struct fdt_node *node, uint32_t depth,
			   const char *name, uint32_t fallback, uint32_t *count)
{
	struct fdt_property property;

	*count = fallback;
	if (fdt_get_at(tree, node, depth, name, &property) && !fdt_cell(&property, 0, count))
		return false;
	return *count <= CELLS_MAX;
}

static bool get_cell_counts(const struct fdt *tree, const struct fdt_node *node, uint32_t depth,
			    uint32_t *address_cells, uint32_t *size_cells)
{
	return get_cell_count(tree, node, depth, "#address-cells", DEFAULT_ADDRESS_CELLS,
			      address_cells) &&
	       get_cell_count(tree, node, depth, "#size-cells", DEFAULT_SIZE_CELLS, size_cells);
}

bool fdt_reg_open(const struct fdt *tree, const struct fdt_node *node, struct fdt_reg *reg)
{
	struct fdt_property property;

	if (node->depth == 0 || !fdt_get(tree, node, "reg", &property))
		return false;
	reg->value = property.value;
	reg->size = property.size;
	return get_cell_counts(tree, node, node->depth - 1, &reg->address_cells, &reg->size_cells);
}

bool fdt_reg_next(struct fdt_reg *reg, struct physical_window *window)
{
	uint32_t entry = 4 * (reg->address_cells + reg->size_cells);

	if (entry == 0 || reg->size < entry)
		return false;
	window->base = read_cells(reg->value, reg->address_cells);
	window->size = read_cells(reg->value + 4 * (size_t)reg->address_cells, reg->size_cells);
	reg->value += entry;
	reg->size -= entry;
	return true;
}

/* Moves a window from the bus that the node at `depth` is to the bus which that node stands on. */
static bool translate_once(const struct fdt *tree, const struct fdt_node *node, uint32_t depth,
			   struct physical_window *window)
{
	struct fdt_property ranges;
	uint32_t child_cells;
	uint32_t parent_cells;
	uint32_t size_cells;
	uint32_t unused;
	uint32_t entry;

	if (!fdt_get_at(tree, node, depth, "ranges", &ranges))
		return false;
	if (ranges.size == 0)
		return true;
	if (!get_cell_counts(tree, node, depth, &child_cells, &size_cells) ||
	    !get_cell_counts(tree, node, depth - 1, &parent_cells, &unused))
		return false;
	entry = 4 * (child_cells + parent_cells + size_cells);
	for (uint32_t at = 0; entry > 0 && ranges.size - at >= entry; at += entry) {
		const uint8_t *cells = ranges.value + at;
		uint64_t child = read_cells(cells, child_cells);
		uint64_t parent = read_cells(cells + 4 * child_cells, parent_cells);
		uint64_t size = read_cells(cells + 4 * (child_cells + parent_cells), size_cells);
		uint64_t offset = window->base - child;

		if (window->base < child || offset > size || window->size > size - offset)
			continue;
		window->base = parent + offset;
		return window->base >= offset;
	}
	return false;
}

bool fdt_translate(const struct fdt *tree, const struct fdt_node *node,
		   struct physical_window *window)
{
	for (uint32_t depth = node->depth; depth > 1; depth--)
		if (!translate_once(tree, node, depth - 1, window))
			return false;
	return window->size <= UINT64_MAX - window->base;
}
