/*
 * Which CPU this is, and which CPUs are there.
 */
#ifndef SYNC_SPIN_CPUS_H
#define SYNC_SPIN_CPUS_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/percpu.h>

_Static_assert(CPU_MAX <= 64, "a set of CPUs is one 64-bit word");

/* What cpu_current() returns, for code that is inlined. */
DECLARE_PER_CPU(uint32_t, current_cpu);

/*
 * The logical number of the calling CPU; the boot CPU is 0. The caller stays on it while the answer
 * matters.
 */
unsigned cpu_current(void);

/* Tells cpu_current() its answer. Each CPU, once, first thing. */
void cpu_set_current(unsigned cpu);

/*
 * The set of CPUs that run and take interrupts: bit n is CPU n. Ordering: acquire; what a CPU did
 * before it came online is visible to who finds it here.
 */
uint64_t cpus_online(void);
bool cpu_is_online(unsigned cpu);
unsigned cpus_online_count(void);

/* Adds the calling CPU. Release: pairs with the acquire in cpus_online(). */
void cpu_set_online(void);

/* for (uint64_t cpu = …) over the CPUs of a set, lowest first. */
#define for_each_cpu(cpu, set)                                                                     \
	for (uint64_t cpu##_set = (set), cpu = 0;                                                  \
	     cpu##_set && ((cpu = (uint64_t)__builtin_ctzll(cpu##_set)), true);                    \
	     cpu##_set &= cpu##_set - 1)

/* The same over those online when the loop begins. */
#define for_each_online_cpu(cpu) for_each_cpu(cpu, cpus_online())

#endif
