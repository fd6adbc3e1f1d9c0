/*
 * Fills struct boot_info from what a PVH boot loader (QEMU's -kernel, SeaBIOS, Xen) hands over.
 */
#ifndef BOOT_DIRECT_PVH_H
#define BOOT_DIRECT_PVH_H

#include <lib/boot_info.h>

/*
 * Reads the struct hvm_start_info at a physical address: memory map, command line, first module as
 * ramdisk, ACPI root. 0, or -EINVAL with *reason (a constant English text) when it is no start info
 * or its memory map cannot be read or has no usable range. A command line or module that cannot be
 * read is left empty, with a line in the log.
 *
 * map(physical, size) returns where those bytes can be read until pvh_read() returns, or NULL when
 * they cannot; size is 1 to 96 KiB. *info was zeroed by the caller. Reserved ranges come first in
 * the memory map, then usable ones; what does not fit is counted in memory_ranges_dropped, and too
 * many reserved ones are an error. Version 0 has no memory map: then we take the little that every
 * PC of 32 MiB has, and say so. Boot CPU, before the other CPUs run.
 */
int pvh_read(uint64_t start_info, const void *(*map)(uint64_t physical, uint64_t size),
	     struct boot_info *info, const char **reason);

#endif
