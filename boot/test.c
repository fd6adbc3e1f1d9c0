/*
 * The self-test runner: selects, runs one test at a time, prints KTAP version 1.
 *
 * A watchdog timer on the last CPU (on the only one, if so) ends the machine when a test outlives
 * its deadline, with the test's name and every CPU's backtrace.
 */
#include <boot/panic.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/console.h>
#include <dev/timer.h>
#include <lib/crc32.h>
#include <lib/glob.h>
#include <lib/panic.h>
#include <stdarg.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/lock_label.h>
#include <sync/spin/on_cpu.h>

extern const struct test tests_start[];
extern const struct test tests_end[];

static uint64_t boot_seed = 1;
static unsigned deadline_scale = 1;

/* The test that runs. Other CPUs read the name in a panic, and may note a failure. */
static struct {
	const struct test *test;
	char full_name[100];
	uint32_t failures; /* atomic */
	char skip_reason[128];
	struct random random;
	struct timer watchdog;
	unsigned watchdog_cpu;
} running;

struct counts {
	unsigned passed;
	unsigned failed;
	unsigned skipped;
};

void test_configure(uint64_t seed, unsigned scale)
{
	boot_seed = seed;
	deadline_scale = scale;
}

const char *test_running(void)
{
	return running.test ? running.full_name : NULL;
}

struct random *test_random(void)
{
	return &running.random;
}

static void print_diagnostic(const char *format, va_list arguments)
{
	char text[400];

	format_text_v(text, sizeof(text), format, arguments);
	console_print("    # %s\n", text);
}

void test_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_diagnostic(format, arguments);
	va_end(arguments);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	/* Relaxed: a count; the CPU that reads it has waited for the others in another way. */
	atomic_fetch_add_relaxed(&running.failures, (uint32_t)1);
	test_note("FAILED at %s:%d (CPU %u):", file, line, cpu_current());
	va_start(arguments, format);
	print_diagnostic(format, arguments);
	va_end(arguments);
}

void test_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_text_v(running.skip_reason, sizeof(running.skip_reason), format, arguments);
	va_end(arguments);
}

static uint64_t deadline_ms(const struct test *test)
{
	return (uint64_t)test->deadline_ms * deadline_scale;
}

static void watchdog_fired(struct timer *timer)
{
	char message[200];

	(void)timer;
	format_text(message, sizeof(message), "test %s outlived its deadline of %llu ms",
		    running.full_name, (unsigned long long)deadline_ms(running.test));
	panic_with_all_backtraces(message);
}

static void watchdog_start(void *argument)
{
	(void)argument;
	running.watchdog.function = watchdog_fired;
	timer_start(&running.watchdog, clock_ns() + deadline_ms(running.test) * NS_PER_MS);
}

static void watchdog_stop(void *argument)
{
	(void)argument;
	timer_cancel(&running.watchdog);
}

static unsigned last_online_cpu(void)
{
	return 63 - (unsigned)__builtin_clzll(cpus_online());
}

static void begin(const struct test *test)
{
	running.test = test;
	format_text(running.full_name, sizeof(running.full_name), "%s.%s", test->suite, test->name);
	running.failures = 0;
	running.skip_reason[0] = '\0';
	random_seed(&running.random,
		    boot_seed ^ crc32(0, running.full_name, strlen(running.full_name)));
	running.watchdog_cpu = last_online_cpu();
	on_cpu(running.watchdog_cpu, watchdog_start, NULL);
}

static void end(void)
{
	on_cpu(running.watchdog_cpu, watchdog_stop, NULL);
	running.test = NULL;
}

/* Runs one and prints its result line. */
static void run_one(const struct test *test, unsigned number, struct counts *counts)
{
	begin(test);
	test_note("running: %s", running.full_name);
	test->function();
	spinlocks_check_held(0, "ends a test");
	if (atomic_load_relaxed(&running.failures)) {
		counts->failed++;
		console_print("    not ok %u %s\n", number, test->name);
	} else if (running.skip_reason[0]) {
		counts->skipped++;
		console_print("    ok %u %s # SKIP %s\n", number, test->name, running.skip_reason);
	} else {
		counts->passed++;
		console_print("    ok %u %s\n", number, test->name);
	}
	end();
}

static bool is_selected(const struct test *test, const char *globs)
{
	char name[100];

	format_text(name, sizeof(name), "%s.%s", test->suite, test->name);
	return test->kind == TEST_ORDINARY && glob_match_list(globs, name);
}

/* The linker has sorted the records by suite: the end of the run that begins at first. */
static const struct test *suite_end(const struct test *first)
{
	const struct test *test = first;

	while (test < tests_end && strcmp(test->suite, first->suite) == 0)
		test++;
	return test;
}

static unsigned count_selected(const struct test *first, const struct test *last, const char *globs)
{
	unsigned count = 0;

	for (const struct test *test = first; test < last; test++)
		count += is_selected(test, globs);
	return count;
}

static bool run_suite(const struct test *first, const struct test *last, const char *globs,
		      unsigned number)
{
	struct counts counts = { 0 };
	unsigned total = count_selected(first, last, globs);
	unsigned done = 0;

	console_print("    KTAP version 1\n    # Subtest: %s\n    1..%u\n", first->suite, total);
	for (const struct test *test = first; test < last; test++)
		if (is_selected(test, globs))
			run_one(test, ++done, &counts);
	console_print("    # %s: pass:%u fail:%u skip:%u total:%u\n", first->suite, counts.passed,
		      counts.failed, counts.skipped, total);
	if (counts.failed == 0 && counts.passed == 0)
		console_print("ok %u %s # SKIP no test of it could run\n", number, first->suite);
	else
		console_print("%s %u %s\n", counts.failed ? "not ok" : "ok", number, first->suite);
	return counts.failed == 0;
}

bool test_run(const char *globs)
{
	unsigned suites = 0;
	unsigned number = 0;
	bool all_passed = true;

	for (const struct test *test = tests_start; test < tests_end; test = suite_end(test))
		suites += count_selected(test, suite_end(test), globs) > 0;
	console_print("KTAP version 1\n# seed=%llu cpus=%u\n1..%u\n", (unsigned long long)boot_seed,
		      cpus_online_count(), suites);
	for (const struct test *test = tests_start; test < tests_end; test = suite_end(test))
		if (count_selected(test, suite_end(test), globs) > 0)
			all_passed &= run_suite(test, suite_end(test), globs, ++number);
	return all_passed;
}

bool test_run_death(const char *name)
{
	for (const struct test *test = tests_start; test < tests_end; test++) {
		char full_name[100];

		format_text(full_name, sizeof(full_name), "%s.%s", test->suite, test->name);
		if (test->kind != TEST_DEATH || strcmp(full_name, name) != 0)
			continue;
		console_print("# death test %s\n", full_name);
		begin(test);
		test->function();
		end();
		console_print("# death test %s returned: %s\n", full_name,
			      running.skip_reason[0] ? running.skip_reason
						     : "the machine did not die");
		return false;
	}
	console_print("# no death test %s\n", name);
	return false;
}
