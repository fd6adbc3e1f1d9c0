/*
 * What the files of the walker share: single entries, and the way down to them.
 *
 * Entries are read and written as whole words by relaxed atomics, because the hardware reads them,
 * and may set accessed and dirty bits in them, at any time.
 */
#ifndef MM_PAGE_TABLE_WALK_H
#define MM_PAGE_TABLE_WALK_H

#include <arch/atomic.h>
#include <mm/frame.h>
#include <mm/layout.h>
#include <mm/page_table.h>

static inline uint64_t *entry_of(uint64_t table, uintptr_t address, unsigned level)
{
	return (uint64_t *)phys_to_virt(table) +
	       (address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1));
}

static inline uint64_t entry_read(const uint64_t *entry)
{
	return atomic64_load_relaxed(entry);
}

static inline void entry_write(uint64_t *entry, uint64_t value)
{
	atomic64_store_relaxed(entry, value);
}

/*
 * Replaces a leaf whose accessed and dirty bits hardware may set meanwhile: returns what it was at
 * the end.
 */
static inline uint64_t entry_exchange(uint64_t *entry, uint64_t value)
{
	return atomic64_exchange_relaxed(entry, value);
}

static inline bool entry_replace(uint64_t *entry, uint64_t *old, uint64_t value)
{
	return atomic64_compare_exchange_relaxed(entry, old, value);
}

/* The last address that the entry for address covers. */
static inline uintptr_t last_of_entry(uintptr_t address, unsigned level)
{
	return address | (PAGE_LEVEL_SIZE(level) - 1);
}

/* Whether address is the first behind a table of entries of this level. */
static inline bool table_ends(uintptr_t address, unsigned level)
{
	return (address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1)) == 0;
}

/*
 * How many entries of a table are not zero is kept in its frame's record. Tables of the time before
 * there were records are not counted and never empty.
 */
static inline bool counts_entries(const struct page_table *table, uint64_t physical)
{
	return table->uses_frames && frame_of(physical)->tag == FRAME_TAG_TABLE;
}

static inline void count_entries(const struct page_table *table, uint64_t physical, int64_t change)
{
	if (counts_entries(table, physical))
		frame_of(physical)->owner[1] += (uint64_t)change;
}

static inline bool is_empty(const struct page_table *table, uint64_t physical)
{
	return counts_entries(table, physical) && frame_of(physical)->owner[1] == 0;
}

/* A table for the walker; 0. */
static inline uint64_t new_table(const struct page_table *table)
{
	uint64_t physical = table->allocate();

	if (physical && counts_entries(table, physical))
		frame_of(physical)->owner[1] = 0;
	return physical;
}

/*
 * The table of 4 KiB pages of an address, 0 when there is none. way: NULL, or where to put the
 * tables above it, by level.
 */
static inline uint64_t descend(const struct page_table *table, uintptr_t address, uint64_t *way)
{
	uint64_t next = table->root;
	unsigned shift = PAGE_LEVEL_SHIFT(pte_levels());

	for (unsigned level = pte_levels() - 1; level > 0; level--) {
		const uint64_t *entries = phys_to_virt(next);
		uint64_t value;

		shift -= PAGE_TABLE_INDEX_BITS;
		value = entry_read(&entries[address >> shift & (PAGE_TABLE_ENTRIES - 1)]);
		if (!pte_present(value) || pte_is_leaf(value, level))
			return 0;
		if (way)
			way[level] = next;
		next = pte_address(value);
	}
	return next;
}

/*
 * The short way for what is done most: the table of 4 KiB pages in which a whole range lies, 0 when
 * there is none. Remembers it for the next time.
 */
static inline uint64_t find_page_table(struct page_table *table, uintptr_t address, uintptr_t last)
{
	uintptr_t number = address >> PAGE_LEVEL_SHIFT(1);

	if (number != last >> PAGE_LEVEL_SHIFT(1))
		return 0;
	if (number != table->last_number || !table->last_table) {
		table->last_table = descend(table, address, NULL);
		table->last_number = number;
	}
	return table->last_table;
}

/* A table is about to go. */
static inline void forget_page_table(struct page_table *table)
{
	table->last_table = 0;
}

/* What is done with each present leaf of a range, and behind each table below the root. */
struct table_walk {
	struct page_table *table;
	uintptr_t address;
	uintptr_t last;
	/* parent: the table that holds the entry. Not 0: the walk ends. */
	int (*leaf)(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
		    uint64_t parent);
	/* The child that entry points to has been walked; NULL: nothing to do. */
	void (*behind_table)(struct table_walk *walk, uint64_t *entry, uintptr_t address,
			     unsigned level, uint64_t parent);
	struct tlb_gather *gather;
	unsigned flags;
	void *argument;
};

/* Walks walk->address to walk->last; what leaf() returned. */
int table_walk(struct table_walk *walk);

#endif
