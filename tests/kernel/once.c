/*
 * Once: exactly once, and nobody goes on before it is done.
 */
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/once.h>
#include <tests/kernel/storm.h>

#define ROUNDS 400
#define LINGER_NS 20000

struct round {
	struct once once;
	bool twin_done;
	volatile uint64_t made; /* by the function, plainly */
	uint32_t runs;          /* atomic */
	uint32_t said_so;       /* atomic: calls that said they ran it */
};

static struct round rounds[ROUNDS];
static uint32_t places[CPU_MAX]; /* each CPU's own: the next round */
static uint32_t early;           /* atomic: times that somebody went on before it was done */

static void make(void *argument)
{
	struct round *round = argument;

	storm_linger(LINGER_NS);
	atomic_fetch_add_relaxed(&round->runs, 1);
	round->made = 42;
}

static bool run_once(struct round *round)
{
	return once_run(&round->once, make, round);
}

/* Twin: looks whether it was done, then does it, in two steps. */
static bool twin_run_once(struct round *round)
{
	/* Acquire, pairs with twin_run_once in tests/kernel/once.c: what make() made. */
	if (atomic_load_acquire(&round->twin_done))
		return false;
	make(round);
	/* Release, pairs with twin_run_once in tests/kernel/once.c. */
	atomic_store_release(&round->twin_done, true);
	return true;
}

static void turn(void *argument)
{
	bool (*run)(struct round *) = *(bool (**)(struct round *))argument;
	uint32_t place = places[cpu_current()]++;
	struct round *round;

	if (place >= ROUNDS)
		return;
	round = &rounds[place];
	if (run(round))
		atomic_fetch_add_relaxed(&round->said_so, 1);
	if (round->made != 42)
		atomic_fetch_add_relaxed(&early, 1);
}

static struct storm storm;

/* The test body: whether anything was done twice, or not yet, or not said. */
static bool once_was_not_once(bool (*run)(struct round *))
{
	uint32_t wrong = 0;

	memset(rounds, 0, sizeof(rounds));
	memset(places, 0, sizeof(places));
	early = 0;
	for (unsigned i = 0; i < ROUNDS; i++)
		rounds[i].once = (struct once)ONCE_INITIALISER("round");
	storm = (struct storm){ .turn = turn, .argument = &run, .turns_each = ROUNDS };
	storm_run(&storm);
	for (unsigned i = 0; i < ROUNDS; i++)
		wrong += rounds[i].runs != 1 || rounds[i].said_so != 1;
	return wrong || early;
}

TEST(once, runs_exactly_once)
{
	for (unsigned i = 0; i < 5; i++)
		EXPECT(!once_was_not_once(run_once));
}

static bool catch_twin(void *argument)
{
	(void)argument;
	return once_was_not_once(twin_run_once);
}

TEST(once, broken_twin_runs_twice)
{
	if (cpus_online_count() == 1) {
		test_skip("one CPU comes once at a time");
		return;
	}
	EXPECT(storm_catches(catch_twin, NULL, "looks, then runs"));
}

static struct once within = ONCE_INITIALISER("within itself");

static void run_within(void *argument)
{
	once_run(&within, run_within, argument);
}

DEATH_TEST(once, runs_itself, "once within itself: CPU 0 runs it from within itself")
{
	run_within(NULL);
}
