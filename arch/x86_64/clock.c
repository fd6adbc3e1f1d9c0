/*
 * The counter is the time-stamp counter; the timer is the local APIC's, which counts at a rate of
 * its own, or compares with the TSC where it can. Both rates are measured at boot against a
 * reference clock.
 *
 * A virtual CPU may lose its processor at any instruction for tens of milliseconds. So a reading of
 * the reference is bracketed by two of the TSC, and of several such readings at either end of the
 * window the tightest counts; what happens inside the window does no harm. Everything here is
 * constant after clock_counter_init().
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/x86_64/local_apic.h>
#include <arch/x86_64/reference_clock.h>
#include <arch/x86_64/registers.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/log_hook.h>

#define WINDOWS_PER_SECOND 100 /* 10 ms each */
#define READINGS 16            /* at either end of a window */
#define WINDOWS_MAX 8
#define UNCERTAINTY_GOOD 200 /* parts per million of the window */

/*
 * A reference that has not moved on for so many counts of the TSC is broken: seconds at any rate
 * there is.
 */
#define STUCK_COUNTS 20000000000ULL

#define CPUID_1_ECX_TSC_DEADLINE (1U << 24)

static uint64_t counter_hz;
static bool timer_uses_tsc;
static uint64_t timer_counts_per_count; /* of the APIC timer per count of the TSC, times 2^32 */
static char counter_name[64] = "TSC";

struct reading {
	uint64_t counter; /* in the middle of the bracket */
	uint64_t width;   /* of the bracket */
	uint64_t reference;
	uint32_t timer; /* counts down */
};

struct window {
	uint64_t counter;
	uint64_t uncertainty; /* of its ends, in parts per million */
	uint64_t reference;
	uint64_t timer;
};

uint64_t clock_counter_read(void)
{
	uint32_t low;
	uint32_t high;

	/*
	 * lfence: not before the loads that precede it in the program have their values (SDM vol.
	 * 2, RDTSC).
	 */
	asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static bool reading_take(const struct reference_clock *reference, struct reading *best)
{
	best->width = UINT64_MAX;
	for (unsigned i = 0; i < READINGS; i++) {
		uint64_t before = clock_counter_read();
		uint64_t count;
		bool valid = reference->read(&count);
		uint32_t timer = local_apic_timer_read();
		uint64_t width = clock_counter_read() - before;

		if (!valid)
			return false;
		if (width < best->width)
			*best = (struct reading){ before + width / 2, width, count, timer };
	}
	return true;
}

/* Interrupts disabled, the APIC timer masked. False: the reference ran out or is stuck. */
static bool window_measure(const struct reference_clock *reference, struct window *window)
{
	uint64_t enough = reference->hz / WINDOWS_PER_SECOND;
	struct reading first;
	struct reading last;
	uint64_t count;

	local_apic_timer_start(UINT32_MAX);
	reference->start();
	if (!reading_take(reference, &first))
		return false;
	do {
		if (!reference->read(&count) || clock_counter_read() - first.counter > STUCK_COUNTS)
			return false;
		cpu_relax();
	} while (((count - first.reference) & reference->mask) < enough);
	if (!reading_take(reference, &last))
		return false;

	window->counter = last.counter - first.counter;
	window->uncertainty = (last.width + first.width) * 1000000 / window->counter;
	window->reference = (last.reference - first.reference) & reference->mask;
	window->timer = first.timer - last.timer;
	/*
	 * A window that lasted for minutes would overflow below; the wait for its end was long
	 * enough to say it is lost.
	 */
	return window->counter < UINT64_MAX / reference->hz;
}

/* The best of a few windows. -ENODEV: none was good. */
static int window_find(const struct reference_clock *reference, struct window *best)
{
	*best = (struct window){ .uncertainty = UINT64_MAX };
	for (unsigned i = 0; i < WINDOWS_MAX && best->uncertainty > UNCERTAINTY_GOOD; i++) {
		struct window window;

		if (window_measure(reference, &window) && window.uncertainty < best->uncertainty)
			*best = window;
	}
	return best->uncertainty < UINT64_MAX ? 0 : -ENODEV;
}

static int rates_measure(const struct reference_clock *reference)
{
	struct window window;
	int error;

	local_apic_timer_init(APIC_TIMER_ONE_SHOT, false);
	error = window_find(reference, &window);
	local_apic_timer_start(0);
	if (error || window.timer == 0)
		return -ENODEV;

	counter_hz = window.counter * reference->hz / window.reference;
	timer_counts_per_count = (window.timer << 32) / window.counter;
	return 0;
}

int clock_counter_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size))
{
	const struct reference_clock *reference;
	unsigned long flags = interrupts_save();
	int error = -ENODEV;

	for (unsigned i = 0; error && (reference = reference_clock_get(info, i, map_device)); i++) {
		error = rates_measure(reference);
		if (error)
			log_print(LOG_WARNING, "clock: the %s does not count", reference->name);
		else
			format_text(counter_name, sizeof(counter_name),
				    "TSC, measured against the %s", reference->name);
	}
	interrupts_restore(flags);
	timer_uses_tsc = cpuid(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE;
	return error;
}

void clock_timer_init_cpu(void)
{
	local_apic_timer_init(timer_uses_tsc ? APIC_TIMER_TSC_DEADLINE : APIC_TIMER_ONE_SHOT, true);
}

uint64_t clock_counter_hz(void)
{
	return counter_hz;
}

const char *clock_counter_name(void)
{
	return counter_name;
}

/* Rounded up, at least 1: 0 would stop the timer. */
static uint32_t timer_counts(uint64_t deadline, uint64_t now)
{
	unsigned __int128 counts;

	if (deadline <= now)
		return 1;
	counts = ((unsigned __int128)(deadline - now) * timer_counts_per_count >> 32) + 1;
	return counts < UINT32_MAX ? (uint32_t)counts : UINT32_MAX;
}

void clock_timer_arm(uint64_t deadline)
{
	if (timer_uses_tsc)
		msr_write(MSR_TSC_DEADLINE, deadline ? deadline : 1); /* 0 would disarm it */
	else
		local_apic_timer_start(timer_counts(deadline, clock_counter_read()));
}

void clock_timer_disarm(void)
{
	if (timer_uses_tsc)
		msr_write(MSR_TSC_DEADLINE, 0);
	else
		local_apic_timer_start(0);
}
