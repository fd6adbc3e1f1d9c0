/*
 * What every lock here carries: its name; and in the checking build (BUILD=check) who holds it and
 * where it was taken.
 *
 * Each CPU keeps a list of the locks it holds, with the call sites, so that taking a lock twice,
 * releasing another CPU's or a free one, and leaving an interrupt or a test with one held end in a
 * panic that names lock, holder and sites. The lists are touched by their own CPU alone; an
 * interrupt handler gives back all it took, so to the code it interrupts nothing has changed. In
 * the release build only the name is left, and the functions below are nothing.
 *
 * The functions are called by the locks, which are inlined into their users: a return address of
 * ours lies in the function that uses the lock, and that is the site.
 */
#ifndef SYNC_SPIN_LOCK_LABEL_H
#define SYNC_SPIN_LOCK_LABEL_H

#include <arch/barrier.h>
#include <stdbool.h>
#include <stdint.h>

struct lock_label {
	const char *name;
#ifdef CONFIG_CHECK
	uint32_t holder; /* atomic: CPU number + 1 of who holds it alone, else 0 */
	uint64_t site;   /* atomic: where that CPU took it */
#endif
};

#define LOCK_LABEL(name_)                                                                          \
	{                                                                                          \
		.name = (name_)                                                                    \
	}

/*
 * Behind a call that may be the last of its function: keeps the compiler from making it a jump,
 * whose return address would lie in the caller of the function that uses the lock.
 */
#define LOCK_LABEL_KEEP_SITE() barrier()

/* How many locks a CPU may hold at once. */
#define LOCKS_HELD_MAX 16

#ifdef CONFIG_CHECK

/* Panics when the calling CPU holds it. kind: "spinlock", …; begins the message. */
void lock_label_check_free(const struct lock_label *label, const char *kind);

/* The calling CPU has taken it: alone, or as one of several. Follow with LOCK_LABEL_KEEP_SITE(). */
void lock_label_note_taken(struct lock_label *label);
void lock_label_note_shared(const struct lock_label *label);

/* The calling CPU is about to release it; panics when it does not hold it. */
void lock_label_note_release(struct lock_label *label, const char *kind);
void lock_label_note_release_shared(const struct lock_label *label, const char *kind);

/* Whether the calling CPU holds it, alone or as one of several. */
bool lock_label_held_here(const struct lock_label *label);

/* How many locks of sync/spin the calling CPU holds: for "as many as before". */
unsigned spinlocks_held(void);

/*
 * Panics when the calling CPU does not hold as many as expected: "CPU 0 returns from an interrupt
 * with lock x held".
 */
void spinlocks_check_held(unsigned expected, const char *when);

/* Writes who holds it and since where, for messages: "CPU 1 holds it, taken in f+0x10". Any CPU. */
void lock_label_describe_holder(const struct lock_label *label, char *text, unsigned size);

#else

static inline void lock_label_check_free(const struct lock_label *label, const char *kind)
{
	(void)label;
	(void)kind;
}

static inline void lock_label_note_taken(struct lock_label *label)
{
	(void)label;
}

static inline void lock_label_note_shared(const struct lock_label *label)
{
	(void)label;
}

static inline void lock_label_note_release(struct lock_label *label, const char *kind)
{
	(void)label;
	(void)kind;
}

static inline void lock_label_note_release_shared(const struct lock_label *label, const char *kind)
{
	(void)label;
	(void)kind;
}

static inline unsigned spinlocks_held(void)
{
	return 0;
}

static inline void spinlocks_check_held(unsigned expected, const char *when)
{
	(void)expected;
	(void)when;
}

#endif

#endif
