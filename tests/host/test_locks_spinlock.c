/* sources: tests/host/cpus.c lib/format.c sync/spin/cpus.c sync/spin/percpu.c */
/* sources: sync/spin/lock_label.c sync/spin/spin_wait.c */
/* sources: sync/spin/spinlock.c sync/spin/spinlock_queued.c */
/* sources: sync/spin/spinlock_mcs.c sync/spin/spinlock_ticket.c sync/spin/spinlock_tas.c */
/* sources: sync/spin/rwspinlock.c */
/* sanitizer: thread */
/*
 * The spinlocks under ThreadSanitizer: plain data under each lock, so that a missing acquire or
 * release is a race, although an x86 host would never show it.
 */
#include "cpus.h"
#include "host.h"
#include <arch/cpu.h>
#include <stdlib.h>
#include <sync/spin/cpus.h>
#include <sync/spin/rwspinlock.h>
#include <sync/spin/spinlock.h>

#define TURNS 40000

/* Plain, under the lock of the test. */
static uint64_t value;
static uint64_t complement;

static void change_words(void)
{
	value++;
	/* Now and then someone else runs in the midst of it. */
	if (value % 16 == 0)
		cpu_relax();
	complement = ~value;
}

static void run_storm(void (*storm)(void *argument))
{
	value = 0;
	complement = ~(uint64_t)0;
	host_cpus_run(storm, NULL);
	CHECK_EQ(value, TURNS * HOST_CPUS);
	CHECK_EQ(complement, ~value);
}

/* An implementation by its own name, with a lock of its own. */
#define DEFINE_STORM(kind)                                                                         \
	static struct spinlock_##kind kind##_lock;                                                 \
	static const struct lock_label kind##_label = LOCK_LABEL(#kind);                           \
	static void storm_##kind(void *argument)                                                   \
	{                                                                                          \
		(void)argument;                                                                    \
		for (unsigned turn = 0; turn < TURNS; turn++) {                                    \
			struct spin_wait wait = SPIN_WAIT("spinlock", &kind##_label);              \
                                                                                                   \
			if (!spinlock_##kind##_try_lock(&kind##_lock))                             \
				spinlock_##kind##_wait(&kind##_lock, &wait);                       \
			change_words();                                                            \
			spinlock_##kind##_unlock(&kind##_lock);                                    \
		}                                                                                  \
	}

DEFINE_STORM(queued)
DEFINE_STORM(mcs)
DEFINE_STORM(ticket)
DEFINE_STORM(tas)

HOST_TEST(queued)
{
	run_storm(storm_queued);
	CHECK(!spinlock_queued_is_locked(&queued_lock));
}

HOST_TEST(mcs)
{
	run_storm(storm_mcs);
	CHECK(!spinlock_mcs_is_locked(&mcs_lock));
}

HOST_TEST(ticket)
{
	run_storm(storm_ticket);
	CHECK(!spinlock_ticket_is_locked(&ticket_lock));
}

HOST_TEST(tas)
{
	run_storm(storm_tas);
	CHECK(!spinlock_tas_is_locked(&tas_lock));
}

/* The lock that users see, in all its forms. */
static struct spinlock lock = SPINLOCK_INITIALISER("host");

static void storm_wrapped(void *argument)
{
	(void)argument;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		unsigned long flags;

		switch (turn % 3) {
		case 0:
			spinlock_lock(&lock);
			change_words();
			spinlock_unlock(&lock);
			break;
		case 1:
			while (!spinlock_try_lock(&lock))
				cpu_relax();
			change_words();
			spinlock_unlock(&lock);
			break;
		default:
			flags = spinlock_lock_irqsave(&lock);
			if (interrupts_enabled() || !spinlock_held_here(&lock))
				abort();
			change_words();
			spinlock_unlock_irqrestore(&lock, flags);
		}
	}
}

HOST_TEST(chosen)
{
	run_storm(storm_wrapped);
	CHECK(!spinlock_held_here(&lock));
	CHECK_EQ(spinlocks_held(), 0);
	CHECK(interrupts_enabled());
}

static struct rwspinlock rwlock = RWSPINLOCK_INITIALISER("host");
static uint64_t writes; /* atomic */

static void read_words(bool may_wait)
{
	if (may_wait)
		rwspinlock_read_lock(&rwlock);
	else if (!rwspinlock_read_try_lock(&rwlock))
		return;
	if (value != ~complement)
		abort();
	rwspinlock_read_unlock(&rwlock);
}

static void write_words(bool may_wait)
{
	if (may_wait)
		rwspinlock_write_lock(&rwlock);
	else if (!rwspinlock_write_try_lock(&rwlock))
		return;
	change_words();
	rwspinlock_write_unlock(&rwlock);
	atomic_fetch_add_relaxed(&writes, 1);
}

static void storm_read_and_write(void *argument)
{
	(void)argument;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		if (turn % 4 == 0)
			write_words(turn % 8 == 0);
		else
			read_words(turn % 2 == 0);
	}
}

HOST_TEST(read_and_write)
{
	value = 0;
	complement = ~(uint64_t)0;
	host_cpus_run(storm_read_and_write, NULL);
	CHECK_EQ(value, writes);
	CHECK_EQ(rwlock.word, 0);
	CHECK_EQ(spinlocks_held(), 0);
}
