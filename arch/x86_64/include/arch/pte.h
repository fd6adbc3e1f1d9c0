/*
 * Page-table entries: four levels of 512 entries (SDM vol. 3, 4.5, tables 4-15 to 4-20).
 *
 * The walker (mm/page_table.c) and the start-up (mm/early_map.c) are written once over these
 * functions.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <arch/page_flags.h>
#include <stdbool.h>
#include <stdint.h>

#define PTE_PRESENT (1UL << 0)
#define PTE_WRITE (1UL << 1)
#define PTE_USER (1UL << 2)
#define PTE_WRITE_THROUGH (1UL << 3)
#define PTE_CACHE_DISABLE (1UL << 4)
#define PTE_ACCESSED (1UL << 5)
#define PTE_DIRTY (1UL << 6)
#define PTE_LARGE (1UL << 7) /* levels 1 and 2: maps a page instead of pointing to a table */
#define PTE_GLOBAL (1UL << 8)
#define PTE_NO_EXECUTE (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL
/* Not present, and on its way from one mapping to another (mm/page_table.h). Bit 11 is ignored. */
#define PTE_BREAKING (1UL << 11)

/* A root for the lower half needs the kernel's entries, too: there is one root. */
#define PTE_ROOT_HOLDS_KERNEL 1

/* Where all of physical memory appears (mm/layout.h draws the whole). */
#define DIRECT_MAP_BASE 0xffff800000000000UL
/* Physical addresses that fit between it and the next region. */
#define DIRECT_MAP_SIZE 0x0000400000000000UL
/* Where the records of its frames are: mm/frame.h. */
#define FRAME_MAP_BASE 0xffffe00000000000UL

/* For mm/early_map.c, which runs before a port's variables can be trusted. */
static inline uintptr_t early_direct_map_base(unsigned levels)
{
	(void)levels;
	return DIRECT_MAP_BASE;
}

static inline unsigned pte_levels(void)
{
	return 4;
}

/* The largest level at which a leaf may stand: 1 GiB pages are a CPU feature; set by cpu_init(). */
extern unsigned pte_largest_leaf;

static inline unsigned pte_largest_leaf_level(void)
{
	return pte_largest_leaf;
}

static inline bool pte_present(uint64_t entry)
{
	return entry & PTE_PRESENT;
}

/* Only for a present entry. */
static inline bool pte_is_leaf(uint64_t entry, unsigned level)
{
	return level == 0 || (entry & PTE_LARGE);
}

static inline uint64_t pte_address(uint64_t entry)
{
	return entry & PTE_ADDRESS;
}

/* A table of the next level down, with every right: the leaf decides. */
static inline uint64_t pte_make_table(uint64_t address)
{
	return address | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
}

/* A page at a level. flags: enum page_flags; PAGE_READ is implied. */
static inline uint64_t pte_make_leaf(uint64_t address, unsigned level, unsigned flags)
{
	uint64_t entry = address | PTE_PRESENT;

	if (level > 0)
		entry |= PTE_LARGE;
	if (!(flags & PAGE_TRACKED))
		entry |= PTE_ACCESSED | (flags & PAGE_WRITE ? PTE_DIRTY : 0);
	if (flags & PAGE_WRITE)
		entry |= PTE_WRITE;
	if (!(flags & PAGE_EXEC))
		entry |= PTE_NO_EXECUTE;
	if (flags & PAGE_USER)
		entry |= PTE_USER;
	if (flags & PAGE_GLOBAL)
		entry |= PTE_GLOBAL;
	/* Index 3 of the PAT as reset leaves it: strong uncacheable (SDM vol. 3, 12.12.4). */
	if (flags & PAGE_DEVICE)
		entry |= PTE_CACHE_DISABLE | PTE_WRITE_THROUGH;
	return entry;
}

/* enum page_flags of a present leaf. */
static inline unsigned pte_flags(uint64_t entry)
{
	unsigned flags = PAGE_READ;

	if (entry & PTE_WRITE)
		flags |= PAGE_WRITE;
	if (!(entry & PTE_NO_EXECUTE))
		flags |= PAGE_EXEC;
	if (entry & PTE_USER)
		flags |= PAGE_USER;
	if (entry & PTE_GLOBAL)
		flags |= PAGE_GLOBAL;
	if (entry & PTE_CACHE_DISABLE)
		flags |= PAGE_DEVICE;
	if (entry & PTE_ACCESSED)
		flags |= PAGE_ACCESSED;
	if (entry & PTE_DIRTY)
		flags |= PAGE_DIRTY;
	return flags;
}

/*
 * The entry with exactly those of PAGE_ACCESSED and PAGE_DIRTY (only what is writable can be
 * dirty), as hardware that sets them leaves it.
 */
static inline uint64_t pte_with_use(uint64_t entry, unsigned use)
{
	entry &= ~(PTE_ACCESSED | PTE_DIRTY);
	if (use & PAGE_ACCESSED)
		entry |= PTE_ACCESSED;
	if ((use & PAGE_DIRTY) && (entry & PTE_WRITE))
		entry |= PTE_DIRTY;
	return entry;
}

/*
 * No: a present entry may become another, and either is used until the invalidation (SDM vol. 3,
 * 4.10.2.2, 4.10.4.3).
 */
static inline bool pte_break_before_make(void)
{
	return false;
}

#endif
