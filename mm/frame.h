/*
 * Physical memory by frames of 4 KiB: who has which, and handing them out.
 *
 *   frame_alloc()                  this CPU's cache of single frames: no lock, no shared cache line
 *     └─ refills and drains ─┐
 *   frame_alloc_order() ─────┴─>   the buddy allocator: blocks of 2^order frames, one lock a zone
 *
 * Each frame has a record of 32 bytes, at its number in the frame map (mm/layout.h), a table by
 * frame number that is mapped only where there is memory. A block is represented by the record of
 * its first frame, its head; the records of the others are zero while it is a block.
 *
 * All functions: any context, interrupts too; none blocks. They may fail, and never hang. Ordering:
 * what the last owner of a frame did before it freed it is visible to the next.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <arch/page_flags.h>
#include <lib/list.h>
#include <mm/layout.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the largest block: 1 GiB. */
#define FRAME_ORDER_MAX 18
#define FRAME_ORDERS (FRAME_ORDER_MAX + 1)

enum frame_state {
	FRAME_NONE,      /* not the head of a block: within one, or no memory at all */
	FRAME_FREE,      /* head of a free block in the buddy allocator */
	FRAME_CACHED,    /* a single free frame in a CPU's cache */
	FRAME_ALLOCATED, /* head of a block that somebody has */
};

/* What an allocated block is for. */
enum frame_tag {
	FRAME_TAG_IMAGE,  /* the kernel, and what firmware and loader left for it */
	FRAME_TAG_EARLY,  /* taken before there was a frame allocator */
	FRAME_TAG_TABLE,  /* page tables */
	FRAME_TAG_STACK,  /* kernel stacks */
	FRAME_TAG_PERCPU, /* the CPUs' own areas */
	FRAME_TAG_KSPACE, /* buffers and tables in kernel space */
	FRAME_TAG_SLAB,   /* slabs; owner[0] of each frame: its struct slab */
	FRAME_TAG_HEAP,   /* what is too large for slabs (mm/heap.h) */
	FRAME_TAG_TEST,   /* self-tests and benchmarks */
	FRAME_TAGS,
};

struct frame {
	union {
		struct list link;  /* free: in the buddy allocator's list */
		uint64_t owner[2]; /* allocated: the owner's */
	};
	uint32_t references; /* atomic; allocated: how many have it */
	uint8_t state;       /* enum frame_state */
	uint8_t order;
	uint8_t tag;
	uint8_t zero;
	/* BUILD=check: call sites, as offsets from KERNEL_IMAGE_BASE; 0: never. */
	uint32_t allocated_at;
	uint32_t freed_at;
};

_Static_assert(sizeof(struct frame) == 32, "the frame map takes 1/128 of memory");

#define FRAME_MAP ((struct frame *)FRAME_MAP_BASE)

/* The record of the frame that a physical address lies in. There must be memory at the address. */
static inline struct frame *frame_of(uint64_t physical)
{
	return FRAME_MAP + (physical >> PAGE_SHIFT);
}

static inline uint64_t frame_to_phys(const struct frame *frame)
{
	return (uint64_t)(frame - FRAME_MAP) << PAGE_SHIFT;
}

/* Where the direct map shows it. */
static inline void *frame_to_virt(const struct frame *frame)
{
	return phys_to_virt(frame_to_phys(frame));
}

/* Whether frame_of() may be used: there is memory at that address, whoever has it. */
bool frame_exists(uint64_t physical);

/*
 * Has function called before an allocation fails: it gives back what it can spare and returns how
 * many frames that were. In the context of any allocation; it may allocate nothing. Boot, once.
 */
void frame_set_reclaim(uint64_t (*function)(void));

/*
 * One frame, with one reference; its contents are anything, or zero with frame_alloc_zeroed().
 * NULL: there is none left, in the buddy allocator or any CPU's cache.
 */
struct frame *frame_alloc(enum frame_tag tag);
struct frame *frame_alloc_zeroed(enum frame_tag tag);

/*
 * Another reference; and giving one back, which frees the frame or block when it was the last:
 * frame_put() then returns true. Release and acquire between the last two to hold it.
 */
void frame_get(struct frame *frame);
bool frame_put(struct frame *frame);

/* How many have it: exact only while nobody else can take or give one. Acquire. */
unsigned frame_references(const struct frame *frame);

/*
 * Frees a single frame whose only reference is the caller's. Panics in the checking build, with the
 * call sites of allocation and freeing: when it is free already, when it is not the frame's head or
 * no memory, when it is a block of a higher order, when others have references.
 */
void frame_free(struct frame *frame);

/* So many of each in one go, for less than one at a time. How many it got; 0 to count. */
size_t frame_alloc_batch(struct frame **frames, size_t count, enum frame_tag tag);
void frame_free_batch(struct frame *const *frames, size_t count);

/*
 * A block of 2^order frames, aligned to its size, with one reference. highest: no byte of it lies
 * at or above this physical address (for devices); UINT64_MAX: anywhere. NULL: there is none.
 * frame_free_order() must name the order it was allocated with; other misuse as frame_free().
 */
struct frame *frame_alloc_order(unsigned order, uint64_t highest, enum frame_tag tag);
void frame_free_order(struct frame *frame, unsigned order);

/*
 * count frames in a row, aligned to alignment bytes (a power of two, at least a page), below
 * highest. What its power of two has too many goes back. Only as a whole: frame_free_run() with the
 * same count. NULL: no such run, or it would be larger than the largest block.
 */
struct frame *frame_alloc_run(size_t count, uint64_t alignment, uint64_t highest,
			      enum frame_tag tag);
void frame_free_run(struct frame *frame, size_t count);

/*
 * Makes an allocated block of the order 2^order single frames of one reference each, with the
 * block's tag and site.
 */
void frame_split(struct frame *frame, unsigned order);

struct frame_statistics {
	uint64_t total;                     /* frames of memory, whoever has them */
	uint64_t free;                      /* in blocks and caches */
	uint64_t cached;                    /* of those, in CPUs' caches */
	uint64_t free_blocks[FRAME_ORDERS]; /* in the buddy allocator, by order */
	uint64_t by_tag[FRAME_TAGS];        /* allocated frames */
	uint64_t refills;                   /* of a CPU's cache from the buddy allocator */
	uint64_t drains;                    /* the other way */
	uint64_t reclaims;                  /* of all CPUs' caches, because nothing else was left */
};

/* Exact while nobody allocates or frees, else about right. */
void frame_statistics(struct frame_statistics *statistics);

/*
 * 0 to 1000: the part of free memory, in thousandths, that is in blocks too small for an allocation
 * of this order. 0 when nothing is free.
 */
unsigned frame_fragmentation(const struct frame_statistics *statistics, unsigned order);

/* "page tables", …; for people. */
const char *frame_tag_name(enum frame_tag tag);

/*
 * Gives every CPU's cached frames back to the buddy allocator. Waits for the other CPUs, as
 * on_cpus_immediate() does.
 */
void frame_reclaim_caches(void);

struct memory_map;

/*
 * Builds the frame map and takes over all memory of the map: what is usable becomes free, the rest
 * of what is memory is allocated with a tag that says to whom. The early allocator ends here.
 * -ENOMEM. Boot CPU, once, after kspace_map_memory().
 */
int frame_init(const struct memory_map *map);

#endif
