/*
 * The I/O APICs: interrupt lines (GSIs) of devices to vectors of CPUs. 82093AA datasheet (order
 * 290566), chapter 3.
 */
#ifndef X86_64_IOAPIC_H
#define X86_64_IOAPIC_H

#include <lib/boot_info.h>
#include <stdint.h>

/* Maps them all and masks every line. Boot CPU, once. -ENODEV: none described; -ENOMEM. */
int ioapic_init(const struct apic_description *apic,
		void *(*map_device)(uint64_t base, uint64_t size));

unsigned ioapic_count(void);

/*
 * Sends a line to a vector of the CPU with a local APIC id, or stops it. Any context but NMI.
 * -EINVAL: no such line.
 */
int ioapic_unmask(unsigned line, uint8_t vector, uint8_t apic_id);
int ioapic_mask(unsigned line);

#endif
