/*
 * What was found at boot, for the floors above and for the monitor: constant after boot.
 */
#ifndef BOOT_MACHINE_INFO_H
#define BOOT_MACHINE_INFO_H

#include <lib/boot_info.h>
#include <mm/memory_map.h>

/* The one struct boot_info. */
const struct boot_info *machine_boot_info(void);

/* "PVH", "device tree", "UEFI": how the machine was entered; for messages only. */
const char *machine_boot_protocol_name(void);

#endif
