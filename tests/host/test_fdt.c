/* sources: boot/fdt.c boot/fdt_value.c tests/host/tree.c */
/*
 * The reader of device trees: what a good tree holds, and that a bad one is refused, for its
 * reason, without a read outside of it.
 */
#include "host.h"
#include "tree.h"
#include <boot/fdt.h>
#include <stdlib.h>
#include <string.h>

#define PATH(text) text, sizeof(text) - 1

/* A small tree with most of what the reader knows. */
static uint8_t *make_tree(size_t *size)
{
	tree_start();
	tree_reserve(0x80000000, 0x1000);
	tree_reserve(0x100000000, 0x2000);
	tree_token(4);
	tree_begin("");
	tree_cells("#address-cells", 2);
	tree_token(4);
	tree_cells("#size-cells", 2);
	tree_text("model", "test");
	tree_begin("soc");
	tree_cells("#address-cells", 1);
	tree_cells("#size-cells", 1);
	tree_cells("ranges", 0x1000, 0x2, 0x0, 0x1000, 0x10000000, 0x3, 0x0, 0x100000);
	tree_begin("serial@10000");
	tree_cells("reg", 0x10008000, 0x100, 0x1800, 0x800, 0x5000, 0x10);
	tree_bytes("compatible", "vendor,uart\0ns16550a", 21);
	tree_text("status", "okay");
	tree_cells("phandle", 7);
	tree_end();
	tree_begin("serial@20000");
	tree_text("status", "disabled");
	tree_cells("wide", 1, 2);
	tree_bytes("odd", "abc", 3);
	tree_bytes("empty", "", 0);
	tree_end();
	tree_end();
	tree_begin("last");
	tree_end();
	tree_end();
	return tree_finish(size);
}

static const char *check(const uint8_t *blob, size_t size)
{
	const char *reason = "no reason given";

	return fdt_check(blob, size, &reason) == 0 ? NULL : reason;
}

HOST_TEST(walks_in_order)
{
	static const char *const names[] = { "", "soc", "serial@10000", "serial@20000", "last" };
	static const uint32_t depths[] = { 0, 1, 2, 2, 1 };
	struct fdt_node node;
	struct fdt tree;
	const char *reason;
	size_t size;
	size_t index = 0;
	bool found;
	uint8_t *blob = make_tree(&size);

	CHECK_EQ(fdt_total_size(blob), size);
	CHECK(!check(blob, size));
	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	for (found = fdt_root(&tree, &node); found; found = fdt_next(&tree, &node), index++) {
		REQUIRE(index < 5);
		CHECK_STR_EQ(fdt_name(&tree, &node), names[index]);
		CHECK_EQ(node.depth, depths[index]);
	}
	CHECK_EQ(index, 5);
	free(blob);
}

HOST_TEST(reservations)
{
	struct physical_window window;
	struct fdt tree;
	const char *reason;
	size_t size;
	uint8_t *blob = make_tree(&size);

	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	REQUIRE(fdt_reservation(&tree, 1, &window));
	CHECK_EQ(window.base, 0x100000000);
	CHECK_EQ(window.size, 0x2000);
	CHECK(!fdt_reservation(&tree, 2, &window));
	CHECK(!fdt_reservation(&tree, UINT32_MAX, &window));
	free(blob);
}

HOST_TEST(paths_and_phandles)
{
	struct fdt_node node;
	struct fdt tree;
	const char *reason;
	size_t size;
	uint8_t *blob = make_tree(&size);

	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	REQUIRE(fdt_find_path(&tree, PATH("/soc/serial@20000"), &node));
	CHECK_STR_EQ(fdt_name(&tree, &node), "serial@20000");
	CHECK(fdt_name_is(&tree, &node, "serial"));
	CHECK(!fdt_name_is(&tree, &node, "seria"));
	REQUIRE(fdt_find_path(&tree, PATH("//soc/serial/"), &node));
	CHECK_STR_EQ(fdt_name(&tree, &node), "serial@10000");
	REQUIRE(fdt_find_path(&tree, PATH("/"), &node));
	CHECK_EQ(node.depth, 0);
	CHECK(!fdt_find_path(&tree, PATH("/serial"), &node));
	CHECK(!fdt_find_path(&tree, PATH("soc"), &node));
	CHECK(!fdt_find_path(&tree, PATH(""), &node));
	CHECK(!fdt_find_path(&tree, PATH("/last/soc"), &node));
	REQUIRE(fdt_find_phandle(&tree, 7, &node));
	CHECK_STR_EQ(fdt_name(&tree, &node), "serial@10000");
	CHECK(!fdt_find_phandle(&tree, 8, &node));
	free(blob);
}

