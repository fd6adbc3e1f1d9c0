/*
 * Storms: one function, run over and over on all CPUs at once, to catch what goes wrong only
 * sometimes.
 *
 * The boot CPU runs its share as the test does, with interrupts enabled; the others run theirs in a
 * timer's handler, with interrupts disabled. A storm ends by time, so a slow host makes it smaller
 * and not longer. What the turns did is visible after storm_run().
 *
 * A test of a lock proves itself by a broken twin: the same storm with a lock that is none.
 * storm_catches() repeats it until it has been caught.
 */
#ifndef TESTS_KERNEL_STORM_H
#define TESTS_KERNEL_STORM_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stdint.h>

struct storm {
	void (*turn)(void *argument);
	void *argument;
	uint64_t ms;             /* how long */
	uint64_t turns_each;     /* but nobody ends before each CPU has made this many */
	uint64_t turns[CPU_MAX]; /* result; atomic while it runs */
};

void storm_run(struct storm *storm);

/* The turns of all CPUs together. */
uint64_t storm_total(const struct storm *storm);

/*
 * A pause within a section, so that others come in between. In time and not in turns, because a
 * cpu_relax() is a hundred times shorter on one machine than on another.
 */
void storm_linger(uint64_t ns);

/*
 * Runs attempt(argument) until it says that it caught the twin, and notes how many attempts it
 * took. False when none did within STORM_PATIENCE_NS.
 */
bool storm_catches(bool (*attempt)(void *argument), void *argument, const char *twin);

#define STORM_PATIENCE_NS 18000000000UL

#endif
