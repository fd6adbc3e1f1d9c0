/*
 * The reader of flattened device trees: header, walk, look-up. boot/fdt_value.c reads what
 * properties mean.
 *
 * Invariant: after fdt_open(), [structure, structure + structure_size) and the strings block lie
 * inside the blob, and the strings block ends in a NUL. Every offset below is relative to the
 * structure block, is at most FDT_SIZE_MAX plus a few bytes (no 32-bit overflow), and is compared
 * with structure_size before it is used.
 */
#include <boot/fdt.h>
#include <lib/errno.h>
#include <lib/string.h>

#define FDT_MAGIC 0xd00dfeedU
#define FDT_HEADER_SIZE 40U
#define FDT_VERSION 17U

/* Devicetree Specification v0.4, 5.4.1. */
enum fdt_token { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };

static uint32_t read_be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static uint64_t read_be64(const uint8_t *bytes)
{
	return (uint64_t)read_be32(bytes) << 32 | read_be32(bytes + 4);
}

uint32_t fdt_total_size(const void *blob)
{
	return read_be32(blob) == FDT_MAGIC ? read_be32((const uint8_t *)blob + 4) : 0;
}

static int fdt_fail(const char **reason, const char *text)
{
	*reason = text;
	return -EINVAL;
}

/* True when [offset, offset + size) lies behind the header and inside the blob. */
static bool block_fits(uint32_t offset, uint32_t size, uint32_t total_size)
{
	return offset >= FDT_HEADER_SIZE && offset <= total_size && size <= total_size - offset;
}

int fdt_open(struct fdt *tree, const void *blob, size_t size, const char **reason)
{
	const uint8_t *bytes = blob;

	if (size < FDT_HEADER_SIZE)
		return fdt_fail(reason, "shorter than its header");
	if (read_be32(bytes) != FDT_MAGIC)
		return fdt_fail(reason, "wrong magic number");
	tree->bytes = bytes;
	tree->total_size = read_be32(bytes + 4);
	tree->structure = read_be32(bytes + 8);
	tree->strings = read_be32(bytes + 12);
	tree->reservations = read_be32(bytes + 16);
	tree->strings_size = read_be32(bytes + 32);
	tree->structure_size = read_be32(bytes + 36);
	if (tree->total_size > size || tree->total_size < FDT_HEADER_SIZE)
		return fdt_fail(reason, "total size does not fit the blob");
	if (tree->total_size > FDT_SIZE_MAX)
		return fdt_fail(reason, "larger than 2 MiB");
	if (read_be32(bytes + 20) < FDT_VERSION || read_be32(bytes + 24) > FDT_VERSION)
		return fdt_fail(reason, "not compatible with version 17");
	if (tree->structure % 4 ||
	    !block_fits(tree->structure, tree->structure_size, tree->total_size))
		return fdt_fail(reason, "structure block outside the blob");
	if (!block_fits(tree->strings, tree->strings_size, tree->total_size))
		return fdt_fail(reason, "strings block outside the blob");
	if (tree->strings_size > 0 && bytes[tree->strings + tree->strings_size - 1] != 0)
		return fdt_fail(reason, "strings block not terminated");
	if (!block_fits(tree->reservations, 0, tree->total_size))
		return fdt_fail(reason, "memory reservation block outside the blob");
	return 0;
}

/*
 * Reads an entry of the reservation block, the terminating one included; false behind the end of
 * the blob.
 */
static bool read_reservation(const struct fdt *tree, uint32_t index, struct physical_window *window)
{
	uint64_t offset = tree->reservations + (uint64_t)index * 16;

	if (offset + 16 > tree->total_size)
		return false;
	window->base = read_be64(tree->bytes + offset);
	window->size = read_be64(tree->bytes + offset + 8);
	return true;
}

bool fdt_reservation(const struct fdt *tree, uint32_t index, struct physical_window *window)
{
	return read_reservation(tree, index, window) && (window->base != 0 || window->size != 0);
}

/* Reads the cell at *offset and steps over it; false at the end of the structure block. */
static bool read_cell(const struct fdt *tree, uint32_t *offset, uint32_t *value)
{
	if (*offset > tree->structure_size || tree->structure_size - *offset < 4)
		return false;
	*value = read_be32(tree->bytes + tree->structure + *offset);
	*offset += 4;
	return true;
}

/*
 * Steps over a node's name and its padding; false when it does not end inside the structure block.
 */
static bool skip_name(const struct fdt *tree, uint32_t *offset)
{
	const uint8_t *structure = tree->bytes + tree->structure;
	uint32_t end = *offset;

	while (end < tree->structure_size && structure[end] != 0)
		end++;
	if (end >= tree->structure_size)
		return false;
	*offset = (end + 4) & ~3U;
	return true;
}

/*
 * Reads what follows an FDT_PROP token and steps over it; false when name or value lie outside
 * their blocks.
 */
static bool read_property(const struct fdt *tree, uint32_t *offset, struct fdt_property *property)
{
	uint32_t name;

	if (!read_cell(tree, offset, &property->size) || !read_cell(tree, offset, &name))
		return false;
	if (name >= tree->strings_size || property->size > tree->structure_size - *offset)
		return false;
	property->name = (const char *)tree->bytes + tree->strings + name;
	property->value = tree->bytes + tree->structure + *offset;
	*offset = (*offset + property->size + 3) & ~3U;
	return true;
}

/*
 * Walks the structure block once, from the root's FDT_BEGIN_NODE to FDT_END. NULL, or what is wrong
 * with it.
 */