HOST_TEST(properties)
{
	struct fdt_property property;
	struct fdt_node node;
	struct fdt tree;
	const char *reason;
	uint64_t number;
	uint32_t value;
	size_t size;
	uint8_t *blob = make_tree(&size);

	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	REQUIRE(fdt_find_path(&tree, PATH("/soc/serial@10000"), &node));
	CHECK(fdt_is_compatible(&tree, &node, "ns16550a"));
	CHECK(fdt_is_compatible(&tree, &node, "vendor,uart"));
	CHECK(!fdt_is_compatible(&tree, &node, "uart"));
	CHECK(!fdt_is_compatible(&tree, &node, "ns16550"));
	CHECK(fdt_is_okay(&tree, &node));
	CHECK_STR_EQ(fdt_get_string(&tree, &node, "compatible"), "vendor,uart");
	CHECK(!fdt_get(&tree, &node, "model", &property));
	CHECK(fdt_get_at(&tree, &node, 0, "model", &property));
	REQUIRE(fdt_find_path(&tree, PATH("/soc/serial@20000"), &node));
	CHECK(!fdt_is_okay(&tree, &node));
	CHECK(fdt_get_number(&tree, &node, "wide", &number) && number == 0x100000002);
	CHECK(!fdt_get_u32(&tree, &node, "wide", &value));
	CHECK(!fdt_get_number(&tree, &node, "odd", &number));
	CHECK(!fdt_get_string(&tree, &node, "odd"));
	CHECK(!fdt_get_string(&tree, &node, "empty"));
	REQUIRE(fdt_get(&tree, &node, "wide", &property));
	CHECK(fdt_cell(&property, 1, &value) && value == 2);
	CHECK(!fdt_cell(&property, 2, &value));
	CHECK(!fdt_cell(&property, UINT32_MAX, &value));
	REQUIRE(fdt_find_path(&tree, PATH("/last"), &node));
	CHECK(!fdt_get(&tree, &node, "wide", &property));
	free(blob);
}

HOST_TEST(addresses_are_translated)
{
	struct physical_window window;
	struct fdt_node node;
	struct fdt_reg reg;
	struct fdt tree;
	const char *reason;
	size_t size;
	uint8_t *blob = make_tree(&size);

	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	REQUIRE(fdt_find_path(&tree, PATH("/soc/serial@10000"), &node));
	REQUIRE(fdt_reg_open(&tree, &node, &reg));
	REQUIRE(fdt_reg_next(&reg, &window) && fdt_translate(&tree, &node, &window));
	CHECK_EQ(window.base, 0x300008000);
	CHECK_EQ(window.size, 0x100);
	REQUIRE(fdt_reg_next(&reg, &window) && fdt_translate(&tree, &node, &window));
	CHECK_EQ(window.base, 0x200000800);
	window = (struct physical_window){ 0x1800, 0x801 };
	CHECK(!fdt_translate(&tree, &node, &window));
	REQUIRE(fdt_reg_next(&reg, &window));
	CHECK(!fdt_translate(&tree, &node, &window));
	CHECK(!fdt_reg_next(&reg, &window));
	free(blob);
}

