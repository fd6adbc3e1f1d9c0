/*
 * Address-space ids: few, handed out to many spaces.
 *
 * What a space keeps is a 64-bit number: the generation above, the hardware's id in the low bits.
 * When the ids of a generation are used up, the next one begins (a rollover): every number of an
 * older generation is void, each CPU drops all translations of lower halves before it loads a space
 * again, and what CPUs are running at that moment keeps its id. Id 0 is never handed out.
 *
 * No global state: the kernel has one allocator (mm/space.c), tests have theirs.
 */
#ifndef MM_ASID_H
#define MM_ASID_H

#include <lib/boot_info.h>
#include <lib/bits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/spinlock.h>

#define ASID_BITS_MAX 16

struct asid_allocator {
	unsigned bits;
	uint64_t generation;      /* atomic: a multiple of 1 << bits, never 0 */
	uint64_t active[CPU_MAX]; /* atomic: what each CPU runs; 0: taken away by a rollover */
	/* Under the lock. */
	struct spinlock lock;
	uint64_t reserved[CPU_MAX]; /* what each ran at the last rollover */
	uint64_t flush_pending;     /* CPUs that have not dropped everything since then */
	uint64_t used[BIT_WORDS(1 << ASID_BITS_MAX)]; /* ids of this generation */
	size_t next;                                  /* where the search for a free one begins */
	uint64_t rollovers;
	/*
	 * NULL, or told of each CPU at a rollover: which id it keeps, while it is bound to drop all
	 * else before it loads a space again.
	 */
	void (*rolled_over)(unsigned cpu, uint64_t kept_id);
};

/*
 * bits: 1 to ASID_BITS_MAX, and so many that there are more ids than CPUs: each may run a space
 * that keeps its id.
 */
void asid_init(struct asid_allocator *allocator, unsigned bits);

/*
 * The calling CPU is about to load the space that keeps *number. Returns the hardware's id for it,
 * valid until the CPU loads another. *drop: the CPU must drop all translations of lower halves
 * before. Interrupts disabled. In the usual case no lock: one compare-exchange on the CPU's own
 * word. Ordering: a full barrier between a new *number and what the CPU does after.
 */
uint64_t asid_use(struct asid_allocator *allocator, unsigned cpu, uint64_t *number, bool *drop);

/*
 * The hardware's id for an invalidation; 0: the space was never loaded. Also of an old generation:
 * a CPU that has run it since before the rollover still does so under that id. The caller has a
 * full barrier between its page-table stores and this.
 */
uint64_t asid_of(const struct asid_allocator *allocator, const uint64_t *number);

#endif
