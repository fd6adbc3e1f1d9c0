/* sources: tests/host/cpus.c lib/format.c sync/spin/cpus.c sync/spin/percpu.c */
/* sources: sync/spin/lock_label.c sync/spin/spin_wait.c */
/* sources: sync/spin/spinlock.c sync/spin/spinlock_queued.c */
/* sources: sync/spin/spinlock_mcs.c sync/spin/spinlock_ticket.c sync/spin/spinlock_tas.c */
/* sources: sync/spin/seqlock.c sync/spin/once.c sync/spin/spin_barrier.c */
/* sources: sync/spin/percpu_counter.c */
/* sanitizer: thread */
/*
 * Sequence lock, once, barrier and counters under ThreadSanitizer.
 */
#include "cpus.h"
#include "host.h"
#include <arch/cpu.h>
#include <stdlib.h>
#include <sync/spin/cpus.h>
#include <sync/spin/once.h>
#include <sync/spin/percpu_counter.h>
#include <sync/spin/seqlock.h>
#include <sync/spin/spin_barrier.h>

#define TURNS 20000
#define WORDS 4

static struct seqlock seqlock = SEQLOCK_INITIALISER("host");
static uint64_t words[WORDS]; /* atomic: words[0] times its number, counted from 1 */
static uint64_t plain_writes; /* under seqlock, as a writer */
static uint32_t torn;         /* atomic */

static void write_words(void)
{
	uint64_t value;

	seqlock_write_lock(&seqlock);
	value = ++plain_writes;
	for (unsigned i = 0; i < WORDS; i++) {
		atomic_store_relaxed(&words[i], value * (i + 1));
		if (value % 32 == i)
			cpu_relax();
	}
	seqlock_write_unlock(&seqlock);
}

static void read_words(void)
{
	uint64_t copy[WORDS];
	uint32_t start;

	do {
		start = seqlock_read_begin(&seqlock);
		for (unsigned i = 0; i < WORDS; i++)
			copy[i] = atomic_load_relaxed(&words[i]);
	} while (seqlock_read_retry(&seqlock, start));
	for (unsigned i = 0; i < WORDS; i++)
		if (copy[i] != copy[0] * (i + 1))
			atomic_fetch_add_relaxed(&torn, 1);
}

static void storm_seqlock(void *argument)
{
	(void)argument;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		if (cpu_current() < 2)
			write_words();
		else
			read_words();
	}
}

HOST_TEST(sequence)
{
	host_cpus_run(storm_seqlock, NULL);
	CHECK_EQ(torn, 0);
	CHECK_EQ(plain_writes, 2 * TURNS);
	CHECK_EQ(seqlock.sequence, 2 * 2 * TURNS);
}

#define ROUNDS 2000

static struct {
	struct once once;
	uint64_t made;    /* plain, by the function */
	uint32_t said_so; /* atomic */
} rounds[ROUNDS];

static void make(void *argument)
{
	uint64_t *made = argument;

	cpu_relax();
	*made += 42;
}

static void storm_once(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (once_run(&rounds[i].once, make, &rounds[i].made))
			atomic_fetch_add_relaxed(&rounds[i].said_so, 1);
		if (rounds[i].made != 42)
			abort();
	}
}

HOST_TEST(exactly_once)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		rounds[i].once = (struct once)ONCE_INITIALISER("host");
	host_cpus_run(storm_once, NULL);
	for (unsigned i = 0; i < ROUNDS; i++)
		CHECK_EQ(rounds[i].said_so, 1);
}

static struct spin_barrier barrier = SPIN_BARRIER_INITIALISER("host", HOST_CPUS);
static uint64_t rounds_of[HOST_CPUS]; /* plain: each CPU's own between two barriers, everyone's
					 after */
static uint32_t lasts;                /* atomic */

static void storm_barrier(void *argument)
{
	(void)argument;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		rounds_of[cpu_current()] = round;
		if (spin_barrier_wait(&barrier))
			atomic_fetch_add_relaxed(&lasts, 1);
		for (unsigned cpu = 0; cpu < HOST_CPUS; cpu++)
			if (rounds_of[cpu] != round)
				abort();
		spin_barrier_wait(&barrier);
	}
}

HOST_TEST(all_meet)
{
	host_cpus_run(storm_barrier, NULL);
	CHECK_EQ(lasts, ROUNDS);
	CHECK_EQ(barrier.generation, 2 * ROUNDS);
}

static DEFINE_PERCPU_COUNTER(counter);

static void storm_counter(void *argument)
{
	(void)argument;
	for (unsigned turn = 0; turn < TURNS; turn++)
		percpu_counter_add(&counter, turn % 2 ? -1 : 3);
}

HOST_TEST(counts)
{
	host_cpus_run(storm_counter, NULL);
	CHECK_EQ(percpu_counter_sum(&counter), HOST_CPUS * TURNS);
}
