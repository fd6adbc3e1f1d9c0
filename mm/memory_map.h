/*
 * The physical memory map: which page is what.
 *
 * Firmware's map is a list in any order, with overlaps, gaps and odd byte addresses; this makes one
 * answer per page out of it. The ranges are sorted by base, never overlap, are made of whole pages,
 * and two neighbours that touch differ in kind. What no range covers is not memory, as far as
 * anyone told us.
 *
 * Where two kinds claim a page, the stronger one has it, whichever came first:
 *
 *   usable < ACPI < reserved < description < ramdisk < early < kernel
 *
 * Up to `reserved` this is caution about what firmware says of memory; above it stands what the
 * running kernel has in use, which is in use whatever firmware says. A kind that is none of enum
 * memory_kind counts as reserved.
 *
 * Nothing here allocates or locks: during boot only the boot CPU uses a map, afterwards it is
 * constant.
 */
#ifndef MM_MEMORY_MAP_H
#define MM_MEMORY_MAP_H

#include <lib/boot_info.h>
#include <stdint.h>

/*
 * Firmware's ranges, the gaps that sorting out makes of them, and what the kernel itself reserves.
 */
#define MEMORY_MAP_MAX 768

/* Zeroed, it is an empty map. */
struct memory_map {
	uint32_t count;
	uint32_t zero;
	struct memory_range ranges[MEMORY_MAP_MAX];
};

/*
 * Adds [base, base + size), in bytes, as memory of that kind. A usable range shrinks to the pages
 * that lie wholly in it, every other kind grows to all pages it touches. A range that reaches past
 * the end of the address space is cut there (the last page of it is never recorded). Size 0 adds
 * nothing.
 *
 * 0, or -ENOSPC: the map is full. What was not recorded is then missing from the map, and where a
 * usable range could not be divided, all of it has become `kind`: a full map loses usable memory,
 * but never calls usable what is not.
 */
int memory_map_add(struct memory_map *map, uint64_t base, uint64_t size, uint32_t kind);

/*
 * The same for something that lies in memory that the map knows already: kernel, ramdisk, tables,
 * early allocations. -EINVAL when size is 0, or some page of it was in no range or was reserved
 * before (for a range of kind reserved: was in no range); it is recorded all the same. -ENOSPC as
 * above.
 */
int memory_map_reserve(struct memory_map *map, uint64_t base, uint64_t size, uint32_t kind);

/*
 * Finds `size` bytes (rounded up to whole pages) of usable memory in [lowest, highest), aligned to
 * `alignment` (a power of two; at least a page is meant). Top-down: the highest place that fits,
 * because low memory is what picky devices and processor start-up need. Does not reserve it.
 * Returns its address, or 0: there is none. Page 0 is never found.
 */
uint64_t memory_map_find(const struct memory_map *map, uint64_t size, uint64_t alignment,
			 uint64_t lowest, uint64_t highest);

/* Bytes of that kind. */
uint64_t memory_map_total(const struct memory_map *map, uint32_t kind);

/* The kind in words: "usable", "ACPI tables", … */
const char *memory_map_describe(uint32_t kind);

#endif
