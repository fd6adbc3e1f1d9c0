/*
 * Page-table entries: Sv48 with four levels of 512 entries, or Sv39 with three; the entry is the
 * same (privileged architecture 20211203, 4.4.1 and 4.5.1).
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
#define PTE_READ (1UL << 1)
#define PTE_WRITE (1UL << 2)
#define PTE_EXECUTE (1UL << 3)
#define PTE_USER (1UL << 4)
#define PTE_GLOBAL (1UL << 5)
#define PTE_ACCESSED (1UL << 6)
#define PTE_DIRTY (1UL << 7)
#define PTE_RIGHTS                                                                                 \
	(PTE_READ | PTE_WRITE | PTE_EXECUTE) /* none: points to a table instead of mapping a page  \
					      */
#define PTE_ADDRESS 0x003ffffffffffc00UL     /* bits 55:12 of the address, two places lower */
#define PTE_ADDRESS_SHIFT 2
/*
 * Not valid, and on its way from one mapping to another (mm/page_table.h). Bit 8 is for software.
 */
#define PTE_BREAKING (1UL << 8)

/* A root for the lower half needs the kernel's entries, too: there is one root. */
#define PTE_ROOT_HOLDS_KERNEL 1

/* Set by start.S, constant from the first C function on: 4 or 3, and what follows from it. */
extern unsigned page_table_levels;
extern uintptr_t direct_map_base;
extern uint64_t direct_map_size;
extern uintptr_t frame_map_base;

/* Where all of physical memory appears (mm/layout.h draws the whole). */
#define DIRECT_MAP_BASE direct_map_base
/* Physical addresses that fit between it and the next region. */
#define DIRECT_MAP_SIZE direct_map_size
/* Where the records of its frames are: mm/frame.h. */
#define FRAME_MAP_BASE frame_map_base

/* For mm/early_map.c, which runs before a port's variables can be trusted. */
static inline uintptr_t early_direct_map_base(unsigned levels)
{
	return levels == 4 ? 0xffff800000000000UL : 0xffffffc000000000UL;
}

static inline unsigned pte_levels(void)
{
	return page_table_levels;
}

/*
 * The largest level at which a leaf may stand: 1 GiB, in both modes. Sv48 would allow 512 GiB; no
 * machine gains by it.
 */
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
	return level == 0 || (entry & PTE_RIGHTS);
}

static inline uint64_t pte_address(uint64_t entry)
{
	return (entry & PTE_ADDRESS) << PTE_ADDRESS_SHIFT;
}

/*
 * A table of the next level down; the leaf decides. A, D and U of such an entry are reserved and
 * stay clear.
 */
static inline uint64_t pte_make_table(uint64_t address)
{
	return address >> PTE_ADDRESS_SHIFT | PTE_VALID;
}

/*
 * A page at a level. flags: enum page_flags; PAGE_READ is implied (writable but not readable is
 * reserved). Hardware may set A and D or may fault where they are clear (4.3.1), so a new entry has
 * them, unless its use is to be seen.
 *
 * PAGE_DEVICE has no bit: what an address is, memory or device, cached or not, is a fixed attribute
 * of the physical address (PMA, 3.6), which the entry can only change with Svpbmt. So pte_flags()
 * cannot tell either.
 */
static inline uint64_t pte_make_leaf(uint64_t address, unsigned level, unsigned flags)
{
	uint64_t entry = address >> PTE_ADDRESS_SHIFT | PTE_VALID | PTE_READ;

	(void)level;
	if (!(flags & PAGE_TRACKED))
		entry |= PTE_ACCESSED | (flags & PAGE_WRITE ? PTE_DIRTY : 0);
	if (flags & PAGE_WRITE)
		entry |= PTE_WRITE;
	if (flags & PAGE_EXEC)
		entry |= PTE_EXECUTE;
	if (flags & PAGE_USER)
		entry |= PTE_USER;
	if (flags & PAGE_GLOBAL)
		entry |= PTE_GLOBAL;
	return entry;
}

/* enum page_flags of a present leaf; never PAGE_DEVICE. */
static inline unsigned pte_flags(uint64_t entry)
{
	unsigned flags = 0;

	if (entry & PTE_READ)
		flags |= PAGE_READ;
	if (entry & PTE_WRITE)
		flags |= PAGE_WRITE;
	if (entry & PTE_EXECUTE)
		flags |= PAGE_EXEC;
	if (entry & PTE_USER)
		flags |= PAGE_USER;
	if (entry & PTE_GLOBAL)
		flags |= PAGE_GLOBAL;
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
 * No: a valid entry may become another, and either is used until the sfence.vma (4.2.1).
 */
static inline bool pte_break_before_make(void)
{
	return false;
}

#endif
