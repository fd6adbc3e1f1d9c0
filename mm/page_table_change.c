/*
 * Unmapping, changing rights, splitting and collapsing. What loses something is told to the gather,
 * after its entry has been written; what replaces a live entry keeps the accessed and dirty bits
 * that hardware set until that very moment.
 */
#include <arch/barrier.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/page_table_walk.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>

#define USE (PAGE_ACCESSED | PAGE_DIRTY)
#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER)

static void note_lost(struct page_table *table, struct tlb_gather *gather, uintptr_t address,
		      uint64_t old, unsigned level, bool unmapped)
{
	tlb_shadow_lost(table, space_is_kernel(gather->space), address, level, old);
	tlb_gather_leaf(gather, address, old, level, unmapped);
}

/* The leaf of the part of a page that lies at offset, as large as entries of level are. */
static uint64_t part_of_leaf(uint64_t entry, unsigned level, uint64_t offset)
{
	unsigned flags = pte_flags(entry);

	return pte_with_use(
		pte_make_leaf((pte_address(entry) & ~(PAGE_LEVEL_SIZE(level + 1) - 1)) + offset,
			      level, flags | PAGE_TRACKED),
		flags & USE);
}

static void fill_parts(uint64_t child, uint64_t entry, unsigned level)
{
	uint64_t *entries = phys_to_virt(child);

	for (size_t i = 0; i < PAGE_TABLE_ENTRIES; i++)
		entry_write(&entries[i], part_of_leaf(entry, level, i * PAGE_LEVEL_SIZE(level)));
}

/*
 * A leaf becomes a table of leaves of the next level down, which translate the same. Old
 * translations need not go: they agree, and an invalidation of any address in a larger page drops
 * the whole of it (SDM vol. 3, 4.10.4.1; privileged architecture 4.2.1).
 */
static int split(struct page_table *table, uint64_t *entry, uintptr_t address, unsigned level,
		 struct space *space)
{
	uint64_t child = new_table(table);
	uint64_t old = entry_read(entry);

	if (child == 0)
		return -ENOMEM;
	count_entries(table, child, PAGE_TABLE_ENTRIES);
	if (pte_break_before_make()) {
		old = entry_exchange(entry, PTE_BREAKING);
		/* The broken entry before walks: pairs with page_table_wait_unbroken in
		 * mm/page_table.c, whose CPU faulted on it. */
		tlb_invalidate(space, address, PAGE_LEVEL_SIZE(level), level, false);
		fill_parts(child, old, level - 1);
		/* The parts before the pointer to them: pairs with page_table_lookup in
		 * mm/page_table.c, which reaches them by it, and hardware walkers likewise. */
		smp_wmb();
		entry_write(entry, pte_make_table(child));
		/* For who faulted meanwhile: pairs with page_table_wait_unbroken in
		 * mm/page_table.c. */
		mmu_publish_local(address, PAGE_LEVEL_SIZE(level));
		return 0;
	}
	do {
		fill_parts(child, old, level - 1);
		/* As above: pairs with page_table_lookup in mm/page_table.c. */
		smp_wmb();
	} while (!entry_replace(entry, &old, pte_make_table(child)));
	return 0;
}

/* Makes address a border between pages. */
static int split_at(struct page_table *table, uintptr_t address, struct space *space)
{
	uint64_t next = table->root;

	for (unsigned level = pte_levels() - 1; level > 0; level--) {
		uint64_t *entry = entry_of(next, address, level);
		uintptr_t first = address & ~(PAGE_LEVEL_SIZE(level) - 1);
		uint64_t value = entry_read(entry);

		if (first == address || !pte_present(value))
			return 0;
		if (pte_is_leaf(value, level)) {
			int error = split(table, entry, first, level, space);

			if (error)
				return error;
			value = entry_read(entry);
		}
		next = pte_address(value);
	}
	return 0;
}

static int split_borders(struct table_walk *walk)
{
	int error;

	error = split_at(walk->table, walk->address, walk->gather->space);
	/* The end of the address space is a border. */
	if (!error && walk->last != UINTPTR_MAX)
		error = split_at(walk->table, walk->last + 1, walk->gather->space);
	return error;
}

static int unmap_leaf(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
		      uint64_t parent)
{
	note_lost(walk->table, walk->gather, address, entry_exchange(entry, 0), level, true);
	count_entries(walk->table, parent, -1);
	return 0;
}

