/*
 * Patience: every spin of sync/spin turns in spin_wait_turn(), so that none lasts for ever in
 * silence.
 *
 * A turn is a cpu_relax(), and the immediate calls of other CPUs (sync/spin/on_cpu.h), which must
 * not wait for this wait: their caller may hold what is waited for. Now and then it looks at the
 * clock, and a wait of more than SPIN_PATIENCE_NS ends in a panic that names what is waited for,
 * the waiter and its call site, and, in the checking build, the holder and its call site. The
 * patience is generous, for a host may run a virtual CPU a hundred times slower than a quiet one.
 */
#ifndef SYNC_SPIN_SPIN_WAIT_H
#define SYNC_SPIN_SPIN_WAIT_H

#include <arch/cpu.h>
#include <stdint.h>
#include <sync/spin/lock_label.h>
#include <sync/spin/on_cpu.h>

#define SPIN_PATIENCE_NS 60000000000UL

/* Turns between two looks at the clock; a power of two. */
#define SPIN_TURNS_PER_LOOK (1U << 14)

/* One wait of one CPU; nobody else sees it. */
struct spin_wait {
	const char *kind; /* "spinlock", …; begins the message */
	const struct lock_label *label;
	uintptr_t site;
	uint64_t since_ns; /* 0: has not looked at the clock yet */
	uint32_t turns;
};

/* Initialises a wait; the site is where the function that says this was called. */
#define SPIN_WAIT(kind_, label_)                                                                   \
	{                                                                                          \
		.kind = (kind_), .label = (label_), .site = (uintptr_t)__builtin_return_address(0) \
	}

/* Looks at the clock; panics when the wait has lasted too long. */
void spin_wait_look(struct spin_wait *wait);

static inline void spin_wait_turn(struct spin_wait *wait)
{
	cpu_relax();
	if (__builtin_expect(on_cpu_has_immediate(), 0))
		on_cpu_serve_immediate();
	if (__builtin_expect((++wait->turns & (SPIN_TURNS_PER_LOOK - 1)) == 0, 0))
		spin_wait_look(wait);
}

/* Makes every wait as patient as this, in nanoseconds. For tests. */
void spin_wait_set_patience(uint64_t patience_ns);

#endif
