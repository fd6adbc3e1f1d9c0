/*
 * The walker: mapping, looking up, visiting. Taking away is in page_table_change.c.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/page_table_walk.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/spin_wait.h>

/* What one call maps; address and physical advance together. */
struct mapping {
	struct page_table *table;
	uintptr_t address;
	uintptr_t last; /* of the last byte: no overflow at the top of the address space */
	uint64_t physical;
	unsigned flags;
	bool keep; /* pass over what is mapped already, instead of -EEXIST */
};

static bool fits_leaf(const struct mapping *mapping, unsigned level)
{
	uintptr_t within = PAGE_LEVEL_SIZE(level) - 1;

	if (level == 0)
		return true;
	return level <= pte_largest_leaf_level() &&
	       !((mapping->address | mapping->physical) & within) &&
	       last_of_entry(mapping->address, level) <= mapping->last;
}

static int map_level(struct mapping *mapping, uint64_t table, unsigned level);

/* An entry that is zero becomes a table, with what it holds of the mapping. */
static int map_new_table(struct mapping *mapping, uint64_t table, uint64_t *entry, unsigned level)
{
	uint64_t child = new_table(mapping->table);
	int error;

	if (child == 0)
		return -ENOMEM;
	error = map_level(mapping, child, level - 1);
	/*
	 * The table's entries before the pointer to it, for other CPUs. Pairs with
	 * page_table_lookup in mm/page_table.c, and with their hardware walkers: both reach the
	 * entries by the pointer, an address dependency.
	 */
	smp_wmb();
	entry_write(entry, pte_make_table(child));
	count_entries(mapping->table, table, 1);
	return error;
}

/* Maps what one entry of a table covers of the mapping. */
static int map_entry(struct mapping *mapping, uint64_t table, uint64_t *entry, unsigned level)
{
	uint64_t value = entry_read(entry);

	if (pte_present(value)) {
		if (!pte_is_leaf(value, level))
			return map_level(mapping, pte_address(value), level - 1);
		return mapping->keep ? 0 : -EEXIST;
	}
	if (!fits_leaf(mapping, level))
		return map_new_table(mapping, table, entry, level);
	value = pte_make_leaf(mapping->physical, level, mapping->flags);
	tlb_shadow_mapped(mapping->table, mapping->address, level, value);
	entry_write(entry, value);
	count_entries(mapping->table, table, 1);
	return 0;
}

static int map_level(struct mapping *mapping, uint64_t table, unsigned level)
{
	for (;;) {
		uintptr_t first = mapping->address;
		uint64_t first_physical = mapping->physical;
		uintptr_t last = last_of_entry(first, level);
		int error = map_entry(mapping, table, entry_of(table, first, level), level);

		if (error)
			return error;
		/* A lower level has advanced both within the entry; set them to the one behind. */
		mapping->address = last + 1;
		mapping->physical = first_physical + (last - first) + 1;
		if (last >= mapping->last || table_ends(mapping->address, level))
			return 0;
	}
}

/* Where the table is there already, and all of the range in it. */
static int map_pages(struct mapping *mapping, uint64_t table)
{
	uint64_t *entry = entry_of(table, mapping->address, 0);
	uint64_t value = pte_make_leaf(mapping->physical, 0, mapping->flags);
	/* What the entry of the next frame has more: the address stands in it unchanged. */
	uint64_t step = pte_make_leaf(PAGE_SIZE, 0, 0) - pte_make_leaf(0, 0, 0);
	int64_t made = 0;
	int error = 0;

	for (;; entry++, value += step, mapping->address += PAGE_SIZE) {
		if (!pte_present(entry_read(entry))) {
			tlb_shadow_mapped(mapping->table, mapping->address, 0, value);
			entry_write(entry, value);
			made++;
		} else if (!mapping->keep) {
			error = -EEXIST;
			break;
		}
		if ((mapping->address | (PAGE_SIZE - 1)) == mapping->last)
			break;
	}
	count_entries(mapping->table, table, made);
	return error;
}

static int map_range(struct mapping *mapping, size_t size)
{
	uint64_t table;

	mapping->last = mapping->address + size - 1;
	BUG_ON((mapping->address | mapping->physical | size) & (PAGE_SIZE - 1));
	BUG_ON(size == 0 || mapping->last < mapping->address);
	table = find_page_table(mapping->table, mapping->address, mapping->last);
	return table ? map_pages(mapping, table)
		     : map_level(mapping, mapping->table->root, pte_levels() - 1);
}

