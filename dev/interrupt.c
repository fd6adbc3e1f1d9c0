/*
 * Device interrupts by line. The table only grows, at boot, before its lines are unmasked; so it is
 * read without a lock.
 */
#include <arch/interrupt.h>
#include <dev/interrupt.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <sync/spin/atomic.h>
#include <sync/spin/percpu.h>

#define INTERRUPTS_MAX 16

struct interrupt {
	unsigned line;
	const char *name;
	void (*handler)(void *argument);
	void *argument;
};

static struct interrupt interrupts[INTERRUPTS_MAX];
static unsigned interrupt_total;

/* Written by their own CPU alone, read by any: relaxed atomics, the counts order nothing. */
static DEFINE_PER_CPU(uint64_t, line_counts)[INTERRUPTS_MAX];
static DEFINE_PER_CPU(uint64_t, event_counts)[INTERRUPT_EVENTS];

static void count(uint64_t *counter)
{
	atomic_store_relaxed(counter, atomic_load_relaxed(counter) + 1);
}

int interrupt_register(unsigned line, const char *name, void (*handler)(void *argument),
		       void *argument, unsigned cpu)
{
	for (unsigned i = 0; i < interrupt_total; i++)
		if (interrupts[i].line == line)
			return -EBUSY;
	if (interrupt_total == INTERRUPTS_MAX)
		return -ENOSPC;
	interrupts[interrupt_total++] = (struct interrupt){
		.line = line, .name = name, .handler = handler, .argument = argument
	};

	int error = interrupt_line_unmask(line, cpu);

	if (error)
		interrupt_total--;
	return error;
}

void interrupt_handle(unsigned line)
{
	for (unsigned i = 0; i < interrupt_total; i++) {
		if (interrupts[i].line != line)
			continue;
		count(&this_cpu(line_counts)[i]);
		interrupts[i].handler(interrupts[i].argument);
		return;
	}
	interrupt_count_event(INTERRUPT_SPURIOUS);
	interrupt_line_mask(line);
	log_print(LOG_WARNING, "interrupt line %u fired and has no handler: masked", line);
}

void interrupt_count_event(enum interrupt_event event)
{
	count(&this_cpu(event_counts)[event]);
}

uint64_t interrupt_event_count(enum interrupt_event event, unsigned cpu)
{
	return atomic_load_relaxed(&per_cpu(event_counts, cpu)[event]);
}

bool interrupt_describe(unsigned index, unsigned *line, const char **name)
{
	if (index >= interrupt_total)
		return false;
	*line = interrupts[index].line;
	*name = interrupts[index].name;
	return true;
}

uint64_t interrupt_line_count(unsigned index, unsigned cpu)
{
	return atomic_load_relaxed(&per_cpu(line_counts, cpu)[index]);
}
