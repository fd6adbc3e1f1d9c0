/*
 * The platform-level interrupt controller: interrupts of devices (RISC-V PLIC specification 1.0.0).
 *
 * A source is 1 to 1023. A context is one privilege mode of one hart; this port uses each hart's
 * S-mode, and lets a source interrupt one CPU at a time.
 */
#ifndef ARCH_RISCV64_PLIC_H
#define ARCH_RISCV64_PLIC_H

#include <lib/boot_info.h>
#include <stdint.h>

/*
 * Maps it and masks every source. Boot CPU, once. -ENODEV: none described; -ENOTSUP: too small for
 * a context; -ENOMEM.
 */
int plic_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size));

/* Lets sources of any priority interrupt the calling CPU. Interrupts disabled. */
void plic_init_cpu(unsigned cpu);

/* The highest source; 0: no PLIC. */
unsigned plic_sources(void);

/* Any context. -EINVAL: no such source, or the CPU's hart has no context. */
int plic_unmask(unsigned source, unsigned cpu);
int plic_mask(unsigned source);

/*
 * In an external interrupt of the CPU: the source to handle, or 0 when another CPU was faster; and
 * that it was handled.
 */
unsigned plic_claim(unsigned cpu);
void plic_complete(unsigned source, unsigned cpu);

#endif