int page_table_map(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		   unsigned flags, size_t *mapped)
{
	struct mapping mapping = {
		.table = table, .address = address, .physical = physical, .flags = flags
	};
	int error = map_range(&mapping, size);

	if (mapped)
		*mapped = error ? mapping.address - address : size;
	return error;
}

int page_table_fill(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		    unsigned flags)
{
	struct mapping mapping = { .table = table,
				   .address = address,
				   .physical = physical,
				   .flags = flags,
				   .keep = true };

	return map_range(&mapping, size);
}

int page_table_reserve_top(struct page_table *table, uintptr_t address, size_t size)
{
	unsigned level = pte_levels() - 1;
	uintptr_t last = address + size - 1;

	for (;;) {
		uint64_t *entry = entry_of(table->root, address, level);

		if (!pte_present(entry_read(entry))) {
			uint64_t child = new_table(table);

			if (child == 0)
				return -ENOMEM;
			entry_write(entry, pte_make_table(child));
		}
		address = last_of_entry(address, level);
		if (address >= last)
			return 0;
		address++;
	}
}

void page_table_lookup(const struct page_table *table, uintptr_t address,
		       struct page_table_path *path)
{
	uint64_t next = table->root;

	*path = (struct page_table_path){ .root_level = pte_levels() - 1,
					  .leaf_level = pte_levels() - 1 };
	for (unsigned level = path->root_level;; level--) {
		uint64_t value = entry_read(entry_of(next, address, level));

		path->entries[level] = value;
		path->leaf_level = level;
		if (!pte_present(value))
			return;
		if (pte_is_leaf(value, level)) {
			path->mapped = true;
			return;
		}
		next = pte_address(value);
	}
}

bool page_table_wait_unbroken(const struct page_table *table, uintptr_t address)
{
	static const struct lock_label label = LOCK_LABEL("page-table entry");
	struct spin_wait wait = SPIN_WAIT("break-before-make of a", &label);
	struct page_table_path path;
	bool was_broken = false;

	for (;;) {
		page_table_lookup(table, address, &path);
		if (path.entries[path.leaf_level] != PTE_BREAKING)
			return was_broken;
		was_broken = true;
		spin_wait_turn(&wait);
	}
}

static int walk_level(struct table_walk *walk, uint64_t table, uintptr_t address, unsigned level)
{
	/* address: the first one of the table that lies in the range. */
	for (;;) {
		uint64_t *entry = entry_of(table, address, level);
		uint64_t value = entry_read(entry);
		uintptr_t last = last_of_entry(address, level);
		uintptr_t first = last - (PAGE_LEVEL_SIZE(level) - 1);
		int error = 0;

		if (pte_present(value)) {
			if (pte_is_leaf(value, level)) {
				error = walk->leaf(walk, entry, first, level, table);
			} else {
				error = walk_level(walk, pte_address(value), address, level - 1);
				if (walk->behind_table)
					walk->behind_table(walk, entry, first, level, table);
			}
		}
		if (error || last >= walk->last)
			return error;
		address = last + 1;
		if (table_ends(address, level))
			return 0;
	}
}

int table_walk(struct table_walk *walk)
{
	return walk_level(walk, walk->table->root, walk->address, pte_levels() - 1);
}

/* page_table_visit()'s caller, beneath a walk. */
struct outer_visit {
	bool (*visit)(uintptr_t address, uint64_t entry, unsigned level, void *argument);
	void *argument;
};

static int visit_leaf(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
		      uint64_t parent)
{
	const struct outer_visit *outer = walk->argument;

	(void)parent;
	return outer->visit(address, entry_read(entry), level, outer->argument) ? 0 : -EAGAIN;
}

void page_table_visit(const struct page_table *table,
		      bool (*visit)(uintptr_t address, uint64_t entry, unsigned level,
				    void *argument),
		      void *argument)
{
	/*
	 * The lower half, then the upper: addresses between are not canonical and index no entry of
	 * their own.
	 */
	uintptr_t half = (uintptr_t)1 << (PAGE_LEVEL_SHIFT(pte_levels()) - 1);
	struct outer_visit outer = { .visit = visit, .argument = argument };
	struct page_table copy = *table;
	struct table_walk walk = {
		.table = &copy, .last = half - 1, .leaf = visit_leaf, .argument = &outer
	};

	if (table_walk(&walk) != 0)
		return;
	walk.address = -half;
	walk.last = UINTPTR_MAX;
	table_walk(&walk);
}
