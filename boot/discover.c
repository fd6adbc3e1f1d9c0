/*
 * Discovery: one function per entry protocol, then what all of them share.
 *
 * Everything read here comes from outside: it is checked, and a machine that cannot be understood
 * is refused with a message. struct boot_info and the memory map are static, too large for a stack.
 */
#include <arch/smp.h>
#include <boot/acpi.h>
#include <boot/direct/pvh.h>
#include <boot/discover.h>
#include <boot/fdt.h>
#include <boot/fdt_discover.h>
#include <boot/panic.h>
#include <lib/log_hook.h>
#include <lib/string.h>
#include <mm/kspace.h>
#include <mm/layout.h>

#define MEMORY_MINIMUM (8UL << 20)
#define COM1_PORT 0x3f8
#define COM1_ISA_INTERRUPT 4

static struct boot_info boot_info;
static struct memory_map memory_map;

const struct boot_info *machine_boot_info(void)
{
	return &boot_info;
}

struct memory_map *machine_memory_map(void)
{
	return &memory_map;
}

const char *machine_boot_protocol_name(void)
{
	switch (boot_info.protocol) {
	case BOOT_PROTOCOL_PVH:
		return "PVH";
	case BOOT_PROTOCOL_FDT:
		return "device tree";
	case BOOT_PROTOCOL_BOOT_INFO:
		return "UEFI";
	default:
		return "unknown";
	}
}

static void read_fdt(uint64_t physical)
{
	const void *header = kspace_map_window(physical, 8);
	const char *reason = "no such address";
	uint32_t size = header ? fdt_total_size(header) : 0;

	if (size == 0 || size > FDT_SIZE_MAX || !kspace_map_window(physical, size))
		boot_refuse("no device tree at 0x%llx", (unsigned long long)physical);
	boot_info.fdt = (struct physical_window){ .base = physical, .size = size };
	if (fdt_discover(phys_to_virt(physical), size, &boot_info, &reason) != 0)
		boot_refuse("device tree: %s", reason);
}

/* COM1 of a PC stands where it always stood; ACPI does not describe it. */
static void assume_com1(void)
{
	boot_info.uart = (struct uart_description){
		.registers = { .base = COM1_PORT, .size = 8 },
		.kind = UART_NS16550_PORT,
		.interrupt = boot_info.apic.isa[COM1_ISA_INTERRUPT].gsi,
	};
}

static void read_acpi(uint64_t rsdp)
{
	const char *reason = "no root pointer";

	if (acpi_discover(rsdp, kspace_map_window, &boot_info, &reason) != 0)
		boot_refuse("ACPI: %s", reason);
	assume_com1();
}

static void read_pvh(uint64_t start_info)
{
	const char *reason = "no such address";

	if (pvh_read(start_info, kspace_map_window, &boot_info, &reason) != 0)
		boot_refuse("PVH: %s", reason);
	read_acpi(boot_info.acpi_rsdp);
}

/* The UEFI loader has filled the first part; the second is ours. */
static void read_boot_info(uint64_t physical)
{
	const struct boot_info *given = kspace_map_window(physical, sizeof(struct boot_info));

	if (!given || given->magic != BOOT_INFO_MAGIC || given->size != sizeof(struct boot_info))
		boot_refuse("the loader's boot information at 0x%llx is not that of this kernel",
			    (unsigned long long)physical);
	memcpy(&boot_info, given, sizeof(boot_info));
	boot_info.command_line[BOOT_COMMAND_LINE_MAX - 1] = '\0';
	if (boot_info.memory_range_count > BOOT_MEMORY_RANGES_MAX)
		boot_refuse("the loader's memory map has %u ranges", boot_info.memory_range_count);
	if (boot_info.fdt.size)
		read_fdt(boot_info.fdt.base);
	else
		read_acpi(boot_info.acpi_rsdp);
}

/* The boot CPU becomes number 0; a description without it is none of this machine. */
static void put_boot_cpu_first(void)
{
	uint64_t id = cpu_boot_hardware_id();

	for (uint32_t i = 0; i < boot_info.cpu_count; i++) {
		struct cpu_description found = boot_info.cpus[i];

		if (found.hardware_id != id)
			continue;
		boot_info.cpus[i] = boot_info.cpus[0];
		boot_info.cpus[0] = found;
		return;
	}
	boot_refuse("the boot CPU (hardware id 0x%llx) is not among the %u CPUs described",
		    (unsigned long long)id, boot_info.cpu_count);
}

static void reserve(const struct physical_window *window, enum memory_kind kind)
{
	if (window->size && memory_map_reserve(&memory_map, window->base, window->size, kind) != 0)
		log_print(LOG_WARNING, "%s at 0x%llx lies outside of known memory",
			  memory_map_describe(kind), (unsigned long long)window->base);
}

static bool windows_overlap(const struct physical_window *a, const struct physical_window *b)
{
	return a->size && b->size && a->base < b->base + b->size && b->base < a->base + a->size;
}

/*
 * OpenSBI's fw_jump moves the device tree to a fixed place, which on a machine of 64 MiB is where
 * QEMU has put the ramdisk. A damaged ramdisk is none.
 */
static void check_ramdisk(void)
{
	struct physical_window *ramdisk = &boot_info.ramdisk;

	if (!windows_overlap(ramdisk, &boot_info.fdt) &&
	    !windows_overlap(ramdisk, &boot_info.kernel))
		return;
	log_print(LOG_ERROR, "the firmware put something over the ramdisk at 0x%llx: no ramdisk",
		  (unsigned long long)ramdisk->base);
	*ramdisk = (struct physical_window){ 0 };
	boot_info.ramdisk_damaged = 1;
}

static void build_memory_map(void)
{
	uint32_t dropped = boot_info.memory_ranges_dropped;

	for (uint32_t i = 0; i < boot_info.memory_range_count; i++) {
		const struct memory_range *range = &boot_info.memory[i];

		if (memory_map_add(&memory_map, range->base, range->size, range->kind) != 0)
			dropped++;
	}
	if (dropped)
		log_print(LOG_WARNING, "memory map: %u ranges could not be used", dropped);
	boot_info.kernel.base = image_to_phys(image_start);
	boot_info.kernel.size = (uint64_t)(image_end - image_start);
	check_ramdisk();
	reserve(&boot_info.kernel, MEMORY_KERNEL);
	reserve(&boot_info.ramdisk, MEMORY_RAMDISK);
	reserve(&boot_info.fdt, MEMORY_DESCRIPTION);
	if (memory_map_total(&memory_map, MEMORY_USABLE) < MEMORY_MINIMUM)
		boot_refuse(
			"too little memory: %llu KiB free, %lu KiB needed",
			(unsigned long long)(memory_map_total(&memory_map, MEMORY_USABLE) >> 10),
			MEMORY_MINIMUM >> 10);
}

void discover_machine(enum boot_protocol protocol, uint64_t root)
{
	switch (protocol) {
	case BOOT_PROTOCOL_PVH:
		read_pvh(root);
		break;
	case BOOT_PROTOCOL_FDT:
		read_fdt(root);
		break;
	case BOOT_PROTOCOL_BOOT_INFO:
		read_boot_info(root);
		break;
	default:
		boot_refuse("unknown boot protocol %u", (unsigned)protocol);
	}
	boot_info.magic = BOOT_INFO_MAGIC;
	boot_info.size = sizeof(boot_info);
	boot_info.protocol = protocol;
	put_boot_cpu_first();
	build_memory_map();
}
