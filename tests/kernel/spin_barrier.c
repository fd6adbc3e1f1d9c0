/*
 * The barrier for CPUs: nobody leaves before all have come, time after time.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/spin_barrier.h>
#include <tests/kernel/storm.h>

/* Every round needs every virtual CPU to run once: on a busy host that takes its time. */
#define ROUNDS 40

static struct spin_barrier barrier;

/* Twin: no generations. Right once; afterwards the count is high enough for ever. */
static bool twin_wait(struct spin_barrier *twin)
{
	bool last = atomic_fetch_add_relaxed(&twin->arrived, 1) + 1 == twin->expected;

	while (atomic_load_relaxed(&twin->arrived) < twin->expected)
		cpu_relax();
	return last;
}

static struct {
	bool (*wait)(struct spin_barrier *barrier);
	uint32_t rounds[CPU_MAX]; /* atomic: rounds that the CPU has come for */
	uint32_t lasts[ROUNDS];   /* atomic: CPUs that were told to be the last */
	uint32_t broken;          /* atomic: CPUs seen that had not come yet, or were ahead */
} run;

static void check_others(uint32_t round)
{
	/*
	 * Who has left the barrier may be at the next; who comes for it may not have left the one
	 * before.
	 */
	for_each_online_cpu(cpu) {
		uint32_t other = atomic_load_relaxed(&run.rounds[cpu]);

		if (other < round || other > round + 1)
			atomic_fetch_add_relaxed(&run.broken, 1);
	}
}

static void turn(void *argument)
{
	unsigned self = cpu_current();
	uint32_t round = atomic_load_relaxed(&run.rounds[self]) + 1;

	(void)argument;
	if (round > ROUNDS)
		return;
	storm_linger(self * 100);
	atomic_store_relaxed(&run.rounds[self], round);
	if (run.wait(&barrier))
		atomic_fetch_add_relaxed(&run.lasts[round - 1], 1);
	check_others(round);
}

static struct storm storm;

/* The test body: whether somebody was ahead or behind. */
static bool somebody_did_not_wait(bool (*wait)(struct spin_barrier *barrier))
{
	uint32_t wrong = 0;

	barrier = (struct spin_barrier)SPIN_BARRIER_INITIALISER("test", cpus_online_count());
	memset(&run, 0, sizeof(run));
	run.wait = wait;
	/* Nobody may leave the storm early: all must come to each round. */
	storm = (struct storm){ .turn = turn, .turns_each = ROUNDS };
	storm_run(&storm);
	for (unsigned i = 0; i < ROUNDS; i++)
		wrong += run.lasts[i] != 1;
	return run.broken || wrong;
}

TEST(spin_barrier, nobody_leaves_before_all_have_come)
{
	EXPECT(!somebody_did_not_wait(spin_barrier_wait));
	EXPECT_EQ(barrier.generation, ROUNDS);
	EXPECT_EQ(barrier.arrived, 0);
}

static bool catch_twin(void *argument)
{
	(void)argument;
	return somebody_did_not_wait(twin_wait);
}

TEST(spin_barrier, broken_twin_is_passed)
{
	if (cpus_online_count() == 1) {
		test_skip("one CPU waits for nobody");
		return;
	}
	EXPECT(storm_catches(catch_twin, NULL, "no generations"));
}

/* What was written before the barrier is there after it. */
static uint64_t plain[CPU_MAX];

static void write_and_meet(void *argument)
{
	(void)argument;
	for (uint64_t round = 1; round <= 10; round++) {
		plain[cpu_current()] = round;
		spin_barrier_wait(&barrier);
		for_each_online_cpu(cpu)
			if (plain[cpu] != round)
				test_fail(__FILE__, __LINE__,
					  "CPU %u sees CPU %u's word of another round",
					  cpu_current(), (unsigned)cpu);
		spin_barrier_wait(&barrier);
	}
}

TEST(spin_barrier, writes_before_are_seen_after)
{
	barrier = (struct spin_barrier)SPIN_BARRIER_INITIALISER("test", cpus_online_count());
	on_each_cpu(write_and_meet, NULL);
}
