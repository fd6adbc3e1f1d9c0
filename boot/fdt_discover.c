/*
 * Memory, command line and ramdisk out of a device tree; calls the readers of CPUs and devices.
 *
 * Runs once, on the boot CPU, on input that is not trusted. Invariant: memory_range_count never
 * passes BOOT_MEMORY_RANGES_MAX. A reserved range that finds no place is an error, because the
 * memory under it would be used; a usable one is only counted in memory_ranges_dropped.
 */
#include <boot/fdt_discover.h>
#include <boot/fdt_discovery.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <lib/string.h>

/*
 * More nodes than there are ranges are not read: reading each walks through all properties of its
 * parent, and a tree that is made to last must not keep us for minutes.
 */
#define RANGE_NODES_MAX BOOT_MEMORY_RANGES_MAX

static bool append_range(struct boot_info *info, uint64_t base, uint64_t end, uint32_t kind)
{
	struct memory_range *range = &info->memory[info->memory_range_count];

	if (info->memory_range_count >= BOOT_MEMORY_RANGES_MAX)
		return false;
	range->base = base;
	range->size = end - base;
	range->kind = kind;
	range->zero = 0;
	info->memory_range_count++;
	return true;
}

/*
 * Appends a range as reserved without the parts that the ramdisk and the tree itself cover. Boot
 * loaders reserve these two, and a reserved range would never be mapped. False when the range found
 * no place.
 */
static bool append_reserved(struct boot_info *info, const struct physical_window *range)
{
	bool ramdisk_first = info->ramdisk.base < info->fdt.base;
	const struct physical_window *own[2] = {
		ramdisk_first ? &info->ramdisk : &info->fdt,
		ramdisk_first ? &info->fdt : &info->ramdisk,
	};
	uint64_t base = range->base;
	uint64_t end = base + range->size;

	if (end < base)
		end = UINT64_MAX;
	for (unsigned i = 0; i < 2 && base < end; i++) {
		uint64_t own_end = own[i]->base + own[i]->size;

		if (own_end <= base || own[i]->base >= end)
			continue;
		if (own[i]->base > base && !append_range(info, base, own[i]->base, MEMORY_RESERVED))
			return false;
		base = own_end;
	}
	return base >= end || append_range(info, base, end, MEMORY_RESERVED);
}

/* Chapter 5.3: the memory reservation block. False when there are too many. */
static bool discover_reservation_block(struct discovery *discovery)
{
	struct physical_window window;

	for (uint32_t i = 0; fdt_reservation(&discovery->tree, i, &window); i++)
		if (!append_reserved(discovery->info, &window))
			return false;
	return true;
}

/*
 * Chapter 3.5: children of /reserved-memory that have a place; those with only a size are not
 * placed yet.
 */
static bool discover_reserved_memory(struct discovery *discovery)
{
	static const char path[] = "/reserved-memory";
	const struct fdt *tree = &discovery->tree;
	struct physical_window window;
	struct fdt_property property;
	struct fdt_node node;
	struct fdt_reg reg;
	uint32_t nodes = 0;

	if (!fdt_find_path(tree, path, sizeof(path) - 1, &node))
		return true;
	while (fdt_next(tree, &node) && node.depth >= 2) {
		if (node.depth != 2 || !fdt_is_okay(tree, &node) ||
		    !fdt_get(tree, &node, "reg", &property))
			continue;
		if (nodes++ == RANGE_NODES_MAX)
			return false;
		if (!fdt_reg_open(tree, &node, &reg)) {
			log_print(LOG_WARNING, "device tree: cannot read what %.32s reserves",
				  fdt_name(tree, &node));
			continue;
		}
		while (fdt_reg_next(&reg, &window))
			if (!append_reserved(discovery->info, &window))
				return false;
	}
	return true;
}

static void append_usable(struct boot_info *info, const struct physical_window *window)
{
	if (window->size == 0)
		return;
	if (window->size > UINT64_MAX - window->base)
		log_print(LOG_WARNING, "device tree: memory at %#llx wraps around: ignored",
			  (unsigned long long)window->base);
	else if (!append_range(info, window->base, window->base + window->size, MEMORY_USABLE))
		info->memory_ranges_dropped++;
}

