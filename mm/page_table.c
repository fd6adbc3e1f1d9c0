/*
 * The walker. Entries are read and written as whole words by relaxed atomics, because the hardware
 * reads them, and may set accessed and dirty bits in them, at any time.
 */
#include <arch/atomic.h>
#include <arch/barrier.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/layout.h>
#include <mm/page_table.h>
#include <mm/tlb.h>

/* What one call maps; address and physical advance together. */
struct mapping {
	struct page_table *table;
	uintptr_t address;
	uintptr_t last; /* address of the last byte: no overflow at the top of the address space */
	uint64_t physical;
	unsigned flags;
	bool keep; /* pass over what is mapped already, instead of -EEXIST */
};

static uint64_t *entry_of(uint64_t table, uintptr_t address, unsigned level)
{
	return (uint64_t *)phys_to_virt(table) +
	       (address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1));
}

static uint64_t entry_read(const uint64_t *entry)
{
	return atomic64_load_relaxed(entry);
}

static void entry_write(uint64_t *entry, uint64_t value)
{
	atomic64_store_relaxed(entry, value);
}

/* The last address that the entry for address covers. */
static uintptr_t last_of_entry(uintptr_t address, unsigned level)
{
	return address | (PAGE_LEVEL_SIZE(level) - 1);
}

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

/* Maps what one entry of a table covers of the mapping. */
static int map_entry(struct mapping *mapping, uint64_t *entry, unsigned level)
{
	uint64_t value = entry_read(entry);

	if (pte_present(value)) {
		if (!pte_is_leaf(value, level))
			return map_level(mapping, pte_address(value), level - 1);
		return mapping->keep ? 0 : -EEXIST;
	}
	if (fits_leaf(mapping, level)) {
		entry_write(entry, pte_make_leaf(mapping->physical, level, mapping->flags));
		return 0;
	}
	uint64_t child = mapping->table->allocate();

	if (child == 0)
		return -ENOMEM;
	int error = map_level(mapping, child, level - 1);

	/*
	 * The table's entries before the pointer to it, for other CPUs. Pairs with
	 * page_table_lookup in mm/page_table.c, and with their hardware walkers: both reach the
	 * entries by the pointer, an address dependency.
	 */
	smp_wmb();
	entry_write(entry, pte_make_table(child));
	return error;
}

static int map_level(struct mapping *mapping, uint64_t table, unsigned level)
{
	for (;;) {
		uintptr_t first = mapping->address;
		uint64_t first_physical = mapping->physical;
		uintptr_t last = last_of_entry(first, level);
		int error = map_entry(mapping, entry_of(table, first, level), level);

		if (error)
			return error;
		/*
		 * A lower level has advanced both within the entry; set them to the entry behind.
		 */
		mapping->address = last + 1;
		mapping->physical = first_physical + (last - first) + 1;
		bool table_ends = (mapping->address >> PAGE_LEVEL_SHIFT(level) &
				   (PAGE_TABLE_ENTRIES - 1)) == 0;

		if (last >= mapping->last || table_ends)
			return 0;
	}
}

static int map_range(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		     unsigned flags, bool keep)
{
	struct mapping mapping = {
		.table = table,
		.address = address,
		.last = address + size - 1,
		.physical = physical,
		.flags = flags,
		.keep = keep,
	};

	BUG_ON((address | physical | size) & (PAGE_SIZE - 1));
	BUG_ON(size == 0 || mapping.last < address);
	return map_level(&mapping, table->root, pte_levels() - 1);
}

int page_table_map(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		   unsigned flags)
{
	return map_range(table, address, physical, size, flags, false);
}

int page_table_fill(struct page_table *table, uintptr_t address, uint64_t physical, size_t size,
		    unsigned flags)
{
	return map_range(table, address, physical, size, flags, true);
}

/* What is done with each leaf that is present in a range. */
struct leaf_visitor {
	uintptr_t address;
	uintptr_t last;
	int (*visit)(struct leaf_visitor *visitor, uint64_t *entry, uintptr_t address,
		     unsigned level);
	void *argument;
	unsigned flags;
	struct tlb_gather *gather;
};

static int visit_level(struct leaf_visitor *visitor, uint64_t table, uintptr_t address,
		       unsigned level)
{
	/* address: the first one of the table that lies in the range. */
	for (;;) {
		uint64_t *entry = entry_of(table, address, level);
		uint64_t value = entry_read(entry);
		uintptr_t last = last_of_entry(address, level);
		int error = 0;

		if (pte_present(value)) {
			if (pte_is_leaf(value, level))
				error = visitor->visit(visitor, entry,
						       address & ~(PAGE_LEVEL_SIZE(level) - 1),
						       level);
			else
				error = visit_level(visitor, pte_address(value), address,
						    level - 1);
		}
		if (error || last >= visitor->last)
			return error;
		address = last + 1;
		if ((address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1)) == 0)
			return 0;
	}
}

static int visit_range(const struct page_table *table, struct leaf_visitor *visitor)
{
	return visit_level(visitor, table->root, visitor->address, pte_levels() - 1);
}

/* A leaf that reaches across a border of the range would have to be split. */
static bool leaf_crosses_border(const struct leaf_visitor *visitor, uintptr_t address,
				unsigned level)
{
	return address < visitor->address || last_of_entry(address, level) > visitor->last;
}

static int unmap_leaf(struct leaf_visitor *visitor, uint64_t *entry, uintptr_t address,
		      unsigned level)
{
	if (leaf_crosses_border(visitor, address, level))
		return -EINVAL;
	uint64_t old = entry_read(entry);

	entry_write(entry, 0);
	tlb_gather_leaf(visitor->gather, address, old, level, true);
	return 0;
}

int page_table_unmap(struct page_table *table, uintptr_t address, size_t size,
		     struct tlb_gather *gather)
{
	struct leaf_visitor visitor = { .address = address,
					.last = address + size - 1,
					.gather = gather,
					.visit = unmap_leaf };

	BUG_ON(((address | size) & (PAGE_SIZE - 1)) || size == 0);
	return visit_range(table, &visitor);
}

static int protect_leaf(struct leaf_visitor *visitor, uint64_t *entry, uintptr_t address,
			unsigned level)
{
	if (leaf_crosses_border(visitor, address, level))
		return -EINVAL;
	uint64_t old = entry_read(entry);

	entry_write(entry, pte_make_leaf(pte_address(old), level, visitor->flags));
	tlb_gather_leaf(visitor->gather, address, old, level, false);
	return 0;
}

int page_table_protect(struct page_table *table, uintptr_t address, size_t size, unsigned flags,
		       struct tlb_gather *gather)
{
	struct leaf_visitor visitor = {
		.gather = gather,
		.address = address,
		.last = address + size - 1,
		.visit = protect_leaf,
		.flags = flags,
	};

	BUG_ON(((address | size) & (PAGE_SIZE - 1)) || size == 0);
	return visit_range(table, &visitor);
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

/* page_table_visit()'s caller, beneath a leaf_visitor. */
struct outer_visit {
	bool (*visit)(uintptr_t address, uint64_t entry, unsigned level, void *argument);
	void *argument;
};

static int visit_outer(struct leaf_visitor *visitor, uint64_t *entry, uintptr_t address,
		       unsigned level)
{
	const struct outer_visit *outer = visitor->argument;

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
	struct leaf_visitor visitor = { .last = half - 1,
					.visit = visit_outer,
					.argument = &outer };

	if (visit_range(table, &visitor) != 0)
		return;
	visitor.address = -half;
	visitor.last = UINTPTR_MAX;
	visit_range(table, &visitor);
}
