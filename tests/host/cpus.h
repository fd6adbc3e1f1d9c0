/*
 * Threads as CPUs, for the sources of sync/spin: each has its number, its per-CPU data and its
 * interrupt flag. For programs built for ThreadSanitizer (`sanitizer: thread` in their second
 * line), which take a race for a failure.
 */
#ifndef HOST_CPUS_H
#define HOST_CPUS_H

#include <stdbool.h>

/* As many CPUs as any test uses. */
#define HOST_CPUS 4

/*
 * Runs function(argument) on CPUs 0 to HOST_CPUS - 1 at the same time and waits for all; CPU 0 is
 * the calling thread.
 */
void host_cpus_run(void (*function)(void *argument), void *argument);

/*
 * Whether ThreadSanitizer reports a race when function(argument) runs as host_cpus_run() runs it:
 * in a process of its own, whose report is thrown away. A broken twin is caught so.
 */
bool host_cpus_race(void (*function)(void *argument), void *argument);

#endif
