/*
 * CPUs out of a device tree (Devicetree Specification v0.4, chapter 3.8), and what RISC-V says
 * about its harts there.
 *
 * Runs once, on the boot CPU, on input that is not trusted. Invariant: cpu_count never passes
 * CPU_MAX, and no two entries have the same hardware id.
 */
#include <boot/fdt_discovery.h>
#include <lib/log_hook.h>
#include <lib/string.h>

/*
 * Of so many nodes the id is read. Each reading walks through all properties of /cpus, so that a
 * tree with thousands of CPUs that cannot be used would keep us for minutes.
 */
#define CPU_NODES_MAX 1024U

/* True for a child of /cpus that describes a CPU which may be started. */
static bool is_usable_cpu(const struct fdt *tree, const struct fdt_node *node)
{
	const char *type = fdt_get_string(tree, node, "device_type");

	return (type ? strcmp(type, "cpu") == 0 : fdt_name_is(tree, node, "cpu")) &&
	       fdt_is_okay(tree, node);
}

/* Appends a CPU, for which there is room. False when it cannot be used. */
static bool append_cpu(struct boot_info *info, uint64_t hardware_id)
{
	struct cpu_description *cpu = &info->cpus[info->cpu_count];

	for (uint32_t i = 0; i < info->cpu_count; i++) {
		if (info->cpus[i].hardware_id == hardware_id) {
			log_print(LOG_WARNING, "device tree: a second CPU has id %#llx: ignored",
				  (unsigned long long)hardware_id);
			return false;
		}
	}
	cpu->hardware_id = hardware_id;
	cpu->acpi_uid = 0;
	cpu->interrupt_context = UINT32_MAX;
	info->cpu_count++;
	return true;
}

/*
 * True when an extension is named in a hart's ISA: as a string of riscv,isa-extensions, or in the
 * older riscv,isa between underscores ("rv64imac_zicsr_sstc").
 */
static bool hart_has_extension(const struct fdt *tree, const struct fdt_node *node,
			       const char *extension)
{
	size_t length = strlen(extension);
	struct fdt_property extensions;
	const char *isa;

	if (fdt_get(tree, node, "riscv,isa-extensions", &extensions))
		return fdt_list_contains(&extensions, extension);
	isa = fdt_get_string(tree, node, "riscv,isa");
	while (isa && (isa = strchr(isa, '_')) != NULL) {
		isa++;
		if (strncmp(isa, extension, length) == 0 &&
		    (isa[length] == '_' || isa[length] == '\0'))
			return true;
	}
	return false;
}

/* Reads one child of /cpus. Its index, or CPU_MAX when it is not used. */
static uint32_t discover_cpu(struct discovery *discovery, const struct fdt_node *node)
{
	const struct fdt *tree = &discovery->tree;
	struct boot_info *info = discovery->info;
	struct physical_window id;
	struct fdt_reg reg;
	uint64_t timebase;

	if (!is_usable_cpu(tree, node))
		return CPU_MAX;
	if (info->cpu_count == CPU_MAX || discovery->cpu_nodes == CPU_NODES_MAX) {
		info->cpus_ignored++;
		return CPU_MAX;
	}
	discovery->cpu_nodes++;
	if (!fdt_reg_open(tree, node, &reg) || !fdt_reg_next(&reg, &id)) {
		log_print(LOG_WARNING, "device tree: CPU %.32s has no id: ignored",
			  fdt_name(tree, node));
		return CPU_MAX;
	}
	if (!append_cpu(info, id.base))
		return CPU_MAX;
	if (!hart_has_extension(tree, node, "sstc"))
		info->riscv.has_sstc = 0;
	if (info->riscv.timebase_hz == 0 &&
	    fdt_get_number(tree, node, "timebase-frequency", &timebase) && timebase <= UINT32_MAX)
		info->riscv.timebase_hz = (uint32_t)timebase;
	return info->cpu_count - 1;
}

void fdt_discover_cpus(struct discovery *discovery)
{
	static const char path[] = "/cpus";
	const struct fdt *tree = &discovery->tree;
	struct boot_info *info = discovery->info;
	uint32_t cpu = CPU_MAX;
	struct fdt_node node;
	uint64_t timebase;

	if (!fdt_find_path(tree, path, sizeof(path) - 1, &node))
		return;
	if (fdt_get_number(tree, &node, "timebase-frequency", &timebase) && timebase <= UINT32_MAX)
		info->riscv.timebase_hz = (uint32_t)timebase;
	info->riscv.has_sstc = 1;
	while (fdt_next(tree, &node) && node.depth >= 2) {
		if (node.depth == 2)
			cpu = discover_cpu(discovery, &node);
		else if (node.depth == 3 && cpu < CPU_MAX &&
			 fdt_is_compatible(tree, &node, "riscv,cpu-intc"))
			fdt_get_u32(tree, &node, "phandle", &discovery->hart_controllers[cpu]);
	}
	if (info->cpu_count == 0)
		info->riscv.has_sstc = 0;
}
