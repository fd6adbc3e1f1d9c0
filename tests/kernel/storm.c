/*
 * Storms; tests/kernel/storm.h says what they are for.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>
#include <tests/kernel/storm.h>

/* The one that runs; constant while it does. */
static struct storm *current;
static uint64_t storm_cpus;
static uint32_t arrived; /* atomic */
static uint32_t left;    /* atomic */

static DEFINE_PER_CPU(struct timer, storm_timer);

static bool everyone_has_enough(void)
{
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		if ((storm_cpus >> cpu & 1) &&
		    atomic_load_relaxed(&current->turns[cpu]) < current->turns_each)
			return false;
	return true;
}

static void run_share(void)
{
	unsigned self = cpu_current();
	uint64_t end;
	uint64_t turns = 0;

	/* Relaxed: a rendezvous in time alone. */
	atomic_fetch_add_relaxed(&arrived, 1);
	while (atomic_load_relaxed(&arrived) < cpus_online_count())
		cpu_relax();
	end = clock_ns() + current->ms * NS_PER_MS;
	do {
		current->turn(current->argument);
		atomic_store_relaxed(&current->turns[self], ++turns);
	} while (clock_ns() < end || !everyone_has_enough());
	/* Release, pairs with storm_run in tests/kernel/storm.c: all that the turns did. */
	atomic_fetch_add_release(&left, 1);
}

static void timer_fired(struct timer *timer)
{
	(void)timer;
	run_share();
}

static void start_share(void *argument)
{
	(void)argument;
	this_cpu(storm_timer).function = timer_fired;
	timer_start(&this_cpu(storm_timer), clock_ns());
}

void storm_run(struct storm *storm)
{
	current = storm;
	storm_cpus = cpus_online();
	memset(storm->turns, 0, sizeof(storm->turns));
	atomic_store_relaxed(&arrived, 0);
	atomic_store_relaxed(&left, 0);
	on_cpus(storm_cpus & ~(uint64_t)1, start_share, NULL);
	run_share();
	/* Acquire, pairs with run_share in tests/kernel/storm.c: all that the turns did. */
	while (atomic_load_acquire(&left) < cpus_online_count())
		cpu_relax();
}

uint64_t storm_total(const struct storm *storm)
{
	uint64_t total = 0;

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		total += storm->turns[cpu];
	return total;
}

void storm_linger(uint64_t ns)
{
	uint64_t end = clock_ns() + ns;

	while (clock_ns() < end)
		cpu_relax();
}

bool storm_catches(bool (*attempt)(void *argument), void *argument, const char *twin)
{
	uint64_t deadline = clock_ns() + STORM_PATIENCE_NS;
	unsigned attempts = 0;

	do {
		attempts++;
		if (attempt(argument)) {
			test_note("%s: caught in attempt %u", twin, attempts);
			return true;
		}
	} while (clock_ns() < deadline);
	test_note("%s: not caught in %u attempts", twin, attempts);
	return false;
}