/* Chapter 3.4: the memory nodes. False when there is no usable range. */
static bool discover_memory(struct discovery *discovery)
{
	const struct fdt *tree = &discovery->tree;
	uint32_t before = discovery->info->memory_range_count;
	struct physical_window window;
	struct fdt_node node;
	struct fdt_reg reg;
	uint32_t nodes = 0;
	bool found;

	for (found = fdt_root(tree, &node); found; found = fdt_next(tree, &node)) {
		const char *type = node.depth == 1 ? fdt_get_string(tree, &node, "device_type")
						   : NULL;

		if (!type || strcmp(type, "memory") != 0 || !fdt_is_okay(tree, &node))
			continue;
		if (nodes++ >= RANGE_NODES_MAX)
			discovery->info->memory_ranges_dropped++;
		else if (!fdt_reg_open(tree, &node, &reg))
			log_print(LOG_WARNING, "device tree: a memory node has no usable reg");
		else
			while (fdt_reg_next(&reg, &window))
				append_usable(discovery->info, &window);
	}
	return discovery->info->memory_range_count > before;
}

static void discover_command_line(struct discovery *discovery, const struct fdt_node *chosen)
{
	struct boot_info *info = discovery->info;
	struct fdt_property property;
	size_t length;

	if (info->command_line[0] != '\0' ||
	    !fdt_get(&discovery->tree, chosen, "bootargs", &property))
		return;
	length = strnlen((const char *)property.value, property.size);
	if (length >= sizeof(info->command_line)) {
		length = sizeof(info->command_line) - 1;
		log_print(LOG_WARNING, "device tree: command line cut to %u characters",
			  (unsigned)length);
	}
	memcpy(info->command_line, property.value, length);
	info->command_line[length] = '\0';
}

static void discover_ramdisk(struct discovery *discovery, const struct fdt_node *chosen)
{
	uint64_t start;
	uint64_t end;

	if (discovery->info->ramdisk.size != 0 ||
	    !fdt_get_number(&discovery->tree, chosen, "linux,initrd-start", &start) ||
	    !fdt_get_number(&discovery->tree, chosen, "linux,initrd-end", &end))
		return;
	if (end <= start) {
		log_print(LOG_WARNING, "device tree: the ramdisk ends before it begins: ignored");
		return;
	}
	discovery->info->ramdisk.base = start;
	discovery->info->ramdisk.size = end - start;
}

/* Chapter 3.6. */
static void discover_chosen(struct discovery *discovery)
{
	static const char path[] = "/chosen";
	struct fdt_node chosen;

	if (!fdt_find_path(&discovery->tree, path, sizeof(path) - 1, &chosen))
		return;
	discover_command_line(discovery, &chosen);
	discover_ramdisk(discovery, &chosen);
}

static int discover_fail(const char **reason, const char *text)
{
	*reason = text;
	return -EINVAL;
}

int fdt_discover(const void *blob, size_t size, struct boot_info *info, const char **reason)
{
	struct discovery discovery = { .info = info };
	bool memory_is_known = info->memory_range_count > 0;
	int error = fdt_check(blob, size, reason);

	if (!error)
		error = fdt_open(&discovery.tree, blob, size, reason);
	if (error)
		return error;
	discover_chosen(&discovery);
	if (!discover_reservation_block(&discovery) || !discover_reserved_memory(&discovery))
		return discover_fail(reason, "reserves more memory ranges than fit");
	if (!memory_is_known && !discover_memory(&discovery))
		return discover_fail(reason, "no memory node with a range");
	fdt_discover_cpus(&discovery);
	if (info->cpu_count == 0)
		return discover_fail(reason, "no usable CPU");
	fdt_discover_interrupt_controllers(&discovery);
	fdt_discover_arm_timer(&discovery);
	fdt_discover_psci(&discovery);
	fdt_discover_test_finisher(&discovery);
	fdt_discover_uart(&discovery);
	return 0;
}
