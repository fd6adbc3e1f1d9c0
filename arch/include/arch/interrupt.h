/*
 * The interrupt controller: local APIC and I/O APIC, GICv2 or GICv3, PLIC; and interrupts between
 * CPUs.
 *
 * Lines are numbered as the machine does: GSI, INTID, PLIC source. dev/interrupt.c keeps the table
 * of handlers.
 */
#ifndef ARCH_INTERRUPT_H
#define ARCH_INTERRUPT_H

#include <lib/boot_info.h>

/*
 * Finds the controller from what boot_info says, maps it (kspace_map_device()) through the given
 * function and masks every line. Boot CPU, once, interrupts disabled. -ENODEV: none described;
 * -ENOTSUP: one we cannot drive; -ENOMEM.
 */
int interrupt_controller_init(const struct boot_info *info,
			      void *(*map_device)(uint64_t base, uint64_t size));

/*
 * This CPU's share of it: local APIC, GIC CPU interface, PLIC context, IPIs. Each CPU, once,
 * interrupts disabled.
 */
void interrupt_controller_init_cpu(unsigned cpu);

/* "GICv3", "local APIC + 1 I/O APIC", …; for people. */
const char *interrupt_controller_name(void);

/* Lets a device's line interrupt the given CPU, or stops it. Any context. -EINVAL: no such line. */
int interrupt_line_unmask(unsigned line, unsigned cpu);
int interrupt_line_mask(unsigned line);

/*
 * Sends an inter-processor interrupt: handlers->ipi runs on that CPU, soon. May target the calling
 * CPU. Any context. Ordering: every store before the call is visible to the handler; the port has
 * the barrier that its machine needs between normal stores and the store or call that sends the
 * interrupt.
 */
void ipi_send(unsigned cpu);

/*
 * The same, through an interrupt that cannot be masked where the machine has one; else an ordinary
 * IPI.
 */
void ipi_send_urgent(unsigned cpu);

#endif
