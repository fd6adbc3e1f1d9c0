/*
 * Runs litmus shapes. A round is a walk of several CPUs over an array of fresh cells, one cell a
 * try; rounds follow one another until there have been enough tries.
 *
 * CPUs that walked at their own speed would hardly ever be at the same cell together. So each one
 * says which try it begins and waits for the others, but never long: where the host has stopped a
 * virtual CPU, the others walk on, and it catches up without waiting. What is said and waited for
 * is relaxed: it orders nothing, and a shape stays as weak as it is. (With it the weak outcome of
 * store buffering comes in one try of ten, or at worst of a thousand; without, of tens of
 * thousands.)
 *
 * How far apart they start then, and whether a cell is in their caches, is left to chance.
 *
 * One run at a time; no locks. The boot CPU alone has the cells between rounds, and on_cpus()
 * orders that with the walks.
 */
#include <arch/cpu.h>
#include <boot/ordering.h>
#include <dev/clock.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

#define TRIES_PER_ROUND 1024

/* How often a CPU looks whether the others have come: a microsecond or so; longer at the start. */
#define POLLS 400
#define POLLS_AT_START (1 << 18)
/* On x86_64 QEMU leaves its translated code for a pause: who always paused would always be late. */
#define POLLS_PER_RELAX 128

#define CACHE_LINE 64

struct own_line {
	uint32_t word; /* atomic */
} __attribute__((aligned(CACHE_LINE)));

struct cell {
	struct own_line locations[2]; /* by enum ordering_location */
};

static struct cell cells[TRIES_PER_ROUND];

/* The try that each CPU of the shape has begun, from 1. */
static struct own_line begun[ORDERING_CPUS_MAX];

/* Each CPU's own during a walk. */
static uint8_t reads[ORDERING_CPUS_MAX][TRIES_PER_ROUND][2];
static struct random randoms[ORDERING_CPUS_MAX];

/* Constant during a walk, but met. */
static struct {
	const struct ordering_shape *shape;
	uint64_t cpus;
	unsigned rotation;   /* which of the CPUs is the shape's CPU 0 */
	unsigned delay_mask; /* the longest delay, a power of two less one */
	bool touch;          /* load each cell before its try */
	unsigned met;        /* counted by the shape's CPU 0 */
} round;

/* Until all others have begun this try, or for so many looks. Whether another is at it just now. */
static bool wait_for_others(unsigned self, uint32_t try, unsigned polls)
{
	for (unsigned poll = 1;; poll++) {
		bool all_here = true;
		bool together = false;

		for (unsigned cpu = 0; cpu < round.shape->family->cpus; cpu++) {
			uint32_t other = atomic_load_relaxed(&begun[cpu].word);

			if (cpu == self)
				continue;
			all_here &= other >= try;
			together |= other == try;
		}
		if (all_here || poll >= polls)
			return together;
		if (poll % POLLS_PER_RELAX == 0)
			cpu_relax();
	}
}

/* Brings a cell into this CPU's cache, shared: then a store to it takes long, and a load is short.
 */
static void touch(const struct cell *cell)
{
	uint32_t x = atomic_load_relaxed(&cell->locations[ORDERING_X].word);
	uint32_t y = atomic_load_relaxed(&cell->locations[ORDERING_Y].word);

	(void)x;
	(void)y;
}

static void wait_turns(unsigned turns)
{
	while (turns--)
		barrier();
}

/* What a CPU of the shape does in a round. */
static void walk_cells(unsigned self)
{
	const struct ordering_shape *shape = round.shape;
	unsigned first = shape->family->places[self].first;
	unsigned second = shape->family->places[self].second;
	unsigned met = 0;

	for (unsigned i = 0; i < TRIES_PER_ROUND; i++) {
		struct ordering_step step = {
			.first = &cells[i].locations[first].word,
			.second = &cells[i].locations[second].word,
			.value = shape->family->places[self].value,
		};
		unsigned delay = (unsigned)random_u64(&randoms[self]) & round.delay_mask;

		if (round.touch)
			touch(&cells[(i + 1) % TRIES_PER_ROUND]);
		atomic_store_relaxed(&begun[self].word, i + 1);
		met += wait_for_others(self, i + 1, i == 0 ? POLLS_AT_START : POLLS);
		wait_turns(delay);
		shape->steps[self](&step);
		reads[self][i][0] = (uint8_t)step.reads[0];
		reads[self][i][1] = (uint8_t)step.reads[1];
	}
	if (self == 0)
		round.met = met;
}

