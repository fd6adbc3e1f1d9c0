/*
 * A space: a set of translations. Its page table, the id that its cached translations carry, and
 * which CPUs may hold some. The kernel's own is kernel_space(); others translate the lower half.
 *
 * A CPU has one space loaded, or none. Three words say what a change of the tables has to reach:
 *
 *   loaded    CPUs that run with it now; each sets and clears its own bit
 *   current   CPUs whose cached translations of it may be trusted; a CPU sets its own bit when it
 *             loads the space, an invalidation clears those of CPUs that it leaves alone
 *   lent      (a word per CPU) the CPU keeps the space loaded but does not use it
 *
 * and the rule is: whoever loads a space and does not find its bit in `current` drops all
 * translations of the id first. So an invalidation interrupts only CPUs that have the space loaded;
 * the others, and those that only lend it to a kernel thread (lazy), are made to drop it before
 * they use it again. The head of mm/tlb.c proves it.
 *
 * Locks: a space's lock protects its table and is a leaf but for the frame allocator's; it is taken
 * with interrupts disabled. Invalidations are done under it: a CPU that spins for it serves them.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include <arch/trap.h>
#include <mm/page_table.h>
#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/spinlock.h>

struct space {
	struct page_table table;
	struct spinlock lock;
	const char *name;
	uint64_t id;      /* atomic: mm/asid.h; 0 before its first load */
	uint64_t loaded;  /* atomic: a set of CPUs */
	uint64_t current; /* atomic: a set of CPUs */
};

/* The kernel's, in mm/kspace_boot.c: on every CPU, always. */
extern struct space kernel_space_itself;

static inline struct space *kernel_space(void)
{
	return &kernel_space_itself;
}

/* True for the kernel's: its translations are global. */
static inline bool space_is_kernel(const struct space *space)
{
	return space == kernel_space();
}

/*
 * Reads the machine's id width, of which at most asid_bits are used (boot argument asid-bits=N, for
 * tests of the rollover; never fewer than the CPUs need). Boot CPU, before the first space.
 */
void space_init(unsigned asid_bits, unsigned cpus);

/* An empty space. -ENOMEM. name: lives as long. */
int space_create(struct space *space, const char *name);

/*
 * Gives back its tables; panics while it is loaded anywhere (a lazy CPU is made to let go of it).
 * Mappings that are left are dropped, not their frames: unmap first.
 */
void space_destroy(struct space *space);

/*
 * Loads a space on this CPU, NULL: none. The caller stays on the CPU. Costs next to nothing when it
 * is loaded already, or lent.
 */
void space_switch(struct space *space);

/*
 * This CPU keeps the space it has but does not use lower addresses until space_switch(): for kernel
 * threads. It is not interrupted for invalidations any more, except when tables are freed, which
 * its walker might still read.
 */
void space_lend(void);

/* What this CPU has loaded, lent or not; NULL. */
struct space *space_loaded(void);

/* How often the ids rolled over; how wide they are; what a CPU has loaded, for people. */
uint64_t space_rollovers(void);
unsigned space_id_bits(void);
const char *space_name_on(unsigned cpu);

/*
 * For mm/tlb.c. The id under which CPUs may have cached translations of a space; 0: the machine has
 * none. And the word by which a CPU says that it lends what it has loaded.
 */
uint64_t space_hardware_id(const struct space *space);

enum space_use {
	SPACE_USED,  /* what is loaded is used */
	SPACE_LENT,  /* it is not */
	SPACE_STALE, /* nor is it, and its id must be dropped before it is used again */
};

/* Whether it seems to lend it; and LENT becoming STALE: false when the CPU uses what it has. */
bool space_lends(unsigned cpu);
bool space_mark_stale(unsigned cpu);

/*
 * Map, unmap and so on under the space's lock, with publication or invalidation done on return, and
 * frames released that were to be. Errors as mm/page_table.h. Not for the kernel's: mm/kspace.h.
 */
int space_map(struct space *space, uintptr_t address, uint64_t physical, size_t size,
	      unsigned flags);
int space_unmap(struct space *space, uintptr_t address, size_t size, bool put_frames);
int space_protect(struct space *space, uintptr_t address, size_t size, unsigned flags);
int space_collapse(struct space *space, uintptr_t address, unsigned level);
unsigned space_clear_use(struct space *space, uintptr_t address, size_t size, unsigned use);

/*
 * First look at a page fault, from boot/trap.c. True: nothing was wrong with the access, try it
 * again: the translation has changed on the way (break-before-make, or an invalid entry that was
 * cached), or accessed or dirty had to be set. Interrupts disabled; takes no lock.
 */
bool space_fault(uintptr_t address, enum trap_access access, bool from_user);

/* How many faults were spurious. */
uint64_t space_spurious_faults(void);

#endif
