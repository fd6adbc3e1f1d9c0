/*
 * The kernel's own address space: its page table, the direct map, and kernel space, where stacks,
 * buffers, device registers and scattered frames get addresses between unmapped pages.
 *
 * What is freed is unmapped at once, but its addresses and frames are kept until a batch of them is
 * invalidated together on all CPUs: at KSPACE_LAZY_PAGES pages, at KSPACE_LAZY_PIECES pieces, when
 * addresses or memory run out, or by kspace_flush(). So a freed piece faults, on a CPU that has not
 * cached it, or is still the old memory, on one that has; it is never somebody else's.
 *
 * All functions but those "at boot": any context, none blocks. Lock: the kernel space's own
 * (mm/space.h), interrupts disabled.
 */
#ifndef MM_KSPACE_H
#define MM_KSPACE_H

#include <mm/frame.h>
#include <mm/memory_map.h>
#include <mm/page_table.h>
#include <mm/space.h>
#include <stddef.h>
#include <stdint.h>

#define KSPACE_LAZY_PAGES 1024
#define KSPACE_LAZY_PIECES 128

/* The one page table that translates kernel addresses. */
static inline struct page_table *kspace_page_table(void)
{
	return &kernel_space()->table;
}

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
 * Maps memory for the records of frames, or anything else that lies between the direct map and
 * kernel space, with frames from the early allocator. What is mapped already stays. -ENOMEM. Boot
 * CPU, between kspace_map_memory() and frame_init()'s end.
 */
int kspace_populate(uintptr_t address, size_t size);

/*
 * From here on page tables come from the frame allocator, and the root does not change any more.
 * -ENOMEM. Boot CPU, once, after frame_init().
 */
int kspace_use_frames(void);

/*
 * Maps device registers, uncached, not executable, with an unmapped page on each side. NULL: no
 * memory or no room. kspace_unmap() takes what this returned.
 */
void *kspace_map_device(uint64_t physical, uint64_t size);

/*
 * The given frames, in this order, as one piece of addresses. The frames stay the caller's: not
 * before kspace_unmap() and kspace_flush() may they be freed. NULL: no memory or no room.
 */
void *kspace_map_frames(struct frame *const *frames, size_t count, unsigned flags);

/* Ends kspace_map_device() or kspace_map_frames(). Panics when address is neither's. */
void kspace_unmap(void *address);

/*
 * size bytes (rounded up to pages) of zeroed memory at addresses of their own, from frames that
 * need not be in a row. flags: rights; always global. NULL.
 */
void *kspace_alloc(size_t size, unsigned flags, enum frame_tag tag);

/* Ends kspace_alloc(): NULL is nothing. Panics when address is not what it returned. */
void kspace_free(void *address);

/*
 * A kernel stack of KERNEL_STACK_SIZE bytes, aligned to twice that, with as much unmapped below and
 * above: returns its top, or 0 when memory is short.
 */
uintptr_t kspace_alloc_stack(void);
void kspace_free_stack(uintptr_t top);

/*
 * Changes the rights of pages of a piece (not of the direct map) and invalidates them on every CPU.
 * -ENOMEM: a large page could not be split.
 */
int kspace_protect(void *address, size_t size, unsigned flags);

/* Invalidates what was freed lazily, and releases its addresses and frames. */
void kspace_flush(void);

struct kspace_statistics {
	uint64_t pieces;      /* taken, those that wait for a flush included */
	uint64_t pages;       /* mapped in them */
	uint64_t lazy_pieces; /* freed, and waiting */
	uint64_t lazy_pages;
	uint64_t flushes;
};

void kspace_statistics(struct kspace_statistics *statistics);

/*
 * The kernel's text a second time, from text_start to text_end, writable and not executable; NULL:
 * no memory. Boot CPU, at boot, for cpu_patch_code(). kspace_unmap_code() ends it, before other
 * CPUs start.
 */
void *kspace_map_code(void);
void kspace_unmap_code(void *code);

/* The regions of mm/layout.h's drawing, as they are on this machine, by rising address. */
struct kspace_region {
	const char *name;
	uintptr_t first;
	uintptr_t last; /* of the last byte */
	const char *holds;
};

extern const size_t kspace_region_count;
void kspace_region(size_t index, struct kspace_region *region);

/* The region that an address is in: its index, or kspace_region_count for none. */
size_t kspace_region_of(uintptr_t address);

#endif
