/*
 * Fills struct boot_info from a flattened device tree.
 */
#ifndef BOOT_FDT_DISCOVER_H
#define BOOT_FDT_DISCOVER_H

#include <lib/boot_info.h>
#include <stddef.h>

/*
 * Reads memory, command line, ramdisk, CPUs, console, interrupt controller, timers and firmware
 * interface out of the blob of `size` readable bytes. 0, or -EINVAL with *reason (a constant
 * English text) when the blob is malformed, names no memory or no CPU, or reserves more ranges than
 * fit; *info is then filled as far as reading went. A device that is missing or makes no sense is
 * no error: its description stays empty, and a line in the log says so.
 *
 * *info was zeroed by the caller, but for what the entry protocol gave. That comes first: where it
 * gave memory ranges, the memory nodes are not read (UEFI's map is the better one), and a ramdisk
 * or command line it gave stays. Memory ranges are appended: reserved ones first, then usable ones,
 * unsorted and possibly overlapping (mm/memory_map.h sorts that out). Where the firmware's
 * reservations cover the ramdisk, or info->fdt when the caller has set it, the covered part is left
 * out of them: those two are reserved under their own kinds. CPUs stand in the order of the tree.
 * Boot CPU, before the other CPUs run.
 */
int fdt_discover(const void *blob, size_t size, struct boot_info *info, const char **reason);

#endif
