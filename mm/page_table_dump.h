/*
 * An address space in lines: neighbours with the same rights, type and page size become one.
 */
#ifndef MM_PAGE_TABLE_DUMP_H
#define MM_PAGE_TABLE_DUMP_H

#include <mm/page_table.h>

/* A stretch of addresses mapped alike. */
struct page_table_stretch {
	uintptr_t first;
	uintptr_t last;    /* of the last byte */
	uint64_t physical; /* of the first byte */
	bool contiguous;   /* the frames are in a row, too */
	unsigned level;    /* of its pages */
	unsigned flags;    /* enum page_flags, without accessed and dirty */
};

/*
 * Calls print for each stretch, by rising address, until it returns false. Reads each entry once;
 * exact while nobody changes the tables.
 */
void page_table_dump(const struct page_table *table,
		     bool (*print)(const struct page_table_stretch *stretch, void *argument),
		     void *argument);

/*
 * "0xffff800000000000-0xffff80003fffffff  1 GiB  rw- kernel global  1 GiB pages": the same text on
 * all three machines for the same mapping. (RISC-V cannot tell device memory from the entry.)
 */
void page_table_format_stretch(const struct page_table_stretch *stretch, char *text, size_t size);

#endif
