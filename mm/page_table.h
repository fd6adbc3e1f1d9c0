/*
 * Page tables: one walker for the three machines, over the entry format that arch/pte.h gives.
 *
 * Level 0 holds 4 KiB pages, level 1 2 MiB, level 2 1 GiB; the root is of level pte_levels() - 1.
 * Tables are reached through the direct map. Addresses and sizes are multiples of PAGE_SIZE.
 *
 * The functions that change a table do not lock: whoever owns it keeps other writers out
 * (mm/space.h). They do not publish new entries: the caller does, once per operation
 * (mmu_publish()). What takes something away notes it in a gather (mm/tlb.h), whose end invalidates
 * it and only then releases frames and table pages. Readers (lookup, visit) need no lock against
 * writers for a consistent entry, but only for tables that stay.
 *
 * Break-before-make: where the machine demands it (pte_break_before_make(), AArch64) an entry that
 * changes its size or its frame goes through PTE_BREAKING, which is not present, and an
 * invalidation. A CPU that faults on it meanwhile waits: page_table_wait_unbroken().
 */
#ifndef MM_PAGE_TABLE_H
#define MM_PAGE_TABLE_H

#include <arch/pte.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_TABLE_LEVELS_MAX 5

struct tlb_gather;

struct page_table {
	uint64_t root;              /* physical address */
	uint64_t (*allocate)(void); /* a zeroed page that the direct map covers, or 0 */
	/*
	 * allocate() gives frames tagged FRAME_TAG_TABLE: a table's record counts its entries, and
	 * a table that is empty goes. Else tables stay.
	 */
	bool uses_frames;
	/*
	 * Tables that hang in the root stay when they are empty: other roots may have copies of
	 * their entries.
	 */
	bool keeps_top;
	/* The table of 4 KiB pages that was used last, and which 2 MiB it is of; 0: none. */
	uint64_t last_table;
	uintptr_t last_number;
};

/* What one address goes through: entries[level] for each level from the root's to leaf_level. */
struct page_table_path {
	unsigned root_level;
	unsigned leaf_level; /* the level of the leaf, or of the entry that is not present */
	bool mapped;
	uint64_t entries[PAGE_TABLE_LEVELS_MAX];
};

/*
 * Maps [address, address + size) to the physical range, with the largest pages that alignment and
 * the machine allow. -EEXIST: part of it is mapped already; -ENOMEM: no page for a table. Then the
 * first *mapped bytes are mapped, to be unmapped as any other: hardware may have walked them
 * meanwhile. mapped: NULL for who does not care.
 */
int page_table_map(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		   unsigned flags, size_t *mapped);

/* The same, but leaves alone what is mapped already. */
int page_table_fill(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		    unsigned flags);

/*
 * Removes the mappings of the range; what is not mapped is passed over. A larger page that reaches
 * across a border of the range is split first. Tables that become empty are unhooked and go to the
 * gather. -ENOMEM: no page for a split; no translation was changed.
 */
int page_table_unmap(struct page_table *table, uintptr_t address, size_t size,
		     struct tlb_gather *gather);

/*
 * The two halves of it, for who unmaps little and often: the mappings go and the tables stay;
 * tables of the range that are empty go.
 */
int page_table_clear(struct page_table *table, uintptr_t address, size_t size,
		     struct tlb_gather *gather);
void page_table_prune(struct page_table *table, uintptr_t address, size_t size,
		      struct tlb_gather *gather);

/*
 * Changes rights and type of mapped pages, and keeps accessed and dirty. Splits and fails as
 * page_table_unmap().
 */
int page_table_protect(struct page_table *table, uintptr_t address, size_t size, unsigned flags,
		       struct tlb_gather *gather);

/*
 * Makes one page of that level (1 or 2) of the smaller ones that map the whole of it to a physical
 * range in a row and aligned, with equal rights. Accessed and dirty are those of any. -EINVAL: they
 * do not; nothing was changed.
 */
int page_table_collapse(struct page_table *table, uintptr_t address, unsigned level,
			struct tlb_gather *gather);

/*
 * Takes PAGE_ACCESSED or PAGE_DIRTY or both off the mapped pages of the range, and returns which of
 * them any page had. The next use sets them again, or faults (space_fault()).
 */
unsigned page_table_clear_use(struct page_table *table, uintptr_t address, size_t size,
			      unsigned use, struct tlb_gather *gather);

/*
 * What hardware that sets accessed and dirty itself does, done after a fault: sets them in the leaf
 * of an address, by an atomic exchange against other writers and walkers. False: no leaf is there
 * that allows the access. Ordering: none; the caller returns to the instruction, which walks again.
 */
bool page_table_mark_used(struct page_table *table, uintptr_t address, bool is_write);

/* Makes sure that the root entries of the range point to tables, which then stay. -ENOMEM. */
int page_table_reserve_top(struct page_table *table, uintptr_t address, size_t size);

/* Looks one address up. */
void page_table_lookup(const struct page_table *table, uintptr_t address,
		       struct page_table_path *path);

/*
 * Waits while the entry of an address is PTE_BREAKING. True: it was, so the access may be tried
 * again. Any context, without the table's lock.
 */
bool page_table_wait_unbroken(const struct page_table *table, uintptr_t address);

/* Calls visit for each leaf that is present, by rising address, until it returns false. */
void page_table_visit(const struct page_table *table,
		      bool (*visit)(uintptr_t address, uint64_t entry, unsigned level,
				    void *argument),
		      void *argument);

#endif