static void unhook_if_empty(struct table_walk *walk, uint64_t *entry, uintptr_t address,
			    unsigned level, uint64_t parent)
{
	uint64_t child = pte_address(entry_read(entry));

	if (!is_empty(walk->table, child) ||
	    (walk->table->keeps_top && parent == walk->table->root))
		return;
	entry_write(entry, 0);
	forget_page_table(walk->table);
	count_entries(walk->table, parent, -1);
	tlb_shadow_lost_table(walk->table, space_is_kernel(walk->gather->space), child, address,
			      last_of_entry(address, level));
	tlb_gather_table(walk->gather, child, address, last_of_entry(address, level));
}

/* A range of 4 KiB pages in one table: no border to split, and one count. */
static void unmap_pages(struct page_table *table, uint64_t child, uintptr_t address, size_t size,
			struct tlb_gather *gather)
{
	uint64_t *entry = entry_of(child, address, 0);
	int64_t gone = 0;

	for (uint64_t *end = entry + (size >> PAGE_SHIFT); entry < end; entry++) {
		if (pte_present(entry_read(entry))) {
			note_lost(table, gather, address, entry_exchange(entry, 0), 0, true);
			gone++;
		}
		address += PAGE_SIZE;
	}
	count_entries(table, child, -gone);
}

/* child: the table of 4 KiB pages of walk->address. */
static void prune_above(struct table_walk *walk, uint64_t child)
{
	uint64_t way[PAGE_TABLE_LEVELS_MAX];

	if (!is_empty(walk->table, child))
		return;
	descend(walk->table, walk->address, way);
	for (unsigned level = 1; level < pte_levels() && is_empty(walk->table, child); level++) {
		unhook_if_empty(walk, entry_of(way[level], walk->address, level),
				walk->address & ~(PAGE_LEVEL_SIZE(level) - 1), level, way[level]);
		child = way[level];
	}
}

static int unmap(struct page_table *table, uintptr_t address, size_t size,
		 struct tlb_gather *gather, bool prunes)
{
	struct table_walk walk;
	uint64_t child;
	int error;

	BUG_ON(((address | size) & (PAGE_SIZE - 1)) || size == 0);
	child = find_page_table(table, address, address + size - 1);
	if (child)
		unmap_pages(table, child, address, size, gather);
	if (child && !prunes)
		return 0;
	walk = (struct table_walk){ .table = table,
				    .address = address,
				    .last = address + size - 1,
				    .leaf = unmap_leaf,
				    .behind_table = prunes ? unhook_if_empty : NULL,
				    .gather = gather };
	if (child) {
		prune_above(&walk, child);
		return 0;
	}
	error = split_borders(&walk);
	return error ? error : table_walk(&walk);
}

int page_table_unmap(struct page_table *table, uintptr_t address, size_t size,
		     struct tlb_gather *gather)
{
	return unmap(table, address, size, gather, true);
}

int page_table_clear(struct page_table *table, uintptr_t address, size_t size,
		     struct tlb_gather *gather)
{
	return unmap(table, address, size, gather, false);
}

static int keep_leaf(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
		     uint64_t parent)
{
	(void)walk, (void)entry, (void)address, (void)level, (void)parent;
	return 0;
}

void page_table_prune(struct page_table *table, uintptr_t address, size_t size,
		      struct tlb_gather *gather)
{
	struct table_walk walk = { .table = table,
				   .address = address,
				   .last = address + size - 1,
				   .leaf = keep_leaf,
				   .behind_table = unhook_if_empty,
				   .gather = gather };
	uint64_t child = find_page_table(table, address, walk.last);

	if (child)
		prune_above(&walk, child);
	else
		table_walk(&walk);
}

static int protect_leaf(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
			uint64_t parent)
{
	uint64_t old = entry_read(entry);
	uint64_t new = pte_make_leaf(pte_address(old), level, walk->flags | PAGE_TRACKED);
	unsigned had = pte_flags(old);
	unsigned has = pte_flags(new);
	bool changes_type = (had ^ has) & PAGE_DEVICE;

	(void)parent;
	if (changes_type && pte_break_before_make()) {
		old = entry_exchange(entry, PTE_BREAKING);
		/* As in split(): pairs with page_table_wait_unbroken in mm/page_table.c. */
		tlb_invalidate(walk->gather->space, address, PAGE_LEVEL_SIZE(level), level, false);
		entry_write(entry, pte_with_use(new, pte_flags(old) & USE));
		return 0;
	}
	while (!entry_replace(entry, &old, pte_with_use(new, pte_flags(old) & USE)))
		;
	/* A right gained may fault once on a CPU that has cached the old entry: space_fault(). */
	if (changes_type || (had & ~has & RIGHTS) || ((had ^ has) & PAGE_USER))
		note_lost(walk->table, walk->gather, address, old, level, false);
	return 0;
}

