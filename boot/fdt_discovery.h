/*
 * Shared by the parts of fdt_discover(): boot/fdt_discover.c, boot/fdt_cpus.c, boot/fdt_devices.c.
 * For them only.
 */
#ifndef BOOT_FDT_DISCOVERY_H
#define BOOT_FDT_DISCOVERY_H

#include <boot/fdt.h>
#include <lib/boot_info.h>

/* One reading of one tree. Lives on the stack of fdt_discover(). */
struct discovery {
	struct fdt tree;
	struct boot_info *info;
	uint32_t controller; /* phandle of the interrupt controller described in info; 0: none */
	uint32_t cpu_nodes;  /* whose ids were read */
	uint32_t hart_controllers[CPU_MAX]; /* phandle of each hart's own interrupt controller; 0:
					       none */
};

/* CPUs, the time base, Sstc. Sets hart_controllers. */
void fdt_discover_cpus(struct discovery *discovery);

/* GIC and PLIC. Sets controller; needs the CPUs. */
void fdt_discover_interrupt_controllers(struct discovery *discovery);

/* The generic timer, PSCI, the test finisher, the console. Need the interrupt controller. */
void fdt_discover_arm_timer(struct discovery *discovery);
void fdt_discover_psci(struct discovery *discovery);
void fdt_discover_test_finisher(struct discovery *discovery);
void fdt_discover_uart(struct discovery *discovery);

#endif
