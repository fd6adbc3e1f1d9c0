/*
 * Timers: functions that run on this CPU at or after a time, over the machine's one-shot timer.
 *
 * Each CPU has a list of its own, sorted by deadline; only that CPU touches it, with interrupts
 * disabled, so there is no lock. No timer, no interrupt: an idle CPU is silent.
 */
#ifndef DEV_TIMER_H
#define DEV_TIMER_H

#include <lib/list.h>
#include <stdbool.h>
#include <stdint.h>

struct timer {
	/*
	 * Set by the owner before timer_start(). Runs in the timer interrupt; the timer may be
	 * started again in it.
	 */
	void (*function)(struct timer *timer);
	/* Of the CPU on which the timer was started, while pending. */
	struct list link;
	uint64_t deadline_ns;
	bool pending;
};

/* Lets this CPU have timers. Each CPU, once. */
void timer_init_cpu(void);

/*
 * Runs timer->function on this CPU once clock_ns() >= deadline_ns, never before. Not while it is
 * pending.
 */
void timer_start(struct timer *timer, uint64_t deadline_ns);

/* On the CPU that started it: afterwards it will not run. True when it was still pending. */
bool timer_cancel(struct timer *timer);

/* What trap_handlers.timer calls. */
void timer_interrupt(void);

#endif