static void protect_pages(struct table_walk *walk, uint64_t table)
{
	uint64_t *entry = entry_of(table, walk->address, 0);

	for (uintptr_t address = walk->address;; address += PAGE_SIZE, entry++) {
		if (pte_present(entry_read(entry)))
			protect_leaf(walk, entry, address, 0, table);
		if ((address | (PAGE_SIZE - 1)) == walk->last)
			break;
	}
}

int page_table_protect(struct page_table *table, uintptr_t address, size_t size, unsigned flags,
		       struct tlb_gather *gather)
{
	struct table_walk walk = { .table = table,
				   .address = address,
				   .last = address + size - 1,
				   .leaf = protect_leaf,
				   .gather = gather,
				   .flags = flags };
	uint64_t child;
	int error;

	BUG_ON(((address | size) & (PAGE_SIZE - 1)) || size == 0);
	child = find_page_table(table, address, walk.last);
	if (child) {
		protect_pages(&walk, child);
		return 0;
	}
	error = split_borders(&walk);
	return error ? error : table_walk(&walk);
}

/* Whether the entries of a table are leaves that one leaf could stand for: its first entry. */
static bool can_collapse(uint64_t child, unsigned level)
{
	uint64_t *entries = phys_to_virt(child);
	uint64_t first = pte_with_use(entry_read(&entries[0]), 0);
	uint64_t physical = pte_address(first);

	if (!pte_present(first) || !pte_is_leaf(first, level - 1) ||
	    (physical & (PAGE_LEVEL_SIZE(level) - 1)))
		return false;
	for (size_t i = 1; i < PAGE_TABLE_ENTRIES; i++) {
		uint64_t expected = pte_with_use(
			pte_make_leaf(physical + i * PAGE_LEVEL_SIZE(level - 1), level - 1,
				      pte_flags(first) | PAGE_TRACKED),
			0);

		if (pte_with_use(entry_read(&entries[i]), 0) != expected)
			return false;
	}
	return true;
}

/* Accessed and dirty, of any of them. */
static unsigned use_of_all(uint64_t child)
{
	uint64_t *entries = phys_to_virt(child);
	unsigned use = 0;

	for (size_t i = 0; i < PAGE_TABLE_ENTRIES; i++)
		use |= pte_flags(entry_read(&entries[i])) & USE;
	return use;
}

static uint64_t *find_entry(const struct page_table *table, uintptr_t address, unsigned level,
			    uint64_t *parent)
{
	uint64_t next = table->root;

	for (unsigned at = pte_levels() - 1;; at--) {
		uint64_t *entry = entry_of(next, address, at);
		uint64_t value = entry_read(entry);

		*parent = next;
		if (at == level)
			return entry;
		if (!pte_present(value) || pte_is_leaf(value, at))
			return NULL;
		next = pte_address(value);
	}
}

int page_table_collapse(struct page_table *table, uintptr_t address, unsigned level,
			struct tlb_gather *gather)
{
	uint64_t parent;
	uint64_t *entry = find_entry(table, address, level, &parent);
	uint64_t value = entry ? entry_read(entry) : 0;
	uint64_t child = pte_address(value);
	size_t size = PAGE_LEVEL_SIZE(level);
	uint64_t leaf;

	if (level == 0 || level > pte_largest_leaf_level() || (address & (size - 1)) ||
	    !pte_present(value) || pte_is_leaf(value, level) || !can_collapse(child, level))
		return -EINVAL;
	leaf = *(uint64_t *)phys_to_virt(child);
	leaf = pte_make_leaf(pte_address(leaf), level, pte_flags(leaf) | PAGE_TRACKED);
	/*
	 * Until the invalidation hardware may set bits in the old entries: only then are they read
	 * for good. The old ones are not lost translations, for the new one agrees.
	 */
	entry_write(entry, pte_break_before_make() ? PTE_BREAKING : leaf);
	forget_page_table(table);
	/* As in split(): pairs with page_table_wait_unbroken in mm/page_table.c. */
	tlb_invalidate(gather->space, address, size, level - 1, true);
	if (pte_break_before_make())
		entry_write(entry, leaf);
	value = leaf;
	while (!entry_replace(entry, &value,
			      pte_with_use(value, use_of_all(child) | (pte_flags(value) & USE))))
		;
	tlb_gather_table(gather, child, address, address + size - 1);
	return 0;
}
