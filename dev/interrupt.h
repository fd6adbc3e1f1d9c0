/*
 * The table of device interrupts: who handles which line, and how often each came on each CPU.
 */
#ifndef DEV_INTERRUPT_H
#define DEV_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* Interrupts that are no device's line, counted beside them. */
enum interrupt_event {
	INTERRUPT_TIMER,
	INTERRUPT_IPI,
	INTERRUPT_URGENT,
	INTERRUPT_SPURIOUS,
	INTERRUPT_EVENTS
};

/*
 * Lets handler(argument) run on a CPU whenever the line fires; it runs with interrupts disabled.
 * name: for `irqs`. -EINVAL: no such line; -EBUSY: it has a handler; -ENOSPC: the table is full.
 * Boot CPU, at boot.
 */
int interrupt_register(unsigned line, const char *name, void (*handler)(void *argument),
		       void *argument, unsigned cpu);

/*
 * What trap_handlers.interrupt calls: runs the line's handler; a line without one is counted and
 * masked.
 */
void interrupt_handle(unsigned line);

/* Counts an event on this CPU. */
void interrupt_count_event(enum interrupt_event event);

/* How often it came on a CPU that was started. */
uint64_t interrupt_event_count(enum interrupt_event event, unsigned cpu);

/* Gives the registered lines one after the other: false when index is past the last. */
bool interrupt_describe(unsigned index, unsigned *line, const char **name);
uint64_t interrupt_line_count(unsigned index, unsigned cpu);

#endif
