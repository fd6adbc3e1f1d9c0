/*
 * The counter and the one-shot timer: TSC and local APIC timer, generic timer, time CSR with SBI or
 * Sstc.
 *
 * A counter that never goes backwards, the same on each CPU, and one timer per CPU that interrupts
 * when the counter reaches a value. dev/clock.c turns counts into nanoseconds, dev/timer.c queues
 * timers.
 */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <lib/boot_info.h>
#include <stdint.h>

/*
 * Finds counter and timer, measuring their rates against a known clock where the machine does not
 * state them. Boot CPU, once, after interrupt_controller_init(). -ENODEV: no clock to measure
 * against.
 */
int clock_counter_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size));

/*
 * Lets this CPU's timer interrupt. Each CPU, once, interrupts disabled, after
 * interrupt_controller_init_cpu().
 */
void clock_timer_init_cpu(void);

/* Counts per second; constant after clock_counter_init(). */
uint64_t clock_counter_hz(void);

/* "TSC, local APIC timer", "CNTVCT_EL0", …; for people. */
const char *clock_counter_name(void);

/*
 * The counter now. Not ordered with earlier or later memory accesses beyond what is needed for a
 * count read after observing another CPU's store never to be older than a count that CPU read
 * before the store.
 */
uint64_t clock_counter_read(void);

/*
 * Arms this CPU's timer: handlers->timer runs once when the counter has reached deadline, at once
 * when it has passed. It may run early (a timer too narrow for the distance). Replaces an earlier
 * deadline. Interrupts disabled.
 */
void clock_timer_arm(uint64_t deadline);

/* Disarms it. An interrupt already on its way may still come. Interrupts disabled. */
void clock_timer_disarm(void);

#endif
