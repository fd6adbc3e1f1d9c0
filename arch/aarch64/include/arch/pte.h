/*
 * Page-table entries: VMSAv8-64, 4 KiB granule, 48-bit addresses, four levels of 512 entries (DDI
 * 0487, D8 "Translation table descriptor formats"). Arm counts levels from the root, 0 to 3; we
 * count from the page, 3 to 0.
 *
 * The walker (mm/page_table.c) and the start-up (mm/early_map.c) are written once over these
 * functions.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <arch/page_flags.h>
#include <stdbool.h>
#include <stdint.h>

#define PTE_VALID (1UL << 0)
/* Levels 3 to 1: points to a table instead of mapping a block. Level 0: always set. */
#define PTE_TABLE (1UL << 1)
#define PTE_ATTRIBUTE(index) ((uint64_t)(index) << 2)
#define PTE_ATTRIBUTE_MASK PTE_ATTRIBUTE(7)
#define PTE_USER (1UL << 6)      /* AP[1] */
#define PTE_READ_ONLY (1UL << 7) /* AP[2]; with PTE_WRITABLE: clean */
#define PTE_INNER_SHAREABLE (3UL << 8)
#define PTE_ACCESSED (1UL << 10)
#define PTE_NOT_GLOBAL (1UL << 11)
#define PTE_WRITABLE (1UL << 51)          /* DBM: hardware may take PTE_READ_ONLY off at a write */
#define PTE_KERNEL_NO_EXECUTE (1UL << 53) /* PXN */
#define PTE_USER_NO_EXECUTE (1UL << 54)   /* UXN */
#define PTE_ADDRESS 0x0000fffffffff000UL
/*
 * Not valid, and on its way from one mapping to another (mm/page_table.h). Hardware ignores an
 * invalid entry's other bits.
 */
#define PTE_BREAKING (1UL << 55)

/* A root for the lower half is TTBR0's, the kernel has its own in TTBR1. */
#define PTE_ROOT_HOLDS_KERNEL 0

/* Indices into MAIR_EL1; arch/aarch64/system_registers.h holds the register's value. */
#define PTE_ATTRIBUTE_NORMAL 0 /* write-back, read and write allocate */
#define PTE_ATTRIBUTE_DEVICE 1 /* Device-nGnRE: neither gathered nor reordered */

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

/* The largest level at which a leaf may stand: 1 GiB blocks, on every CPU. */
static inline unsigned pte_largest_leaf_level(void)
{
	return 2;
}

static inline bool pte_present(uint64_t entry)
{
	return entry & PTE_VALID;
}

/* Only for a present entry. */
static inline bool pte_is_leaf(uint64_t entry, unsigned level)
{
	return level == 0 || !(entry & PTE_TABLE);
}

static inline uint64_t pte_address(uint64_t entry)
{
	return entry & PTE_ADDRESS;
}

/* A table of the next level down, with every right: the leaf decides. */
static inline uint64_t pte_make_table(uint64_t address)
{
	return address | PTE_VALID | PTE_TABLE;
}

/*
 * A page at a level. flags: enum page_flags; PAGE_READ is implied. Whether hardware sets accessed
 * and dirty (FEAT_HAFDBS) or the access faults for the kernel to do it, the entry is the same: the
 * access flag, and PTE_READ_ONLY beside PTE_WRITABLE for what has not been written yet (D8
 * "Hardware management of the dirty state"). What the kernel executes the user never does, and the
 * other way round.
 */
static inline uint64_t pte_make_leaf(uint64_t address, unsigned level, unsigned flags)
{
	uint64_t entry = address | PTE_VALID | PTE_READ_ONLY | PTE_INNER_SHAREABLE |
			 PTE_KERNEL_NO_EXECUTE | PTE_USER_NO_EXECUTE;

	if (level == 0)
		entry |= PTE_TABLE;
	if (!(flags & PAGE_TRACKED))
		entry |= PTE_ACCESSED;
	if (flags & PAGE_WRITE)
		entry |= PTE_WRITABLE;
	if ((flags & PAGE_WRITE) && !(flags & PAGE_TRACKED))
		entry &= ~PTE_READ_ONLY;
	if (flags & PAGE_EXEC)
		entry &= ~(flags & PAGE_USER ? PTE_USER_NO_EXECUTE : PTE_KERNEL_NO_EXECUTE);
	if (flags & PAGE_USER)
		entry |= PTE_USER;
	if (!(flags & PAGE_GLOBAL))
		entry |= PTE_NOT_GLOBAL;
	entry |= PTE_ATTRIBUTE(flags & PAGE_DEVICE ? PTE_ATTRIBUTE_DEVICE : PTE_ATTRIBUTE_NORMAL);
	return entry;
}

/* enum page_flags of a present leaf. */
static inline unsigned pte_flags(uint64_t entry)
{
	unsigned flags = PAGE_READ;

	if (entry & PTE_WRITABLE)
		flags |= PAGE_WRITE | (entry & PTE_READ_ONLY ? 0 : PAGE_DIRTY);
	if (!(entry & (entry & PTE_USER ? PTE_USER_NO_EXECUTE : PTE_KERNEL_NO_EXECUTE)))
		flags |= PAGE_EXEC;
	if (entry & PTE_USER)
		flags |= PAGE_USER;
	if (!(entry & PTE_NOT_GLOBAL))
		flags |= PAGE_GLOBAL;
	if ((entry & PTE_ATTRIBUTE_MASK) == PTE_ATTRIBUTE(PTE_ATTRIBUTE_DEVICE))
		flags |= PAGE_DEVICE;
	if (entry & PTE_ACCESSED)
		flags |= PAGE_ACCESSED;
	return flags;
}

/*
 * The entry with exactly those of PAGE_ACCESSED and PAGE_DIRTY (only what is writable can be
 * dirty), as hardware that sets them leaves it.
 */
static inline uint64_t pte_with_use(uint64_t entry, unsigned use)
{
	entry &= ~PTE_ACCESSED;
	entry |= PTE_READ_ONLY;
	if (use & PAGE_ACCESSED)
		entry |= PTE_ACCESSED;
	if ((use & PAGE_DIRTY) && (entry & PTE_WRITABLE))
		entry &= ~PTE_READ_ONLY;
	return entry;
}

/*
 * Yes: a valid entry that changes its size, its frame or its memory type goes through an invalid
 * one and an invalidation; rights, accessed and dirty change in place (D8 "Using break-before-make
 * when updating translation table entries").
 */
static inline bool pte_break_before_make(void)
{
	return true;
}

#endif
