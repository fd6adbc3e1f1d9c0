/*
 * Benchmarks: BENCH(suite, name) { … } registers a function that is timed, in the way TEST()
 * registers a test.
 *
 * The function runs its operation `operations` times. On one CPU under QEMU's -icount the clock
 * counts guest instructions, so a figure repeats to the digit; the boot argument clock=icount says
 * so, and only then the unit is "instructions". The cost of an empty loop is measured in the same
 * run and taken off. tools/bench.py makes the table and build/<arch>/bench.json of what bench_run()
 * prints.
 */
#ifndef BOOT_BENCH_H
#define BOOT_BENCH_H

#include <stdbool.h>
#include <stdint.h>

enum bench_kind {
	BENCH_KIND_SINGLE,   /* runs once, on the boot CPU */
	BENCH_KIND_PARALLEL, /* on 1, 2, 4 … CPUs at once, which each do the operations */
	BENCH_KIND_CONTEST,  /* the same, but again and again until the time is up */
};

struct bench {
	char suite[32];
	char name[64];
	void (*function)(uint64_t operations);
	uint64_t operations;
	uint32_t kind; /* enum bench_kind */
	uint32_t zero;
	char more[8];
};

_Static_assert(sizeof(struct bench) == 128, "records stand in an array");

#define BENCH_RECORD(suite_, name_, operations_, kind_)                                            \
	static void bench_##suite_##_##name_(uint64_t operations);                                 \
	static const struct bench bench_record_##suite_##_##name_                                  \
		__attribute__((used, aligned(64), section(".benches." #suite_ "." #name_))) = {    \
			.suite = #suite_,                                                          \
			.name = #name_,                                                            \
			.function = bench_##suite_##_##name_,                                      \
			.operations = operations_,                                                 \
			.kind = kind_,                                                             \
		};                                                                                 \
	static void bench_##suite_##_##name_(uint64_t operations)

#define BENCH_OPERATIONS 10000

/* One CPU, instructions per operation. */
#define BENCH(suite, name) BENCH_RECORD(suite, name, BENCH_OPERATIONS, BENCH_KIND_SINGLE)

/* Several CPUs at once: throughput against one CPU, in the same run. Never under -icount. */
#define BENCH_PARALLEL(suite, name, operations)                                                    \
	BENCH_RECORD(suite, name, operations, BENCH_KIND_PARALLEL)

/*
 * Several CPUs for BENCH_CONTEST_MS, doing so many operations between two looks at the clock. Two
 * figures: the time per operation of all of them together, and, as name_fairness, what the CPU that
 * came off worst did, in percent of an equal share. Never under -icount.
 */
#define BENCH_CONTEST(suite, name, operations)                                                     \
	BENCH_RECORD(suite, name, operations, BENCH_KIND_CONTEST)
#define BENCH_CONTEST_MS 200

/* The loop whose empty form is taken off. */
#define BENCH_LOOP for (uint64_t bench_i = operations; bench_i != 0; bench_i--)

/* In the function of one for several CPUs: how many run it now. */
unsigned bench_cpus(void);

/*
 * Runs what the globs select of those that fit the way the machine runs: with counted instructions
 * the ones for one CPU, else the parallel ones. Boot CPU.
 */
void bench_run(const char *globs, bool counts_instructions);

#endif
