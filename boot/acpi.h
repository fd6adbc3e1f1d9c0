/*
 * Fills struct boot_info from the ACPI tables of a PC (ACPI Specification 6.5).
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include <lib/boot_info.h>

/*
 * Reads CPUs and interrupt controllers (MADT), the HPET, and the PM timer, soft-off and reset
 * registers (FADT, DSDT). 0, or -EINVAL with *reason (a constant English text) when there is no
 * valid root, no MADT, no local APIC address or no enabled CPU. What else is missing or malformed
 * is left empty, with a line in the log; whatever was found before an error stays in *info.
 *
 * rsdp: physical address of the root pointer. map(physical, size) returns where those bytes can be
 * read, or NULL when they cannot; the physical address comes out of the tables and may be any
 * number, size is 1 to 4 MiB, and neither is aligned. Firmware keeps its tables in ranges of any
 * kind, reserved ones and gaps of the memory map among them. What map returned must stay readable
 * until acpi_discover() returns; the same bytes may be asked for again.
 *
 * *info was zeroed by the caller, but for what the entry protocol gave. CPUs stand in the order of
 * the MADT. Boot CPU, before the other CPUs run.
 */
int acpi_discover(uint64_t rsdp, const void *(*map)(uint64_t physical, uint64_t size),
		  struct boot_info *info, const char **reason);

#endif