static const char *check_structure(const struct fdt *tree)
{
	struct fdt_property property;
	uint32_t depth = 0;
	uint32_t offset = 0;
	uint32_t token;
	bool properties_may_follow = false;
	bool root_seen = false;

	while (read_cell(tree, &offset, &token)) {
		switch (token) {
		case FDT_NOP:
			break;
		case FDT_BEGIN_NODE:
			if (depth == 0 && root_seen)
				return "more than one root node";
			if (depth == FDT_DEPTH_MAX)
				return "nodes nested too deep";
			if (!skip_name(tree, &offset))
				return "node name not terminated";
			depth++;
			root_seen = true;
			properties_may_follow = true;
			break;
		case FDT_END_NODE:
			if (depth == 0)
				return "end of a node that never began";
			depth--;
			properties_may_follow = false;
			break;
		case FDT_PROP:
			if (!properties_may_follow)
				return "property outside a node or behind its children";
			if (!read_property(tree, &offset, &property))
				return "property reaches outside its block";
			break;
		case FDT_END:
			return depth == 0 && root_seen ? NULL : "ends inside a node";
		default:
			return "unknown token in the structure block";
		}
	}
	return "structure block not terminated";
}

int fdt_check(const void *blob, size_t size, const char **reason)
{
	struct physical_window window;
	struct fdt tree;
	const char *fault;
	uint32_t index = 0;
	int error = fdt_open(&tree, blob, size, reason);

	if (error)
		return error;
	do {
		if (!read_reservation(&tree, index++, &window))
			return fdt_fail(reason, "memory reservation block not terminated");
	} while (window.base != 0 || window.size != 0);
	fault = check_structure(&tree);
	return fault ? fdt_fail(reason, fault) : 0;
}

bool fdt_root(const struct fdt *tree, struct fdt_node *node)
{
	uint32_t offset = 0;
	uint32_t token;

	do {
		if (!read_cell(tree, &offset, &token))
			return false;
	} while (token == FDT_NOP);
	node->depth = 0;
	node->path[0] = offset - 4;
	node->next = offset;
	return token == FDT_BEGIN_NODE && skip_name(tree, &node->next);
}

bool fdt_next(const struct fdt *tree, struct fdt_node *node)
{
	struct fdt_property property;
	uint32_t offset = node->next;
	uint32_t token;

	while (read_cell(tree, &offset, &token)) {
		switch (token) {
		case FDT_NOP:
			break;
		case FDT_PROP:
			if (!read_property(tree, &offset, &property))
				return false;
			break;
		case FDT_END_NODE:
			if (node->depth == 0)
				return false;
			node->depth--;
			break;
		case FDT_BEGIN_NODE:
			if (node->depth + 1 == FDT_DEPTH_MAX)
				return false;
			node->path[++node->depth] = offset - 4;
			node->next = offset;
			return skip_name(tree, &node->next);
		default:
			return false;
		}
	}
	return false;
}

const char *fdt_name(const struct fdt *tree, const struct fdt_node *node)
{
	return (const char *)tree->bytes + tree->structure + node->path[node->depth] + 4;
}

/*
 * True when the node's name is these characters, or these characters and a unit address they do not
 * mention.
 */
static bool name_matches(const struct fdt *tree, const struct fdt_node *node, const char *text,
			 size_t length)
{
	const char *name = fdt_name(tree, node);

	return strncmp(name, text, length) == 0 && (name[length] == '\0' || name[length] == '@');
}

bool fdt_name_is(const struct fdt *tree, const struct fdt_node *node, const char *name)
{
	return name_matches(tree, node, name, strlen(name));
}

bool fdt_get_at(const struct fdt *tree, const struct fdt_node *node, uint32_t depth,
		const char *name, struct fdt_property *property)
{
	uint32_t offset = node->path[depth] + 4;
	uint32_t token;

	if (!skip_name(tree, &offset))
		return false;
	while (read_cell(tree, &offset, &token) && (token == FDT_PROP || token == FDT_NOP)) {
		if (token == FDT_NOP)
			continue;
		if (!read_property(tree, &offset, property))
			return false;
		if (strcmp(property->name, name) == 0)
			return true;
	}
	return false;
}

bool fdt_get(const struct fdt *tree, const struct fdt_node *node, const char *name,
	     struct fdt_property *property)
{
	return fdt_get_at(tree, node, node->depth, name, property);
}

/* Goes from a node to its first child whose name matches; false when there is none. */
static bool find_child(const struct fdt *tree, struct fdt_node *node, const char *text,
		       size_t length)
{
	uint32_t depth = node->depth + 1;

	while (fdt_next(tree, node) && node->depth >= depth)
		if (node->depth == depth && name_matches(tree, node, text, length))
			return true;
	return false;
}

bool fdt_find_path(const struct fdt *tree, const char *path, size_t length, struct fdt_node *node)
{
	size_t start = 0;

	if (length == 0 || path[0] != '/' || !fdt_root(tree, node))
		return false;
	while (start < length) {
		size_t end;

		if (path[start] == '/') {
			start++;
			continue;
		}
		for (end = start; end < length && path[end] != '/'; end++)
			;
		if (!find_child(tree, node, path + start, end - start))
			return false;
		start = end;
	}
	return true;
}

bool fdt_find_phandle(const struct fdt *tree, uint32_t phandle, struct fdt_node *node)
{
	uint32_t value;
	bool found;

	for (found = fdt_root(tree, node); found; found = fdt_next(tree, node))
		if (fdt_get_u32(tree, node, "phandle", &value) && value == phandle)
			return true;
	return false;
}
