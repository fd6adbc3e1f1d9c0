/* sources: tests/host/cpus.c lib/format.c sync/spin/cpus.c sync/spin/percpu.c */
/* sources: sync/spin/lock_label.c sync/spin/spin_wait.c */
/* sanitizer: thread */
/*
 * Broken twins of the locks, made of their very sources: every release among the atomics is
 * relaxed, or every acquire. ThreadSanitizer must report each, and nothing when neither is. On an
 * x86 host they run as well as the real ones, so nothing else here would see it.
 */
#include "cpus.h"
#include "host.h"
#include <arch/cpu.h>
#include <sync/spin/atomic.h>

/* Which half is missing, if any; constant while threads run. */
static enum { NOTHING, NO_ACQUIRE, NO_RELEASE } missing;

#define WEAKER(half, weak, strong) (missing == (half) ? (weak) : (strong))
#define WEAKER_VOID(half, weak, strong)                                                            \
	do {                                                                                       \
		if (missing == (half))                                                             \
			weak;                                                                      \
		else                                                                               \
			strong;                                                                    \
	} while (0)

#define WEAKER_BOTH(operation, ...)                                                                \
	WEAKER(NO_ACQUIRE, operation(release, __VA_ARGS__),                                        \
	       WEAKER(NO_RELEASE, operation(acquire, __VA_ARGS__),                                 \
		      operation(acq_rel, __VA_ARGS__)))

#define EXCHANGE(order, p, value) ATOMIC_MODIFY(exchange_##order, p, value)
#define FETCH_ADD(order, p, value) ATOMIC_MODIFY(fetch_add_##order, p, value)
#define FETCH_SUB(order, p, value) ATOMIC_MODIFY(fetch_sub_##order, p, value)
#define COMPARE(order, p, expected, desired)                                                       \
	ATOMIC_COMPARE(compare_exchange_##order, p, expected, desired)

#undef atomic_load_acquire
#undef atomic_store_release
#undef atomic_exchange_acquire
#undef atomic_exchange_acq_rel
#undef atomic_fetch_add_acquire
#undef atomic_fetch_add_acq_rel
#undef atomic_fetch_sub_release
#undef atomic_compare_exchange_acquire
#undef atomic_compare_exchange_release
#undef atomic_compare_exchange_acq_rel
#undef atomic_compare_exchange_weak_acquire
#undef atomic_compare_exchange_weak_acq_rel

#define atomic_load_acquire(p) WEAKER(NO_ACQUIRE, ATOMIC_LOAD(p, relaxed), ATOMIC_LOAD(p, acquire))
#define atomic_store_release(p, value)                                                             \
	WEAKER_VOID(NO_RELEASE, ATOMIC_STORE(p, value, relaxed), ATOMIC_STORE(p, value, release))
#define atomic_exchange_acquire(p, value)                                                          \
	WEAKER(NO_ACQUIRE, EXCHANGE(relaxed, p, value), EXCHANGE(acquire, p, value))
#define atomic_exchange_acq_rel(p, value) WEAKER_BOTH(EXCHANGE, p, value)
#define atomic_fetch_add_acquire(p, value)                                                         \
	WEAKER(NO_ACQUIRE, FETCH_ADD(relaxed, p, value), FETCH_ADD(acquire, p, value))
#define atomic_fetch_add_acq_rel(p, value) WEAKER_BOTH(FETCH_ADD, p, value)
#define atomic_fetch_sub_release(p, value)                                                         \
	WEAKER(NO_RELEASE, FETCH_SUB(relaxed, p, value), FETCH_SUB(release, p, value))
#define atomic_compare_exchange_acquire(p, expected, desired)                                      \
	WEAKER(NO_ACQUIRE, COMPARE(relaxed, p, expected, desired),                                 \
	       COMPARE(acquire, p, expected, desired))
#define atomic_compare_exchange_release(p, expected, desired)                                      \
	WEAKER(NO_RELEASE, COMPARE(relaxed, p, expected, desired),                                 \
	       COMPARE(release, p, expected, desired))
#define atomic_compare_exchange_acq_rel(p, expected, desired)                                      \
	WEAKER_BOTH(COMPARE, p, expected, desired)
#define atomic_compare_exchange_weak_acquire atomic_compare_exchange_acquire
#define atomic_compare_exchange_weak_acq_rel atomic_compare_exchange_acq_rel

/* The sources, with those orders. */
#include "../../sync/spin/once.c"
#include "../../sync/spin/rwspinlock.c"
#include "../../sync/spin/spin_barrier.c"
#include "../../sync/spin/spinlock.c"
#include "../../sync/spin/spinlock_mcs.c"
#include "../../sync/spin/spinlock_queued.c"
#include "../../sync/spin/spinlock_tas.c"
#include "../../sync/spin/spinlock_ticket.c"

/*
 * Few turns, and many processes: ThreadSanitizer reports a race only while it still has the history
 * of the earlier access, and a thread that releases nothing looks to it like one long stretch.
 */
#define TURNS 300
#define ATTEMPTS 50

/* Plain, under the lock of the test. */
static uint64_t value;

/* A read that the compiler does not leave out. */
static void read_plainly(const uint64_t *word)
{
	volatile uint64_t copy = *word;

	(void)copy;
}

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
			value++;                                                                   \
			spinlock_##kind##_unlock(&kind##_lock);                                    \
		}                                                                                  \
	}

