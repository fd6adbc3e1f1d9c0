/*
 * The kernel's own address space: its page table, the direct map, stacks with guards, device
 * registers.
 */
#ifndef MM_KSPACE_H
#define MM_KSPACE_H

#include <mm/memory_map.h>
#include <mm/page_table.h>
#include <stddef.h>
#include <stdint.h>

/* The one page table that translates kernel addresses. Changes under the lock of this module. */
struct page_table *kspace_page_table(void);

/* Starts on the tables that mm/early_map.c built. First thing at boot; needs nothing. */
void kspace_init(void);

/*
 * Makes a physical range readable and writable through the direct map before the whole map is
 * known: for tables that the firmware left. NULL: the range wraps, is beyond the direct map, or no
 * table is left for it. Boot CPU, at boot.
 */
const void *kspace_map_window(uint64_t physical, uint64_t size);

/*
 * Extends the direct map over all memory of the map, with the largest pages that fit. -ENOMEM. Boot
 * CPU, once.
 */
int kspace_map_memory(const struct memory_map *map);

/*
 * Maps device registers, uncached, not executable, with an unmapped page on each side. NULL: no
 * memory or no room.
 */
void *kspace_map_device(uint64_t physical, uint64_t size);

/*
 * A kernel stack of KERNEL_STACK_SIZE bytes, aligned to twice that, with as much unmapped below and
 * above: returns its top, or 0 when memory is short. At boot, boot CPU.
 */
uintptr_t kspace_alloc_stack(void);

/*
 * Pages of kernel address space for a test or a table, mapped to frames of their own with the given
 * rights; NULL.
 */
void *kspace_alloc_pages(size_t count, unsigned flags);

/*

 * Changes the rights of pages of kspace (not of the direct map) and invalidates them on every CPU.

 */
int kspace_protect(void *address, size_t size, unsigned flags);

/*
 * The kernel's text a second time, from text_start to text_end, writable and not executable; NULL:
 * no memory. Boot CPU, at boot, for cpu_patch_code(). kspace_unmap_code() ends it, before other
 * CPUs start.
 */
void *kspace_map_code(void);
void kspace_unmap_code(void *code);

#endif
