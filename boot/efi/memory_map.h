/*
 * From the firmware's memory map to struct boot_info's: sorted, without overlap, equal neighbours
 * merged.
 *
 * Plain bytes in: nothing here needs the UEFI headers, so the host's tests and fuzzers run the very
 * same code. Runs after the boot services are gone: no allocation, no output.
 */
#ifndef BOOT_EFI_MEMORY_MAP_H
#define BOOT_EFI_MEMORY_MAP_H

#include <lib/boot_info.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UEFI 2.10, 7.2.3: one entry of GetMemoryMap(). Firmware may put them further apart than their
 * size.
 */
struct firmware_memory {
	uint32_t type;
	uint32_t zero;
	uint64_t physical_start;
	uint64_t virtual_start;
	uint64_t page_count; /* of 4 KiB */
	uint64_t attributes;
};

/*
 * Replaces info's memory map by map, which holds map_size bytes of descriptors descriptor_size
 * apart, in any order. Where descriptors overlap, the more careful kind wins: reserved, then ACPI,
 * then usable. A malformed descriptor (unaligned, wrapping around) and whatever does not fit counts
 * in info->memory_ranges_dropped: the kernel never touches what its map does not name.
 */
void memory_map_convert(struct boot_info *info, const void *map, size_t map_size,
			size_t descriptor_size);

/*
 * Gives [base, base + size), rounded outwards to whole pages, the given kind, whatever it was
 * before. A size of 0 does nothing; a range that wraps around counts as dropped.
 */
void memory_map_set(struct boot_info *info, uint64_t base, uint64_t size, enum memory_kind kind);

#endif
