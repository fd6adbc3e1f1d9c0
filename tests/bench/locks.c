/*
 * What the spinning locks cost: alone on one CPU, and contended.
 *
 * Contended, each CPU takes the lock, changes two words in it, and pauses before it comes again.
 */
#include <boot/bench.h>
#include <stddef.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/once.h>
#include <sync/spin/percpu_counter.h>
#include <sync/spin/rwspinlock.h>
#include <sync/spin/seqlock.h>
#include <sync/spin/spin_barrier.h>
#include <sync/spin/spinlock.h>

static struct spinlock lock = SPINLOCK_INITIALISER("bench");
static struct rwspinlock rwlock = RWSPINLOCK_INITIALISER("bench");
static struct seqlock sequence = SEQLOCK_INITIALISER("bench");
static struct once once = ONCE_INITIALISER("bench");
/* For 1, 2, 4 … CPUs. */
static struct spin_barrier barriers[] = {
	SPIN_BARRIER_INITIALISER("bench", 1),  SPIN_BARRIER_INITIALISER("bench", 2),
	SPIN_BARRIER_INITIALISER("bench", 4),  SPIN_BARRIER_INITIALISER("bench", 8),
	SPIN_BARRIER_INITIALISER("bench", 16), SPIN_BARRIER_INITIALISER("bench", 32),
	SPIN_BARRIER_INITIALISER("bench", 64),
};
static DEFINE_PERCPU_COUNTER(counter);
static uint64_t words[2];

BENCH(sync, spinlock)
{
	BENCH_LOOP
	{
		spinlock_lock(&lock);
		spinlock_unlock(&lock);
	}
}

BENCH(sync, spinlock_irqsave)
{
	BENCH_LOOP
	{
		unsigned long flags = spinlock_lock_irqsave(&lock);

		spinlock_unlock_irqrestore(&lock, flags);
	}
}

BENCH(sync, spinlock_try)
{
	BENCH_LOOP
	if (spinlock_try_lock(&lock))
		spinlock_unlock(&lock);
}

BENCH(sync, rwspinlock_read)
{
	BENCH_LOOP
	{
		rwspinlock_read_lock(&rwlock);
		rwspinlock_read_unlock(&rwlock);
	}
}

BENCH(sync, rwspinlock_write)
{
	BENCH_LOOP
	{
		rwspinlock_write_lock(&rwlock);
		rwspinlock_write_unlock(&rwlock);
	}
}

BENCH(sync, seqlock_read_two_words)
{
	BENCH_LOOP
	{
		uint32_t start;

		do {
			start = seqlock_read_begin(&sequence);
			atomic_load_relaxed(&words[0]);
			atomic_load_relaxed(&words[1]);
		} while (seqlock_read_retry(&sequence, start));
	}
}

BENCH(sync, seqlock_write_two_words)
{
	BENCH_LOOP
	{
		seqlock_write_lock(&sequence);
		atomic_store_relaxed(&words[0], bench_i);
		atomic_store_relaxed(&words[1], bench_i);
		seqlock_write_unlock(&sequence);
	}
}

static void do_nothing(void *argument)
{
	(void)argument;
}

BENCH(sync, once_done)
{
	BENCH_LOOP
	once_run(&once, do_nothing, NULL);
}

BENCH(sync, percpu_counter_add)
{
	BENCH_LOOP
	percpu_counter_add(&counter, 1);
}

BENCH(sync, percpu_counter_sum)
{
	BENCH_LOOP
	percpu_counter_sum(&counter);
}

BENCH(sync, spin_barrier_alone)
{
	BENCH_LOOP
	spin_barrier_wait(&barriers[0]);
}

/* Sections between two looks at the clock. */
#define CONTEST_BATCH 16
#define PAUSE_AFTER_SECTION 4

static void pause_after_section(void)
{
	for (unsigned i = 0; i < PAUSE_AFTER_SECTION; i++)
		cpu_relax();
}

static void work(void)
{
	words[0]++;
	words[1] += words[0];
}

/* An implementation by its own name: alone, and in a contest. */
#define BENCH_SPINLOCK(kind)                                                                       \
	static struct spinlock_##kind kind##_lock;                                                 \
	static const struct lock_label kind##_label = LOCK_LABEL("bench " #kind);                  \
	static inline void lock_##kind(void)                                                       \
	{                                                                                          \
		struct spin_wait wait = SPIN_WAIT("spinlock", &kind##_label);                      \
                                                                                                   \
		if (!spinlock_##kind##_try_lock(&kind##_lock))                                     \
			spinlock_##kind##_wait(&kind##_lock, &wait);                               \
	}                                                                                          \
	BENCH(sync, spinlock_##kind)                                                               \
	{                                                                                          \
		BENCH_LOOP                                                                         \
		{                                                                                  \
			if (!spinlock_##kind##_try_lock(&kind##_lock))                             \
				return;                                                            \
			spinlock_##kind##_unlock(&kind##_lock);                                    \
		}                                                                                  \
	}                                                                                          \
	BENCH_CONTEST(sync, contended_##kind, CONTEST_BATCH)                                       \
	{                                                                                          \
		BENCH_LOOP                                                                         \
		{                                                                                  \
			lock_##kind();                                                             \
			work();                                                                    \
			spinlock_##kind##_unlock(&kind##_lock);                                    \
			pause_after_section();                                                     \
		}                                                                                  \
	}

BENCH_SPINLOCK(queued)
BENCH_SPINLOCK(mcs)
BENCH_SPINLOCK(ticket)
BENCH_SPINLOCK(tas)

BENCH_CONTEST(sync, contended_rwspinlock_read, CONTEST_BATCH)
{
	BENCH_LOOP
	{
		rwspinlock_read_lock(&rwlock);
		rwspinlock_read_unlock(&rwlock);
	}
}

BENCH_CONTEST(sync, contended_rwspinlock_write, CONTEST_BATCH)
{
	BENCH_LOOP
	{
		rwspinlock_write_lock(&rwlock);
		work();
		rwspinlock_write_unlock(&rwlock);
		pause_after_section();
	}
}

/* CPU 0 writes, the others read. */
BENCH_CONTEST(sync, contended_seqlock, CONTEST_BATCH)
{
	BENCH_LOOP
	{
		uint32_t start;

		if (cpu_current() == 0) {
			seqlock_write_lock(&sequence);
			atomic_store_relaxed(&words[0], bench_i);
			atomic_store_relaxed(&words[1], bench_i);
			seqlock_write_unlock(&sequence);
			pause_after_section();
			continue;
		}
		do {
			start = seqlock_read_begin(&sequence);
			atomic_load_relaxed(&words[0]);
			atomic_load_relaxed(&words[1]);
		} while (seqlock_read_retry(&sequence, start));
	}
}

BENCH_CONTEST(sync, contended_percpu_counter, 1000)
{
	BENCH_LOOP
	percpu_counter_add(&counter, 1);
}

/* The same in one word for all, to compare. */
BENCH_CONTEST(sync, contended_shared_counter, 1000)
{
	BENCH_LOOP
	atomic_fetch_add_relaxed(&words[0], 1);
}

/* Each round needs every CPU to run. */
BENCH_PARALLEL(sync, spin_barrier_round, 200)
{
	struct spin_barrier *barrier = &barriers[__builtin_ctz(bench_cpus())];

	BENCH_LOOP
	spin_barrier_wait(barrier);
}
