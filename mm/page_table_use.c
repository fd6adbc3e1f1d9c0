/*
 * Accessed and dirty: taken away to be seen again, and set where the hardware does not.
 */
#include <mm/page_table_walk.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>

#define USE (PAGE_ACCESSED | PAGE_DIRTY)

static int clear_leaf(struct table_walk *walk, uint64_t *entry, uintptr_t address, unsigned level,
		      uint64_t parent)
{
	unsigned *found = walk->argument;
	uint64_t old = entry_read(entry);
	unsigned had;

	(void)parent;
	do
		had = pte_flags(old) & USE;
	while (!entry_replace(entry, &old, pte_with_use(old, had & ~walk->flags)));
	had &= walk->flags;
	*found |= had;
	/* What a CPU has cached as used it would not set again. No right is lost for the shadow. */
	if (had)
		tlb_gather_leaf(walk->gather, address, old, level, false);
	return 0;
}

unsigned page_table_clear_use(struct page_table *table, uintptr_t address, size_t size,
			      unsigned use, struct tlb_gather *gather)
{
	unsigned found = 0;
	struct table_walk walk = { .table = table,
				   .address = address,
				   .last = address + size - 1,
				   .leaf = clear_leaf,
				   .gather = gather,
				   .flags = use,
				   .argument = &found };

	table_walk(&walk);
	return found;
}

bool page_table_mark_used(struct page_table *table, uintptr_t address, bool is_write)
{
	unsigned use = PAGE_ACCESSED | (is_write ? PAGE_DIRTY : 0);
	uint64_t next = table->root;

	for (unsigned level = pte_levels() - 1;; level--) {
		uint64_t *entry = entry_of(next, address, level);
		uint64_t value = entry_read(entry);

		while (pte_present(value) && pte_is_leaf(value, level)) {
			unsigned flags = pte_flags(value);

			if (is_write && !(flags & PAGE_WRITE))
				return false;
			if (entry_replace(entry, &value, pte_with_use(value, flags | use)))
				return true;
		}
		if (!pte_present(value))
			return false;
		next = pte_address(value);
	}
}
