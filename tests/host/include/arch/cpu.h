/*
 * A small `arch` of the host: the calling thread as a CPU (tests/host/cpus.c). There are no
 * interrupts; the flag is kept, so that code which saves and restores it can be checked.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define ARCH_NAME "host"

extern _Thread_local uintptr_t host_percpu_offset;
extern _Thread_local bool host_interrupts_disabled;

/* The host has fewer CPUs than a test has threads: let the others run. */
static inline void cpu_relax(void)
{
	sched_yield();
}

static inline void interrupts_enable(void)
{
	host_interrupts_disabled = false;
}

static inline void interrupts_disable(void)
{
	host_interrupts_disabled = true;
}

static inline bool interrupts_enabled(void)
{
	return !host_interrupts_disabled;
}

static inline unsigned long interrupts_save(void)
{
	unsigned long flags = host_interrupts_disabled;

	host_interrupts_disabled = true;
	return flags;
}

static inline void interrupts_restore(unsigned long flags)
{
	host_interrupts_disabled = flags;
}

static inline uintptr_t cpu_percpu_offset(void)
{
	return host_percpu_offset;
}

#endif
