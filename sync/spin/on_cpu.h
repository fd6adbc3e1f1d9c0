/*
 * Running a function on other CPUs, through inter-processor interrupts.
 *
 * Two kinds. An ordinary call runs in the interrupt handler of a CPU that has interrupts enabled,
 * or in a CPU's own wait for such a call. An immediate call runs also on a CPU that spins with
 * interrupts disabled, for a lock or for another CPU (spin_wait_turn()): it may be made with locks
 * held that others wait for. The price is what its function may do: take no lock, allocate nothing,
 * call nothing that does; touch only memory that is consistent at every spin.
 *
 * Either runs with interrupts disabled and may not block. The caller may have interrupts disabled:
 * while it waits it serves calls of its own kind addressed to itself, so CPUs that call each other
 * cannot deadlock; but whoever makes an ordinary call with interrupts disabled may hold no lock
 * that an ordinary function takes. A CPU that does not answer for ON_CPU_PATIENCE_NS ends the
 * machine with a message that names it. Ordering: what the caller did before is visible to the
 * function; what the function did is visible after the call.
 */
#ifndef SYNC_SPIN_ON_CPU_H
#define SYNC_SPIN_ON_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/atomic.h>
#include <sync/spin/percpu.h>

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

/* The same, by an immediate call. Returns how many interrupts it took. */
unsigned on_cpus_immediate(uint64_t cpus, void (*function)(void *argument), void *argument);

/*
 * Runs the calls of both kinds that wait for this CPU. From the IPI handler, and from waits with
 * interrupts disabled that hold no lock.
 */
void on_cpu_serve(void);

/* Runs the immediate ones alone. Any context. */
void on_cpu_serve_immediate(void);

/* Head of this CPU's stack of immediate calls: 0 while there is none. Atomic. */
DECLARE_PER_CPU(uint64_t, on_cpu_immediate_calls);

/*
 * For spins: whether on_cpu_serve_immediate() has something to do. Relaxed: a hint; a CPU that
 * moves to another on the way asks again the next time.
 */
static inline bool on_cpu_has_immediate(void)
{
	return atomic_load_relaxed(&this_cpu(on_cpu_immediate_calls)) != 0;
}

#endif
