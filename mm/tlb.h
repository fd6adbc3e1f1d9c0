/*
 * Invalidation of cached translations on the CPUs that may hold them, and the gather, which keeps
 * the order of unmapping:
 *
 *   entries cleared  →  invalidated on every CPU that may hold them, complete  →  frames and table
 *                                                                               pages released
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <arch/pte.h>
#include <lib/bits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;
struct space;

/* Of frames to release, a page of them at a time. */
struct tlb_batch {
	struct tlb_batch *next;
	uint64_t count;
	struct frame *frames[510];
};

#define TLB_GATHER_INLINE 8

/* What one operation takes away; lives on the stack of whoever does it. */
struct tlb_gather {
	struct space *space;
	bool puts_frames; /* the frames of unmapped pages lose a reference */
	/* Lost rights, the bounds of all: first > last while there is none. */
	uintptr_t first;
	uintptr_t last; /* of the last byte */
	unsigned level; /* of the smallest page */
	bool lost_tables;
	bool everything; /* the leaves' bounds do not reach all tables */
	uint64_t pages;  /* how many leaves lost something */
	uint64_t tables; /* physical address of the first unhooked table page; each links the next
			  */
	uint64_t inline_count;
	struct frame *inline_frames[TLB_GATHER_INLINE];
	struct tlb_batch *batches;
};

void tlb_gather_begin(struct tlb_gather *gather, struct space *space, bool puts_frames);

/*
 * Notes a frame to release. May end the present round (tlb_gather_flush()) when no memory is left
 * to note it in.
 */
void tlb_gather_frame(struct tlb_gather *gather, uint64_t physical);

/*
 * A leaf lost its mapping or some right; entry: what it was. Called by mm/page_table_change.c after
 * it has written the new one. unmapped: it has no mapping any more, or another frame.
 */
static inline void tlb_gather_leaf(struct tlb_gather *gather, uintptr_t address, uint64_t entry,
				   unsigned level, bool unmapped)
{
	uintptr_t within = PAGE_LEVEL_SIZE(level) - 1;

	gather->first = min(gather->first, address);
	gather->last = max(gather->last, address + within);
	gather->level = min(gather->level, level);
	gather->pages++;
	if (unmapped && gather->puts_frames)
		tlb_gather_frame(gather, pte_address(entry) & ~within);
}

/* A table page was unhooked; it covered [first, last]. */
void tlb_gather_table(struct tlb_gather *gather, uint64_t table, uintptr_t first, uintptr_t last);

/* Invalidates what was gathered, then releases. The gather can go on. */
void tlb_gather_flush(struct tlb_gather *gather);

/* The same, and the end of it. */
void tlb_gather_end(struct tlb_gather *gather);

/*
 * The bare invalidation. After entries of the space in [address, address + size) were cleared or
 * lost rights: when this returns, no CPU translates by the old ones any more, or will before it has
 * dropped them. level: of the smallest page; tables: table pages were unhooked. Any context, also
 * with interrupts disabled and locks held: CPUs that spin for them serve it. Full barrier before
 * (the caller's stores to the tables) and after.
 */
void tlb_invalidate(struct space *space, uintptr_t address, size_t size, unsigned level,
		    bool tables);

/*
 * A CPU has come online: drops what it may have missed between loading the kernel's root and being
 * counted. On that CPU, behind cpu_set_online().
 */
void tlb_join(void);

struct tlb_statistics {
	uint64_t requests;   /* calls of tlb_invalidate() */
	uint64_t broadcasts; /* of these, by the machine's own means */
	uint64_t local;      /* of these, needed on the calling CPU at most */
	uint64_t ipis;       /* CPUs interrupted for them, by us or by the firmware */
	uint64_t pages;      /* asked for one by one */
	uint64_t full;       /* requests that dropped a whole id, or everything */
	uint64_t deferred;   /* CPUs left to drop the id when they next load it */
	uint64_t rollovers;  /* of the ids */
	uint64_t spurious;   /* faults on translations that were right by then */
};

void tlb_statistics(struct tlb_statistics *statistics);

/*
 * RISC-V has two ways to reach other CPUs, the SBI's remote fence and our interrupts; this chooses,
 * for the benchmark that compares them. Default: interrupts.
 */
void tlb_use_firmware(bool use);

#endif
