/*
 * The clock and the timers.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/interrupt.h>
#include <dev/timer.h>
#include <lib/bits.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

#define CLOCK_READS 20000

static void read_clock(void *argument)
{
	uint64_t last = 0;

	(void)argument;
	for (unsigned i = 0; i < CLOCK_READS; i++) {
		uint64_t now = clock_ns();

		if (now < last) {
			test_fail(__FILE__, __LINE__, "the clock went from %llu to %llu",
				  (unsigned long long)last, (unsigned long long)now);
			return;
		}
		last = now;
	}
}

TEST(timers, clock_never_goes_back_on_any_cpu)
{
	uint64_t before = clock_ns();

	on_each_cpu(read_clock, NULL);
	EXPECT_GT(clock_ns(), before);
}

/* The latest time that any CPU has read; atomic. */
static uint64_t latest;

static void hand_clock_around(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < CLOCK_READS; i++) {
		/*
		 * Acquire: the clock is read after another CPU's time has arrived. Pairs with the
		 * release below.
		 */
		uint64_t others = atomic_load_acquire(&latest);
		uint64_t now = clock_ns();

		if (now < others) {
			test_fail(__FILE__, __LINE__,
				  "CPU %u reads %llu after another CPU has read %llu",
				  cpu_current(), (unsigned long long)now,
				  (unsigned long long)others);
			return;
		}
		/*
		 * Release: pairs with the acquire above. A failed exchange has another CPU's newer
		 * time: leave it.
		 */
		atomic_compare_exchange_release(&latest, &others, now);
	}
}

TEST(timers, clock_never_goes_back_between_cpus)
{
	atomic_store_relaxed(&latest, 0);
	on_each_cpu(hand_clock_around, NULL);
}

/*
 * Against division by seconds and rest; the fixed-point factors are good for one part in a hundred
 * million.
 */
TEST(timers, counts_and_nanoseconds_agree)
{
	uint64_t hz = clock_counter_hz();

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t ns = random_u64(test_random()) >> (8 + random_below(test_random(), 50));
		uint64_t exact = ns / NS_PER_SECOND * hz + ns % NS_PER_SECOND * hz / NS_PER_SECOND;
		uint64_t count = clock_ns_to_count(ns) - clock_ns_to_count(0);

		ASSERT_LE(count, exact + exact / 100000000 + 8);
		ASSERT_GE(count + 8, exact);
		ASSERT_LE(count, clock_ns_to_count(ns + 1) - clock_ns_to_count(0));
	}
}

struct shot {
	struct timer timer;
	uint64_t deadline;
	uint64_t fired_at; /* atomic: 0 until it has */
	uint32_t fired;    /* atomic */
	uint32_t cpu;
	uint32_t order;
};

static uint32_t shots_fired; /* atomic */

static void fire(struct timer *timer)
{
	struct shot *shot = container_of(timer, struct shot, timer);

	shot->cpu = cpu_current();
	shot->order = atomic_fetch_add_relaxed(&shots_fired, (uint32_t)1);
	atomic_fetch_add_relaxed(&shot->fired, (uint32_t)1);
	/*
	 * Release: the rest before the time that says it is there. Pairs with the acquire in
	 * wait_for_shot.
	 */
	atomic_store_release(&shot->fired_at, clock_ns());
}

static void start_shot(void *argument)
{
	struct shot *shot = argument;

	shot->timer.function = fire;
	timer_start(&shot->timer, shot->deadline);
}

static void wait_for_shot(struct shot *shot)
{
	/* Acquire: pairs with the release in fire. The test's deadline ends a wait in vain. */
	while (!atomic_load_acquire(&shot->fired_at))
		cpu_relax();
}

TEST(timers, never_early_on_any_cpu)
{
	for_each_online_cpu(cpu) {
		for (unsigned i = 0; i < 20; i++) {
			struct shot shot = { .deadline = clock_ns() + random_below(test_random(),
										   3 * NS_PER_MS) };

			on_cpu((unsigned)cpu, start_shot, &shot);
			wait_for_shot(&shot);
			EXPECT_GE(shot.fired_at, shot.deadline);
			EXPECT_EQ(shot.cpu, cpu);
			EXPECT_EQ(shot.fired, 1);
		}
	}
}

#define SHOTS 16

TEST(timers, many_fire_in_the_order_of_their_deadlines)
{
	static struct shot shots[SHOTS];
	uint64_t now = clock_ns();

	memset(shots, 0, sizeof(shots));
	atomic_store_relaxed(&shots_fired, 0);
	for (unsigned i = 0; i < SHOTS; i++) {
		/*
		 * All are later than any start, in an order that is not theirs: 7 and 16 have no
		 * common divisor.
		 */
		shots[i].deadline = now + 50 * NS_PER_MS + i * 7 % SHOTS * NS_PER_MS;
		on_cpu(0, start_shot, &shots[i]);
	}
	for (unsigned i = 0; i < SHOTS; i++) {
		wait_for_shot(&shots[i]);
		EXPECT_GE(shots[i].fired_at, shots[i].deadline);
		EXPECT_EQ(shots[i].order, i * 7 % SHOTS);
	}
}

TEST(timers, past_deadline_fires_at_once)
{
	struct shot shot = { .deadline = 0 };

	on_cpu(0, start_shot, &shot);
	wait_for_shot(&shot);
	EXPECT_EQ(shot.fired, 1);
}

TEST(timers, cancelled_does_not_fire)
{
	struct shot cancelled = { .deadline = clock_ns() + 100 * NS_PER_MS };
	struct shot later = { .deadline = clock_ns() + 110 * NS_PER_MS };

	on_cpu(0, start_shot, &cancelled);
	on_cpu(0, start_shot, &later);
	if (!timer_cancel(&cancelled.timer)) {
		/* The host may have stopped this CPU for longer than the deadline. */
		wait_for_shot(&cancelled);
		wait_for_shot(&later);
		test_skip("the timer fired before it could be cancelled");
		return;
	}
	EXPECT(!timer_cancel(&cancelled.timer));
	wait_for_shot(&later);
	EXPECT_EQ(cancelled.fired, 0);
}

/* A timer that starts itself again from its own function. */
struct metronome {
	struct timer timer;
	uint32_t beats; /* atomic */
};

static void beat(struct timer *timer)
{
	struct metronome *metronome = container_of(timer, struct metronome, timer);

	if (atomic_fetch_add_relaxed(&metronome->beats, (uint32_t)1) < 9)
		timer_start(timer, timer->deadline_ns + NS_PER_MS / 2);
}

TEST(timers, timer_may_start_itself_again)
{
	struct metronome metronome = { .timer.function = beat };
	uint64_t start = clock_ns();

	timer_start(&metronome.timer, start + NS_PER_MS / 2);
	while (atomic_load_relaxed(&metronome.beats) < 10)
		cpu_relax();
	EXPECT_GE(clock_ns() - start, 5 * NS_PER_MS);
}

TEST(timers, idle_cpus_take_no_ticks)
{
	uint64_t before[CPU_MAX] = { 0 };
	struct shot shot = { .deadline = clock_ns() + 30 * NS_PER_MS };

	for_each_online_cpu(cpu)
		before[cpu] = interrupt_event_count(INTERRUPT_TIMER, (unsigned)cpu);
	on_cpu(0, start_shot, &shot);
	wait_for_shot(&shot);
	/* The others have had no timer: at most one interrupt that was on its way. */
	for_each_online_cpu(other)
		if (other != 0)
			EXPECT_LE(interrupt_event_count(INTERRUPT_TIMER, (unsigned)other),
				  before[other] + 1);
}
