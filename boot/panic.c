/*
 * Panics.
 *
 * The first CPU to panic wins panic_owner and reports; another that panics meanwhile halts; the
 * owner panicking again prints one line and ends. panic() called from ordinary code executes a
 * breakpoint, so that the report has the very registers; in a trap handler the trapped frame is
 * reported.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/interrupt.h>
#include <arch/machine.h>
#include <boot/backtrace.h>
#include <boot/panic.h>
#include <boot/test.h>
#include <boot/trap.h>
#include <dev/clock.h>
#include <dev/console.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <stdarg.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu.h>

#define STOP_PATIENCE_NS (3 * NS_PER_SECOND)

static uint32_t panic_owner; /* atomic: CPU number + 1 of the reporting CPU */

/* A stopped CPU's last frame, a const struct trap_frame *; atomic, 0 while it runs. */
static DEFINE_PER_CPU(uint64_t, stopped_frame);

/* The message on its way through the breakpoint; this CPU only. */
static DEFINE_PER_CPU(const char *, breakpoint_message);

static void print_line(const char *line)
{
	char text[256];
	int length = format_text(text, sizeof(text), "%s\n", line);
	size_t size = length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1;

	if (console_is_ready())
		console_write(text, size);
	else
		machine_early_write(text, size);
}

static void print_formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print_formatted(const char *format, ...)
{
	char text[320];
	va_list arguments;

	va_start(arguments, format);
	format_text_v(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_line(text);
}

void panic_stop_if_requested(const struct trap_frame *frame)
{
	uint32_t owner = atomic_load_relaxed(&panic_owner);

	if (owner == 0 || owner == cpu_current() + 1)
		return;
	/* Release, pairs with frame_of_stopped in boot/panic.c: the frame before its address. */
	atomic_store_release(&this_cpu(stopped_frame), (uint64_t)(uintptr_t)frame);
	cpu_halt_forever();
}

static const struct trap_frame *frame_of_stopped(unsigned cpu)
{
	/* Acquire, pairs with panic_stop_if_requested in boot/panic.c: the frame. */
	return (const struct trap_frame *)(uintptr_t)atomic_load_acquire(
		&per_cpu(stopped_frame, cpu));
}

/* Stops every other CPU; those that do not answer are left running and named. */
static void stop_others(void)
{
	unsigned self = cpu_current();
	uint64_t since = clock_ns();

	for_each_online_cpu(cpu)
		if (cpu != self)
			ipi_send_urgent((unsigned)cpu);
	for_each_online_cpu(other) {
		if (other == self)
			continue;
		while (!frame_of_stopped((unsigned)other) && clock_ns() - since < STOP_PATIENCE_NS)
			cpu_relax();
	}
}

static void print_registers(const struct trap_frame *frame)
{
	char line[128];
	size_t used = 0;
	const char *name;
	uint64_t value;

	for (size_t i = 0; trap_frame_register(frame, i, &name, &value); i++) {
		used += (size_t)format_text(line + used, sizeof(line) - used, "  %7s %016llx", name,
					    (unsigned long long)value);
		if (i % 3 == 2) {
			print_line(line);
			used = 0;
		}
	}
	if (used)
		print_line(line);
}

static void print_others(void)
{
	for_each_online_cpu(cpu) {
		if (cpu == cpu_current())
			continue;
		const struct trap_frame *frame = frame_of_stopped((unsigned)cpu);

		if (!frame) {
			print_formatted("CPU %u does not answer: its interrupts are disabled",
					(unsigned)cpu);
			continue;
		}
		print_formatted("backtrace of CPU %u:", (unsigned)cpu);
		backtrace_print_frame(frame, print_line);
	}
}

/* Makes this CPU the one that reports; another CPU's panic comes second and waits for the end. */
static void claim_report(const char *message)
{
	uint32_t owner = 0;

	interrupts_disable();
	/*
	 * Acq_rel: nothing of the report before the claim; the loser sees who won. Pairs with
	 * itself on other CPUs.
	 */
	if (atomic_compare_exchange_acq_rel(&panic_owner, &owner, cpu_current() + 1))
		return;
	if (owner == cpu_current() + 1) {
		console_ignore_lock();
		print_formatted("PANIC while reporting a panic: %s", message);
		machine_exit(false);
	}
	cpu_halt_forever();
}

static _Noreturn void report(const char *message, const struct trap_frame *frame, bool everyone)
{
	stop_others();
	console_ignore_lock();
	print_line("");
	print_formatted("PANIC: %s", message);
	print_formatted("on CPU %u, %llu ms after boot", cpu_current(),
			(unsigned long long)(clock_ns() / NS_PER_MS));
	if (test_running())
		print_formatted("running test: %s", test_running());
	if (frame) {
		print_registers(frame);
		print_line("backtrace:");
		backtrace_print_frame(frame, print_line);
	} else {
		print_line("backtrace:");
		backtrace_print((uintptr_t)report, (uintptr_t)__builtin_frame_address(0),
				print_line);
	}
	if (everyone)
		print_others();
	machine_exit(false);
}

void panic_take_breakpoint(const struct trap_frame *frame)
{
	const char *message = this_cpu(breakpoint_message);

	if (message)
		report(message, frame, false);
}

/* What panic() calls with its finished message. */
static _Noreturn void report_panic(const char *message)
{
	const struct trap_frame *frame = trap_current_frame();

	claim_report(message);
	if (!frame && trap_is_ready()) {
		this_cpu(breakpoint_message) = message;
		trap_breakpoint();
	}
	report(message, frame, false);
}

void panic_with_frame(const char *message, const struct trap_frame *frame)
{
	claim_report(message);
	report(message, frame, false);
}

void panic_with_all_backtraces(const char *message)
{
	claim_report(message);
	report(message, trap_current_frame(), true);
}

void panic_init(void)
{
	panic_set_reporter(report_panic);
}

void boot_refuse(const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	format_text_v(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_formatted("cannot boot: %s", text);
	machine_exit(false);
}
