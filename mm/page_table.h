/*
 * Page tables: one walker for the three machines, over the entry format that arch/pte.h gives.
 *
 * Level 0 holds 4 KiB pages, level 1 2 MiB, level 2 1 GiB; the root is of level pte_levels() - 1.
 * Tables are reached through the direct map. Addresses and sizes are multiples of PAGE_SIZE. The
 * functions do not lock: whoever owns the address space keeps others out. They neither publish new
 * entries nor invalidate old ones: the caller does, once per operation (mmu_publish(),
 * tlb_invalidate()).
 */
#ifndef MM_PAGE_TABLE_H
#define MM_PAGE_TABLE_H

#include <arch/pte.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_TABLE_LEVELS_MAX 5

struct page_table {
	uint64_t root;              /* physical address */
	uint64_t (*allocate)(void); /* a zeroed page that the direct map covers, or 0 */
};

/*

 * What one address goes through: entries[level] for each level from the root's down to leaf_level.

 */
struct page_table_path {
	unsigned root_level;
	unsigned leaf_level; /* the level of the leaf, or of the entry that is not present */
	bool mapped;
	uint64_t entries[PAGE_TABLE_LEVELS_MAX];
};

/*
 * Maps [address, address + size) to the physical range, with the largest pages that alignment and
 * the machine allow. -EEXIST: part of it is mapped already; -ENOMEM: no page for a table. What was
 * mapped until then stays.
 */
int page_table_map(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		   unsigned flags);

/* The same, but leaves alone what is mapped already. */
int page_table_fill(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		    unsigned flags);

/*
 * Removes the mappings of the range, which begin and end on the borders of its pages; tables stay.
 * What is not mapped is passed over. -EINVAL: a larger page reaches across the border; nothing is
 * changed at that page or behind it.
 */
int page_table_unmap(struct page_table *table, uintptr_t address, size_t size);

/* Changes rights and type of mapped pages; errors as page_table_unmap(). */
int page_table_protect(struct page_table *table, uintptr_t address, size_t size, unsigned flags);

/* Looks one address up. */
void page_table_lookup(const struct page_table *table, uintptr_t address,
		       struct page_table_path *path);

/*

 * Calls visit for each leaf that is present, in the order of the entries, until it returns false.

 */
void page_table_visit(const struct page_table *table,
		      bool (*visit)(uintptr_t address, uint64_t entry, unsigned level,
				    void *argument),
		      void *argument);

#endif
