/*
 * What the firmware's configuration table (UEFI 2.10, 4.6) names: the roots of the machine's
 * description.
 */
#ifndef BOOT_EFI_TABLES_H
#define BOOT_EFI_TABLES_H

#include <boot/efi/pages.h>
#include <efi.h>
#include <stdint.h>

/* Physical address of the RSDP, that of ACPI 2.0 or later if there is one; 0: no ACPI. */
uint64_t tables_find_rsdp(void);

/*
 * Copies the device tree blob into pages of the loader's own. EFI_NOT_FOUND: this firmware offers
 * none; EFI_COMPROMISED_DATA: what it offers does not begin like a device tree;
 * EFI_OUT_OF_RESOURCES.
 */
EFI_STATUS tables_copy_fdt(struct pages *fdt);

#endif
