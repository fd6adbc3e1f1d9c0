/*
 * Power management out of ACPI, for acpi_discover() only.
 */
#ifndef BOOT_ACPI_POWER_H
#define BOOT_ACPI_POWER_H

#include <boot/acpi_tables.h>
#include <lib/boot_info.h>

/*
 * Fills the PM timer, soft-off and reset registers of info->apic from the FADT and the DSDT, as far
 * as they are there.
 */
void acpi_discover_power(const struct acpi_root *root, struct boot_info *info);

#endif
