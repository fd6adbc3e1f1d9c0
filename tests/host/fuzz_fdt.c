/* sources: boot/fdt.c boot/fdt_value.c boot/fdt_discover.c boot/fdt_cpus.c boot/fdt_devices.c */
/*
 * Any bytes as a device tree: the reader on its own, without fdt_check() before it, and discovery,
 * whose result must be one that the rest of the kernel can rely on.
 */
#include <boot/fdt.h>
#include <boot/fdt_discover.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_node(const struct fdt *tree, const struct fdt_node *node)
{
	struct physical_window window;
	struct fdt_property property;
	struct fdt_reg reg;
	uint64_t number;

	require(node->depth < FDT_DEPTH_MAX);
	require(strlen(fdt_name(tree, node)) < tree->structure_size);
	if (fdt_get(tree, node, "compatible", &property))
		fdt_list_contains(&property, "simple-bus");
	fdt_get_string(tree, node, "device_type");
	fdt_get_number(tree, node, "phandle", &number);
	if (fdt_reg_open(tree, node, &reg))
		while (fdt_reg_next(&reg, &window))
			if (fdt_translate(tree, node, &window))
				require(window.size <= UINT64_MAX - window.base);
}

static void read_tree(const uint8_t *blob, size_t size)
{
	struct physical_window window;
	struct fdt_node node;
	struct fdt tree;
	const char *reason = NULL;
	size_t nodes = 0;
	bool found;

	if (fdt_open(&tree, blob, size, &reason) != 0) {
		require(reason != NULL);
		return;
	}
	for (uint32_t i = 0; fdt_reservation(&tree, i, &window); i++)
		require(i < size);
	for (found = fdt_root(&tree, &node); found; found = fdt_next(&tree, &node)) {
		require(nodes++ < size);
		read_node(&tree, &node);
	}
	fdt_find_path(&tree, "/soc/serial", 11, &node);
	fdt_find_phandle(&tree, 1, &node);
}

static void check_discovered(const struct boot_info *info)
{
	uint32_t usable = 0;

	require(info->memory_range_count <= BOOT_MEMORY_RANGES_MAX);
	for (uint32_t i = 0; i < info->memory_range_count; i++) {
		const struct memory_range *range = &info->memory[i];

		require(range->size > 0 && range->size <= UINT64_MAX - range->base);
		usable += range->kind == MEMORY_USABLE;
	}
	require(usable > 0);
	require(memchr(info->command_line, 0, sizeof(info->command_line)) != NULL);
	require(info->ramdisk.size <= UINT64_MAX - info->ramdisk.base);
	require(info->cpu_count > 0 && info->cpu_count <= CPU_MAX);
	for (uint32_t i = 0; i < info->cpu_count; i++)
		for (uint32_t other = 0; other < i; other++)
			require(info->cpus[i].hardware_id != info->cpus[other].hardware_id);
	require(info->gic.redistributor_count <= BOOT_GIC_REDISTRIBUTORS_MAX);
	require(info->gic.version != 3 || info->gic.redistributor_count > 0);
	require(info->uart.kind == UART_NONE || info->uart.registers.size >= 8);
	require(info->plic.source_count < 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info info;
	const char *reason = NULL;
	/* At an odd address, and ending where the allocation does. */
	uint8_t *blob = malloc(size + 1);

	memcpy(blob + 1, data, size);
	if (size >= 8)
		fdt_total_size(blob + 1);
	read_tree(blob + 1, size);
	memset(&info, 0, sizeof(info));
	if (fdt_discover(blob + 1, size, &info, &reason) == 0)
		check_discovered(&info);
	else
		require(reason != NULL);
	free(blob);
	return 0;
}
