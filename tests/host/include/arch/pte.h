/*
 * A small `arch` of the host: page-table entries of its own, three levels, in memory that
 * tests/host/memory.c maps at any address. Whether entries must be broken before they are made is a
 * switch.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <arch/page_flags.h>
#include <stdbool.h>
#include <stdint.h>

extern uintptr_t host_direct_map;
extern uintptr_t host_frame_map;
extern bool host_breaks_before_make;

#define DIRECT_MAP_BASE host_direct_map
#define DIRECT_MAP_SIZE (1UL << 30)
#define FRAME_MAP_BASE host_frame_map

#define PTE_PRESENT 1UL
#define PTE_LEAF 2UL
#define PTE_FLAGS_SHIFT 2 /* enum page_flags, below the address */
#define PTE_FLAGS (0xffUL << PTE_FLAGS_SHIFT)
#define PTE_ADDRESS 0x000ffffffffff000UL
#define PTE_BREAKING (1UL << 60)
#define PTE_ROOT_HOLDS_KERNEL 1

static inline unsigned pte_levels(void)
{
	return 3;
}

static inline unsigned pte_largest_leaf_level(void)
{
	return 2;
}

static inline bool pte_present(uint64_t entry)
{
	return entry & PTE_PRESENT;
}

static inline bool pte_is_leaf(uint64_t entry, unsigned level)
{
	return level == 0 || (entry & PTE_LEAF);
}

static inline uint64_t pte_address(uint64_t entry)
{
	return entry & PTE_ADDRESS;
}

static inline uint64_t pte_make_table(uint64_t address)
{
	return address | PTE_PRESENT;
}

static inline uint64_t pte_make_leaf(uint64_t address, unsigned level, unsigned flags)
{
	(void)level;
	if (!(flags & PAGE_TRACKED))
		flags |= PAGE_ACCESSED | (flags & PAGE_WRITE ? PAGE_DIRTY : 0);
	else
		flags &= ~(unsigned)(PAGE_ACCESSED | PAGE_DIRTY);
	return address | PTE_PRESENT | PTE_LEAF | ((uint64_t)(flags & 0xff) << PTE_FLAGS_SHIFT);
}

static inline unsigned pte_flags(uint64_t entry)
{
	return (unsigned)((entry & PTE_FLAGS) >> PTE_FLAGS_SHIFT);
}

static inline uint64_t pte_with_use(uint64_t entry, unsigned use)
{
	unsigned flags = pte_flags(entry) & ~(unsigned)(PAGE_ACCESSED | PAGE_DIRTY);

	flags |= use & PAGE_ACCESSED;
	if (flags & PAGE_WRITE)
		flags |= use & PAGE_DIRTY;
	return (entry & ~PTE_FLAGS) | (uint64_t)flags << PTE_FLAGS_SHIFT;
}

static inline bool pte_break_before_make(void)
{
	return host_breaks_before_make;
}

#endif
