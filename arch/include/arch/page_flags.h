/*
 * What a mapping allows, in the machine's-neutral words that every caller uses; arch/pte.h turns
 * them into bits.
 *
 * Only a leaf entry carries permissions. An entry that points to a table allows everything, so that
 * the leaf alone decides, the same on all three machines.
 */
#ifndef ARCH_PAGE_FLAGS_H
#define ARCH_PAGE_FLAGS_H

enum page_flags {
	PAGE_READ = 1 << 0,
	PAGE_WRITE = 1 << 1,
	PAGE_EXEC = 1 << 2,
	PAGE_USER = 1 << 3,   /* user mode may use it, and the kernel may not (SMAP, PAN, SUM=0) */
	PAGE_GLOBAL = 1 << 4, /* the same in every address space */
	PAGE_DEVICE = 1 << 5, /* device registers: no caching, no reordering, no speculation */
	PAGE_ACCESSED = 1 << 6, /* reported by pte_flags(); set in each new entry */
	PAGE_DIRTY = 1 << 7,    /* the same; set in each new writable entry */
	PAGE_TRACKED = 1 << 8,  /* a new entry begins without both, so that its use can be seen */
};

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_TABLE_ENTRIES 512
#define PAGE_TABLE_INDEX_BITS 9

/*
 * Bytes that one entry of a level maps: level 0 is a 4 KiB page, 1 is 2 MiB, 2 is 1 GiB, 3 is 512
 * GiB.
 */
#define PAGE_LEVEL_SHIFT(level) (PAGE_SHIFT + PAGE_TABLE_INDEX_BITS * (level))
#define PAGE_LEVEL_SIZE(level) (1UL << PAGE_LEVEL_SHIFT(level))

#endif