HOST_TEST(address_cells_and_overflow)
{
	struct physical_window window;
	struct fdt_node node;
	struct fdt_reg reg;
	struct fdt tree;
	const char *reason;
	size_t size;
	uint8_t *blob;

	tree_start();
	tree_begin("");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 2);
	tree_begin("a");
	tree_cells("reg", 0xffffffff, 0xfffff000, 0, 0x1000, 0xffffffff, 0xfffff000, 0, 0xfff);
	tree_cells("#address-cells", 3);
	tree_begin("b");
	tree_cells("reg", 1, 2, 3, 4);
	tree_end();
	tree_end();
	tree_begin("c");
	tree_cells("#address-cells", 1);
	tree_cells("#size-cells", 0);
	tree_begin("d");
	tree_cells("reg", 1);
	tree_end();
	tree_end();
	tree_begin("e");
	tree_cells("#address-cells", 0);
	tree_cells("#size-cells", 0);
	tree_bytes("ranges", "", 0);
	tree_begin("f");
	tree_cells("reg", 1);
	tree_end();
	tree_end();
	tree_begin("wraps");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 2);
	tree_cells("ranges", 0, 0, 0xffffffff, 0xfffff000, 0, 0x10000);
	tree_begin("g");
	tree_cells("reg", 0, 0x2000, 0, 0x1000);
	tree_end();
	tree_end();
	tree_end();
	blob = tree_finish(&size);
	REQUIRE(fdt_open(&tree, blob, size, &reason) == 0);
	CHECK(!check(blob, size));
	REQUIRE(fdt_root(&tree, &node));
	CHECK(!fdt_reg_open(&tree, &node, &reg));
	REQUIRE(fdt_find_path(&tree, PATH("/a"), &node) && fdt_reg_open(&tree, &node, &reg));
	REQUIRE(fdt_reg_next(&reg, &window));
	CHECK(!fdt_translate(&tree, &node, &window));
	REQUIRE(fdt_reg_next(&reg, &window));
	CHECK(fdt_translate(&tree, &node, &window));
	REQUIRE(fdt_find_path(&tree, PATH("/a/b"), &node));
	CHECK(!fdt_reg_open(&tree, &node, &reg));
	REQUIRE(fdt_find_path(&tree, PATH("/c/d"), &node) && fdt_reg_open(&tree, &node, &reg));
	CHECK(fdt_reg_next(&reg, &window) && window.base == 1 && window.size == 0);
	CHECK(!fdt_translate(&tree, &node, &window));
	REQUIRE(fdt_find_path(&tree, PATH("/e/f"), &node) && fdt_reg_open(&tree, &node, &reg));
	CHECK(!fdt_reg_next(&reg, &window));
	REQUIRE(fdt_find_path(&tree, PATH("/wraps/g"), &node) && fdt_reg_open(&tree, &node, &reg));
	CHECK(fdt_reg_next(&reg, &window) && !fdt_translate(&tree, &node, &window));
	free(blob);
}

/* Reads everything there is, whatever fdt_check() would say. */
static void read_all(const uint8_t *blob, size_t size)
{
	struct physical_window window;
	struct fdt_node node;
	struct fdt_reg reg;
	struct fdt tree;
	const char *reason;
	uint32_t value;
	bool found;

	if (fdt_open(&tree, blob, size, &reason) != 0)
		return;
	for (uint32_t i = 0; fdt_reservation(&tree, i, &window); i++)
		;
	for (found = fdt_root(&tree, &node); found; found = fdt_next(&tree, &node)) {
		fdt_get_u32(&tree, &node, "no such property", &value);
		fdt_get_string(&tree, &node, "status");
		fdt_is_compatible(&tree, &node, "ns16550a");
		if (fdt_reg_open(&tree, &node, &reg))
			while (fdt_reg_next(&reg, &window))
				fdt_translate(&tree, &node, &window);
	}
	fdt_find_path(&tree, PATH("/soc/serial@20000"), &node);
}

HOST_TEST(truncated_at_each_length)
{
	size_t size;
	uint8_t *blob = make_tree(&size);

	for (size_t length = 0; length < size; length++) {
		uint8_t *cut = malloc(length ? length : 1);

		memcpy(cut, blob, length);
		/* As it is, and claiming to be complete. */
		CHECK(check(cut, length));
		read_all(cut, length);
		if (length >= 8) {
			cell_write(cut + 4, (uint32_t)length);
			CHECK(check(cut, length));
			read_all(cut, length);
		}
		free(cut);
	}
	free(blob);
}

HOST_TEST(any_alignment)
{
	size_t size;
	uint8_t *blob = make_tree(&size);

	for (size_t shift = 1; shift < 8; shift++) {
		uint8_t *moved = malloc(size + shift);

		memcpy(moved + shift, blob, size);
		CHECK(!check(moved + shift, size));
		CHECK_EQ(fdt_total_size(moved + shift), size);
		read_all(moved + shift, size);
		free(moved);
	}
	free(blob);
}

/* Each cell of the blob, replaced by numbers that break things. */
HOST_TEST(each_cell_absurd)
{
	static const uint32_t values[] = { 0,          1,          2,          3,
					   9,          0x7fffffff, 0x80000000, 0xfffffff0,
					   0xfffffffc, 0xffffffff, 0xd00dfeed };
	size_t size;
	uint8_t *blob = make_tree(&size);
	uint8_t *copy = malloc(size);

	for (size_t at = 0; at + 4 <= size; at += 4) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			memcpy(copy, blob, size);
			cell_write(copy + at, values[i]);
			check(copy, size);
			read_all(copy, size);
		}
	}
	free(copy);
	free(blob);
}

