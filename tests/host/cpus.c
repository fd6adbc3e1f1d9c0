/*
 * Threads as CPUs; and what sync/spin needs of the floors below and beside it.
 *
 * The section .percpu of the program is CPU 0's copy, bounded by tests/host/percpu.ld; each other
 * thread gets a zeroed area of its own, as the kernel's CPUs do.
 */
#include "cpus.h"
#include <arch/cpu.h>
#include <dev/clock.h>
#include <lib/image.h>
#include <lib/symbols.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What ThreadSanitizer exits with after a report. */
#define RACE_STATUS 66

_Thread_local uintptr_t host_percpu_offset;
_Thread_local bool host_interrupts_disabled;

/* All begin together, or the first would be done before the last is there. */
static pthread_barrier_t begin;

struct host_cpu {
	pthread_t thread;
	unsigned number;
	void (*function)(void *argument);
	void *argument;
};

/* Threads are preempted: nobody needs to reach one that spins. */
DEFINE_PER_CPU(uint64_t, on_cpu_immediate_calls);

void on_cpu_serve_immediate(void)
{
	abort();
}

uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int symbol_describe(char *buffer, size_t size, uintptr_t address)
{
	return snprintf(buffer, size, "%#lx", (unsigned long)address);
}

static void *run_cpu(void *argument)
{
	struct host_cpu *cpu = argument;

	host_percpu_offset = percpu_offset_of(cpu->number);
	cpu_set_current(cpu->number);
	cpu_set_online();
	pthread_barrier_wait(&begin);
	cpu->function(cpu->argument);
	return NULL;
}

static void give_areas(void)
{
	for (unsigned number = 1; number < HOST_CPUS; number++) {
		size_t size = (percpu_area_size() + 63) / 64 * 64;

		if (!percpu_has_area(number))
			percpu_assign_area(number, memset(aligned_alloc(64, size), 0, size));
	}
}

void host_cpus_run(void (*function)(void *argument), void *argument)
{
	struct host_cpu cpus[HOST_CPUS];

	give_areas();
	pthread_barrier_init(&begin, NULL, HOST_CPUS);
	for (unsigned number = 0; number < HOST_CPUS; number++)
		cpus[number] = (struct host_cpu){ .number = number,
						  .function = function,
						  .argument = argument };
	for (unsigned number = 1; number < HOST_CPUS; number++)
		if (pthread_create(&cpus[number].thread, NULL, run_cpu, &cpus[number]) != 0)
			abort();
	run_cpu(&cpus[0]);
	for (unsigned number = 1; number < HOST_CPUS; number++)
		pthread_join(cpus[number].thread, NULL);
	pthread_barrier_destroy(&begin);
}

bool host_cpus_race(void (*function)(void *argument), void *argument)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			abort();
		host_cpus_run(function, argument);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) && WEXITSTATUS(status) == RACE_STATUS;
}
