/*
 * Per-CPU sorted timer lists; dev/timer.h has the rules.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <lib/panic.h>
#include <sync/spin/percpu.h>

static DEFINE_PER_CPU(struct list, timers);

void timer_init_cpu(void)
{
	list_init(&this_cpu(timers));
}

/* Aims the hardware at the first timer, or at nothing. */
static void arm_first(struct list *list)
{
	if (list_is_empty(list)) {
		clock_timer_disarm();
		return;
	}
	struct timer *first = container_of(list->next, struct timer, link);

	clock_timer_arm(clock_ns_to_count(first->deadline_ns));
}

void timer_start(struct timer *timer, uint64_t deadline_ns)
{
	unsigned long flags = interrupts_save();
	struct list *list = &this_cpu(timers);
	struct list *behind = list;

	BUG_ON(timer->pending);
	timer->deadline_ns = deadline_ns;
	timer->pending = true;
	while (behind->next != list &&
	       container_of(behind->next, struct timer, link)->deadline_ns <= deadline_ns)
		behind = behind->next;
	list_push_front(behind, &timer->link);
	if (list->next == &timer->link)
		arm_first(list);
	interrupts_restore(flags);
}

bool timer_cancel(struct timer *timer)
{
	unsigned long flags = interrupts_save();
	bool pending = timer->pending;

	if (pending) {
		bool was_first = this_cpu(timers).next == &timer->link;

		timer->pending = false;
		list_remove(&timer->link);
		if (was_first)
			arm_first(&this_cpu(timers));
	}
	interrupts_restore(flags);
	return pending;
}

void timer_interrupt(void)
{
	struct list *list = &this_cpu(timers);

	while (!list_is_empty(list)) {
		struct timer *first = container_of(list->next, struct timer, link);

		/* The hardware may be early. */
		if (clock_ns() < first->deadline_ns)
			break;
		first->pending = false;
		list_remove(&first->link);
		first->function(first);
	}
	arm_first(list);
}
