/*
 * The benchmark runner: one line of output per figure, in a form that tools/bench.py reads:
 *
 *   BENCH name=suite.name kind=single per_op=123.45 unit=instructions ops=10000 cpus=1 ipis=0 tlb=0
 */
#include <arch/cpu.h>
#include <boot/bench.h>
#include <dev/clock.h>
#include <dev/console.h>
#include <dev/interrupt.h>
#include <lib/format.h>
#include <lib/glob.h>
#include <lib/string.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

extern const struct bench benches_start[];
extern const struct bench benches_end[];

/* Figures are printed in hundredths. */
#define HUNDREDTHS 100

struct events {
	uint64_t ipis;
	uint64_t invalidations;
};

/* Nanoseconds, or instructions, of an empty loop per hundred turns. */
static uint64_t empty_loop_hundredths;

/* A run on several CPUs: they wait for each other, then each notes its own end. */
struct parallel_run {
	const struct bench *bench;
	uint32_t expected;
	uint32_t arrived;       /* atomic */
	uint64_t start;         /* atomic: of the last to arrive, 0 before */
	uint64_t end;           /* atomic: of the last to finish */
	uint64_t done[CPU_MAX]; /* operations, each written by its CPU */
};

/* On how many CPUs the present one runs; constant while it does. */
static unsigned running_cpus = 1;

static struct events count_events(void)
{
	struct tlb_statistics tlb;
	struct events events = { 0 };

	tlb_statistics(&tlb);
	events.invalidations = tlb.requests;

	for_each_online_cpu(cpu)
		events.ipis += interrupt_event_count(INTERRUPT_IPI, (unsigned)cpu);
	return events;
}

static void __attribute__((noinline)) empty(uint64_t operations)
{
	BENCH_LOOP
	barrier();
}

/*
 * What a call of function takes. Interrupts stay enabled: a timer is not armed, and IPIs are part
 * of the price.
 */
static uint64_t time_call(void (*function)(uint64_t operations), uint64_t operations)
{
	uint64_t start = clock_ns();

	function(operations);
	return clock_ns() - start;
}

unsigned bench_cpus(void)
{
	return running_cpus;
}

/* suffix: of the name, for one figure of several. */
static void print_figure(const struct bench *bench, const char *suffix, uint64_t hundredths,
			 const char *unit, const struct events *before)
{
	static const char *const kinds[] = { "single", "parallel", "contest" };
	struct events after = count_events();

	console_print("BENCH name=%s.%s%s kind=%s per_op=%llu.%02llu unit=%s ops=%llu cpus=%u "
		      "ipis=%llu tlb=%llu\n",
		      bench->suite, bench->name, suffix, kinds[bench->kind],
		      (unsigned long long)(hundredths / HUNDREDTHS),
		      (unsigned long long)(hundredths % HUNDREDTHS), unit,
		      (unsigned long long)bench->operations, running_cpus,
		      (unsigned long long)(after.ipis - before->ipis),
		      (unsigned long long)(after.invalidations - before->invalidations));
}

static void run_single(const struct bench *bench)
{
	struct events before;
	uint64_t hundredths;

	/* Once to warm up: code is translated, lines and translations are there. */
	bench->function(bench->operations / 10 + 1);
	before = count_events();
	hundredths = time_call(bench->function, bench->operations) * HUNDREDTHS / bench->operations;
	print_figure(bench, "",
		     hundredths > empty_loop_hundredths ? hundredths - empty_loop_hundredths : 0,
		     "instructions", &before);
}

/* Raises *word to value. */
static void atomic_raise(uint64_t *word, uint64_t value)
{
	uint64_t old = atomic_load_relaxed(word);

	/* Relaxed: the callers' on_cpus() orders the result. */
	while (old < value && !atomic_compare_exchange_relaxed(word, &old, value))
		;
}

/* Returns the time at which the last of them came. */
static uint64_t meet_others(struct parallel_run *run)
{
	uint64_t start;

	/* Relaxed: a rendezvous in time alone; the operations order their own memory. */
	if (atomic_fetch_add_relaxed(&run->arrived, (uint32_t)1) + 1 == run->expected)
		atomic_store_relaxed(&run->start, clock_ns());
	while (!(start = atomic_load_relaxed(&run->start)))
		cpu_relax();
	return start;
}

static void run_share(void *argument)
{
	struct parallel_run *run = argument;
	uint64_t deadline = meet_others(run) + (uint64_t)BENCH_CONTEST_MS * NS_PER_MS;
	uint64_t done = 0;

	do {
		run->bench->function(run->bench->operations);
		done += run->bench->operations;
	} while (run->bench->kind == BENCH_KIND_CONTEST && clock_ns() < deadline);
	run->done[cpu_current()] = done;
	atomic_raise(&run->end, clock_ns());
}

static void print_run(const struct parallel_run *run, const struct events *before)
{
	uint64_t total = 0;
	uint64_t least = UINT64_MAX;

	for (unsigned cpu = 0; cpu < run->expected; cpu++) {
		total += run->done[cpu];
		least = run->done[cpu] < least ? run->done[cpu] : least;
	}
	print_figure(run->bench, "", (run->end - run->start) * HUNDREDTHS / total, "ns", before);
	if (run->bench->kind == BENCH_KIND_CONTEST)
		print_figure(run->bench, "_fairness",
			     least * run->expected * 100 * HUNDREDTHS / total, "percent", before);
}

static void run_parallel(const struct bench *bench)
{
	for (unsigned cpus = 1; cpus <= cpus_online_count(); cpus *= 2) {
		struct parallel_run run = { .bench = bench, .expected = cpus };
		struct events before = count_events();

		running_cpus = cpus;
		on_cpus(cpus == 64 ? UINT64_MAX : ((uint64_t)1 << cpus) - 1, run_share, &run);
		print_run(&run, &before);
	}
	running_cpus = 1;
}

void bench_run(const char *globs, bool counts_instructions)
{
	unsigned run = 0;

	empty_loop_hundredths = time_call(empty, BENCH_OPERATIONS) * HUNDREDTHS / BENCH_OPERATIONS;
	for (const struct bench *bench = benches_start; bench < benches_end; bench++) {
		char name[100];

		format_text(name, sizeof(name), "%s.%s", bench->suite, bench->name);
		if (!glob_match_list(globs, name) ||
		    (bench->kind != BENCH_KIND_SINGLE) == counts_instructions)
			continue;
		run++;
		if (bench->kind != BENCH_KIND_SINGLE)
			run_parallel(bench);
		else
			run_single(bench);
	}
	console_print("BENCH done: %u benchmarks\n", run);
}
