/*
 * Running a function on other CPUs, through inter-processor interrupts.
 *
 * The function runs in the interrupt handler: interrupts disabled, may not block. The caller may
 * have interrupts disabled: while it waits it serves calls addressed to itself, so CPUs that call
 * each other cannot deadlock. A CPU that does not answer for ON_CPU_PATIENCE_NS ends the machine
 * with a message that names it. Ordering: what the caller did before is visible to the function;
 * what the function did is visible after the call.
 */
#ifndef SYNC_SPIN_ON_CPU_H
#define SYNC_SPIN_ON_CPU_H

#include <stdint.h>

#define ON_CPU_PATIENCE_NS 60000000000UL

/*
 * Runs function(argument) on that CPU (which may be this one) and waits for it. -EINVAL: the CPU is
 * not online.
 */
int on_cpu(unsigned cpu, void (*function)(void *argument), void *argument);

/* Runs it on every online CPU, this one included, at the same time, and waits for all. */
void on_each_cpu(void (*function)(void *argument), void *argument);

/* The same on the CPUs of a set; those not online are left out. */
void on_cpus(uint64_t cpus, void (*function)(void *argument), void *argument);

/*
 * Runs the calls that wait for this CPU. From the IPI handler and from waits with interrupts
 * disabled.
 */
void on_cpu_serve(void);

#endif