HOST_TEST(bad_headers)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *reason;
	} cases[] = {
		{ 0, 0xd00dfeee, "wrong magic number" },
		{ 4, 39, "total size does not fit the blob" },
		{ 4, 0xffffffff, "total size does not fit the blob" },
		{ 8, 0, "structure block outside the blob" },
		{ 8, 0xfffffff0, "structure block outside the blob" },
		{ 12, 0xfffffff0, "strings block outside the blob" },
		{ 16, 8, "memory reservation block outside the blob" },
		{ 16, 0xfffffff0, "memory reservation block outside the blob" },
		{ 20, 16, "not compatible with version 17" },
		{ 24, 18, "not compatible with version 17" },
		{ 32, 0xfffffff0, "strings block outside the blob" },
		{ 32, 2, "strings block not terminated" },
		{ 36, 0xfffffff0, "structure block outside the blob" },
		{ 36, 4, "structure block not terminated" },
		{ 36, 0, "structure block not terminated" },
	};
	size_t size;
	uint8_t *blob = make_tree(&size);
	uint8_t *copy = malloc(size);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(copy, blob, size);
		cell_write(copy + cases[i].at, cases[i].value);
		CHECK_STR_EQ(check(copy, size), cases[i].reason);
	}
	cell_write(copy, 0xd00dfeee);
	CHECK_EQ(fdt_total_size(copy), 0);
	CHECK_STR_EQ(check(blob, 39), "shorter than its header");
	free(copy);
	free(blob);
}

static const char *check_finished(void)
{
	size_t size;
	uint8_t *blob = tree_finish(&size);
	const char *reason = check(blob, size);

	read_all(blob, size);
	free(blob);
	return reason;
}

HOST_TEST(bad_structure)
{
	tree_start();
	CHECK_STR_EQ(check_finished(), "ends inside a node");
	tree_start();
	tree_begin("");
	CHECK_STR_EQ(check_finished(), "ends inside a node");
	tree_start();
	tree_end();
	CHECK_STR_EQ(check_finished(), "end of a node that never began");
	tree_start();
	tree_begin("");
	tree_end();
	tree_begin("");
	tree_end();
	CHECK_STR_EQ(check_finished(), "more than one root node");
	tree_start();
	tree_text("lost", "");
	CHECK_STR_EQ(check_finished(), "property outside a node or behind its children");
	tree_start();
	tree_begin("");
	tree_begin("child");
	tree_end();
	tree_text("late", "");
	tree_end();
	CHECK_STR_EQ(check_finished(), "property outside a node or behind its children");
	tree_start();
	tree_begin("");
	tree_token(5);
	tree_end();
	CHECK_STR_EQ(check_finished(), "unknown token in the structure block");
}

HOST_TEST(name_reaches_the_end)
{
	uint8_t *blob;
	size_t size;

	tree_start();
	tree_token(1);
	tree_token(0x41414141);
	blob = tree_finish(&size);
	/* Without the FDT_END, whose first byte would end the name. */
	cell_write(blob + 36, 8);
	CHECK_STR_EQ(check(blob, size), "node name not terminated");
	read_all(blob, size);
	free(blob);
}

HOST_TEST(nesting)
{
	for (unsigned depth = FDT_DEPTH_MAX - 1; depth < FDT_DEPTH_MAX + 2; depth++) {
		tree_start();
		for (unsigned i = 0; i < depth; i++)
			tree_begin("n");
		for (unsigned i = 0; i < depth; i++)
			tree_end();
		if (depth <= FDT_DEPTH_MAX)
			CHECK(!check_finished());
		else
			CHECK_STR_EQ(check_finished(), "nodes nested too deep");
	}
	/* A hundred thousand levels use no more stack than two. */
	tree_start();
	for (unsigned i = 0; i < 100000; i++)
		tree_begin("");
	CHECK_STR_EQ(check_finished(), "nodes nested too deep");
}

HOST_TEST(too_large)
{
	uint8_t *blob;
	uint8_t *large = calloc(1, FDT_SIZE_MAX + 8);
	size_t size;

	blob = make_tree(&size);
	memcpy(large, blob, size);
	cell_write(large + 4, FDT_SIZE_MAX);
	CHECK(!check(large, FDT_SIZE_MAX + 8));
	cell_write(large + 4, FDT_SIZE_MAX + 4);
	CHECK_STR_EQ(check(large, FDT_SIZE_MAX + 8), "larger than 2 MiB");
	free(large);
	free(blob);
}
