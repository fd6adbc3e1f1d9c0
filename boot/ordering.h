/*
 * Ordering, seen on the machine: litmus shapes, run by the CPUs at once, and what came of them held
 * against what the machine's memory model says.
 *
 * A shape is a family (who accesses which of the two locations x and y, and which outcome would be
 * weak: impossible if the CPUs took turns) and the means, if any, that each CPU takes to keep its
 * two accesses in order. boot/ordering_shapes.c is the table of all, boot/ordering_run.c runs them.
 * For the tests (tests/kernel/ordering.c) and the monitor's `barriers run`.
 *
 * "Allowed, not seen" is not "forbidden": TCG on an x86 host shows no reordering but a store with a
 * later load (SB and R), whatever machine it emulates. So what a test proves here is that a
 * forbidden outcome is not produced, and for SB and R besides that the same try without the fence
 * produces it.
 */
#ifndef BOOT_ORDERING_H
#define BOOT_ORDERING_H

#include <lib/random.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDERING_CPUS_MAX 4
#define ORDERING_OBSERVED_MAX 4
#define ORDERING_VALUES 3 /* locations hold 0, 1 or 2 */
#define ORDERING_OUTCOMES_MAX 81
#define ORDERING_TEXT_MAX 128

/* What one CPU does in one try. The locations are atomic words. */
struct ordering_step {
	uint32_t *first;
	uint32_t *second;
	uint32_t value;    /* what the first access stores, if it is a store; the second stores 1 */
	uint32_t reads[2]; /* what was loaded, in the order of the program */
};

enum ordering_location { ORDERING_X, ORDERING_Y };

/* What an outcome is made of: what a CPU loaded, or what a location holds when all are done. */
#define ORDERING_READ(cpu, index) (2 * (cpu) + (index))
#define ORDERING_FINAL(location) (2 * ORDERING_CPUS_MAX + (location))

struct ordering_family {
	const char *name;
	const char *program; /* for people; | stands between CPUs */
	unsigned cpus;
	struct {
		uint8_t first; /* enum ordering_location */
		uint8_t second;
		uint8_t value;
	} places[ORDERING_CPUS_MAX];
	unsigned observed_count;
	uint8_t observed[ORDERING_OBSERVED_MAX]; /* ORDERING_READ(), ORDERING_FINAL() */
	uint8_t weak[ORDERING_OBSERVED_MAX];     /* the values that make the outcome weak */
};

/* The machines by number: their ARCH_NAME and their column of verdicts. */
#define ORDERING_MACHINES 3
extern const char *const ordering_machines[ORDERING_MACHINES];

/* What a machine's model says of the weak outcome. */
struct ordering_ruling {
	bool forbidden;
	/* The litmus test is this very shape; else one that settles it (boot/ordering_shapes.c). */
	bool exact;
	const char *litmus;
};

struct ordering_shape {
	const struct ordering_family *family;
	const char *means; /* what keeps the accesses in order: "smp_mb()" */
	void (*steps[ORDERING_CPUS_MAX])(struct ordering_step *step);
	struct ordering_ruling rulings[ORDERING_MACHINES];
};

extern const struct ordering_shape ordering_shapes[];
extern const size_t ordering_shape_count;

enum ordering_verdict {
	ORDERING_FORBIDDEN_NOT_SEEN,
	ORDERING_ALLOWED_SEEN,
	ORDERING_ALLOWED_NOT_SEEN,
	ORDERING_FORBIDDEN_SEEN, /* the kernel's fence or the machine is broken */
	ORDERING_DEVIATION_SEEN, /* forbidden, and the emulator is known for it */
	ORDERING_NOT_TRIED,      /* the CPUs were hardly ever at it at once: nothing is known */
};

/* How long to try. */
struct ordering_effort {
	uint64_t met; /* until so many tries with CPUs side by side, */
	uint64_t ns;  /* or so long, */
	/* or, while there are fewer than ORDERING_MET_MIN such tries, so long. */
	uint64_t patience_ns;
	bool until_weak; /* and no longer than until the weak outcome has been seen */
};

struct ordering_result {
	uint64_t tries;
	uint64_t met;  /* tries that at least two of the CPUs began together */
	uint64_t weak; /* tries with the weak outcome */
	uint64_t outcomes[ORDERING_OUTCOMES_MAX];
};

/* Fewer tries side by side than this say nothing about an outcome that was not seen. */
#define ORDERING_MET_MIN 1000

/*
 * Runs a shape on this CPU and others that random chooses. Boot CPU, interrupts enabled, no lock
 * held; each CPU of them has interrupts disabled for some milliseconds at a time. One caller at a
 * time. -ENODEV: fewer CPUs are online than the shape needs.
 */
int ordering_run(const struct ordering_shape *shape, const struct ordering_effort *effort,
		 struct random *random, struct ordering_result *result);

/* The number of the machine that this is. */
unsigned ordering_machine(void);

/* What a result means on a machine. */
enum ordering_verdict ordering_judge(const struct ordering_shape *shape, unsigned machine,
				     const struct ordering_result *result);

/* "forbidden, not seen". */
const char *ordering_verdict_text(enum ordering_verdict verdict);

/* Why the emulator may show an outcome that the machine forbids, or NULL: it may not. */
const char *ordering_deviation(const struct ordering_shape *shape, unsigned machine);

/* The texts below are rows of up to 94 characters, into ORDERING_TEXT_MAX bytes. */

/* The family's program and its weak outcome. */
void ordering_format_family(char *text, const struct ordering_family *family);

/* Means, verdict, counts, litmus test. */
void ordering_format_result(char *text, const struct ordering_shape *shape, unsigned machine,
			    const struct ordering_result *result);

/* One outcome and how often it was seen; index < ordering_outcome_count(). */
void ordering_format_outcome(char *text, const struct ordering_family *family, unsigned index,
			     uint64_t count);

unsigned ordering_outcome_count(const struct ordering_family *family);

#endif