/* On each CPU of the round: which of the shape's it is follows from its place in the set. */
static void walk(void *unused)
{
	uint64_t before = round.cpus & (((uint64_t)1 << cpu_current()) - 1);
	unsigned place = (unsigned)__builtin_popcountll(before);

	(void)unused;
	walk_cells((place + round.rotation) % round.shape->family->cpus);
}

/* This CPU, and others by chance, until there are so many. */
static uint64_t choose_cpus(unsigned count, struct random *random)
{
	uint64_t chosen = (uint64_t)1 << cpu_current();
	uint64_t others = cpus_online() & ~chosen;

	for (unsigned i = 1; i < count; i++) {
		uint64_t left = others;

		for (uint64_t skip = random_below(random, (unsigned)__builtin_popcountll(others));
		     skip > 0; skip--)
			left &= left - 1;
		left &= -left;
		chosen |= left;
		others &= ~left;
	}
	return chosen;
}

static void prepare_round(const struct ordering_shape *shape, struct random *random)
{
	static const unsigned delay_masks[] = { 0, 3, 15, 63 };

	round.shape = shape;
	round.cpus = choose_cpus(shape->family->cpus, random);
	round.rotation = (unsigned)random_below(random, shape->family->cpus);
	round.delay_mask = delay_masks[random_below(random, ARRAY_SIZE(delay_masks))];
	round.touch = random_below(random, 2);
	for (unsigned cpu = 0; cpu < ORDERING_CPUS_MAX; cpu++) {
		atomic_store_relaxed(&begun[cpu].word, 0);
		random_seed(&randoms[cpu], random_u64(random));
	}
	for (unsigned i = 0; i < TRIES_PER_ROUND; i++) {
		atomic_store_relaxed(&cells[i].locations[ORDERING_X].word, 0);
		atomic_store_relaxed(&cells[i].locations[ORDERING_Y].word, 0);
	}
}

static unsigned observed_value(unsigned source, unsigned try)
{
	if (source < ORDERING_FINAL(ORDERING_X))
		return reads[source / 2][try][source % 2];
	return atomic_load_relaxed(&cells[try].locations[source - ORDERING_FINAL(ORDERING_X)].word);
}

static void count_outcomes(struct ordering_result *result)
{
	const struct ordering_family *family = round.shape->family;

	for (unsigned try = 0; try < TRIES_PER_ROUND; try++) {
		unsigned outcome = 0;
		bool weak = true;

		for (unsigned i = 0; i < family->observed_count; i++) {
			unsigned value = observed_value(family->observed[i], try);

			ASSERT(value < ORDERING_VALUES);
			outcome = outcome * ORDERING_VALUES + value;
			weak &= value == family->weak[i];
		}
		result->outcomes[outcome]++;
		result->weak += weak;
	}
	result->tries += TRIES_PER_ROUND;
	result->met += round.met;
}

static bool is_enough(const struct ordering_effort *effort, uint64_t ns,
		      const struct ordering_result *result)
{
	if (result->met >= effort->met || (effort->until_weak && result->weak > 0))
		return true;
	return ns >= (result->met < ORDERING_MET_MIN ? effort->patience_ns : effort->ns);
}

int ordering_run(const struct ordering_shape *shape, const struct ordering_effort *effort,
		 struct random *random, struct ordering_result *result)
{
	uint64_t start = clock_ns();

	memset(result, 0, sizeof(*result));
	if (cpus_online_count() < shape->family->cpus)
		return -ENODEV;
	do {
		prepare_round(shape, random);
		on_cpus(round.cpus, walk, NULL);
		count_outcomes(result);
	} while (!is_enough(effort, clock_ns() - start, result));
	return 0;
}
