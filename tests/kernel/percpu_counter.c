/*
 * Per-CPU counters: no count is lost, to other CPUs or to interrupts.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu_counter.h>
#include <tests/kernel/storm.h>

#define PERIOD_NS 50000
#define LINGER_NS 300

static DEFINE_PERCPU_COUNTER(counter);

/* Twins, all counted in steps that others may come between. */
static volatile uint64_t shared_twin;
static DEFINE_PER_CPU(volatile uint64_t, percpu_twin);

struct counter_kind {
	const char *name;
	void (*add)(void);
	uint64_t (*sum)(void);
};

static void add_real(void)
{
	percpu_counter_add(&counter, 1);
}

static uint64_t sum_real(void)
{
	return percpu_counter_sum(&counter);
}

static void add_shared(void)
{
	uint64_t value = shared_twin;

	storm_linger(LINGER_NS);
	shared_twin = value + 1;
}

static uint64_t sum_shared(void)
{
	return shared_twin;
}

static void add_percpu(void)
{
	uint64_t value = this_cpu(percpu_twin);

	storm_linger(LINGER_NS);
	this_cpu(percpu_twin) = value + 1;
}

static uint64_t sum_percpu(void)
{
	uint64_t sum = 0;

	for_each_online_cpu(cpu)
		sum += per_cpu(percpu_twin, (unsigned)cpu);
	return sum;
}

static const struct counter_kind real = { "counter", add_real, sum_real };
static const struct counter_kind twins[] = {
	{ "one word, in two steps", add_shared, sum_shared },
	{ "a word per CPU, in two steps", add_percpu, sum_percpu },
};

/* The boot CPU's timer counts, too, in the midst of its turns. */
static struct timer timer;
static const struct counter_kind *timer_counts;
static uint64_t timer_turns;

static void count_in_handler(struct timer *fired)
{
	timer_counts->add();
	timer_turns++;
	timer_start(fired, clock_ns() + PERIOD_NS);
}

static void turn(void *argument)
{
	const struct counter_kind *kind = argument;

	kind->add();
}

static struct storm storm;

/* The test body: whether counts are missing. */
static bool counts_are_missing(const struct counter_kind *kind)
{
	uint64_t before = kind->sum();

	storm = (struct storm){ .turn = turn, .argument = (void *)(uintptr_t)kind, .ms = 100 };
	timer_counts = kind;
	timer_turns = 0;
	timer.function = count_in_handler;
	timer_start(&timer, clock_ns());
	storm_run(&storm);
	timer_cancel(&timer);
	return kind->sum() - before != storm_total(&storm) + timer_turns;
}

TEST(percpu_counter, no_count_is_lost)
{
	uint64_t interrupts = 0;

	for (unsigned i = 0; i < 5 || (interrupts == 0 && i < 100); i++) {
		EXPECT(!counts_are_missing(&real));
		interrupts += timer_turns;
	}
	EXPECT_GT(interrupts, 0);
	test_note("%llu counts by interrupts", (unsigned long long)interrupts);
}

static bool catch_twin(void *argument)
{
	return counts_are_missing(argument);
}

/* On one CPU the interrupts suffice. */
TEST(percpu_counter, broken_twins_lose_counts)
{
	for (unsigned i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		EXPECT(storm_catches(catch_twin, (void *)(uintptr_t)&twins[i], twins[i].name));
}

TEST(percpu_counter, amounts_may_be_negative)
{
	uint64_t before = percpu_counter_sum(&counter);

	percpu_counter_add(&counter, 1000);
	EXPECT_EQ(percpu_counter_sum(&counter), before + 1000);
	percpu_counter_add(&counter, -1500);
	EXPECT_EQ(percpu_counter_sum(&counter), before - 500);
	percpu_counter_add(&counter, 500);
	EXPECT_EQ(percpu_counter_sum(&counter), before);
}