DEFINE_STORM(queued)
DEFINE_STORM(mcs)
DEFINE_STORM(ticket)
DEFINE_STORM(tas)

static struct rwspinlock rwlock = RWSPINLOCK_INITIALISER("twin");

static void storm_read_and_write(void *argument)
{
	(void)argument;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		if (turn % 4 == 0) {
			rwspinlock_write_lock(&rwlock);
			value++;
			rwspinlock_write_unlock(&rwlock);
		} else {
			rwspinlock_read_lock(&rwlock);
			read_plainly(&value);
			rwspinlock_read_unlock(&rwlock);
		}
	}
}

static struct {
	struct once once;
	uint64_t made; /* plain, by the function */
} rounds[TURNS];

static void make(void *argument)
{
	*(uint64_t *)argument = 42;
}

static void storm_once(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < TURNS; i++) {
		once_run(&rounds[i].once, make, &rounds[i].made);
		read_plainly(&rounds[i].made);
	}
}

static struct spin_barrier barrier = SPIN_BARRIER_INITIALISER("twin", HOST_CPUS);

static void storm_barrier(void *argument)
{
	(void)argument;
	for (unsigned round = 0; round < TURNS / 10; round++) {
		if (round % HOST_CPUS == cpu_current())
			value++;
		spin_barrier_wait(&barrier);
	}
}

static bool is_caught(void (*storm)(void *argument))
{
	for (unsigned i = 0; i < ATTEMPTS; i++)
		if (host_cpus_race(storm, NULL))
			return true;
	return false;
}

static void catch_both(void (*storm)(void *argument))
{
	missing = NOTHING;
	CHECK(!host_cpus_race(storm, NULL));
	missing = NO_ACQUIRE;
	CHECK(is_caught(storm));
	missing = NO_RELEASE;
	CHECK(is_caught(storm));
}

HOST_TEST(queued)
{
	catch_both(storm_queued);
}

HOST_TEST(mcs)
{
	catch_both(storm_mcs);
}

HOST_TEST(ticket)
{
	catch_both(storm_ticket);
}

HOST_TEST(tas)
{
	catch_both(storm_tas);
}

HOST_TEST(read_and_write)
{
	catch_both(storm_read_and_write);
}

HOST_TEST(exactly_once)
{
	catch_both(storm_once);
}

HOST_TEST(all_meet)
{
	catch_both(storm_barrier);
}
