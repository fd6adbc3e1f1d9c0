/*
 * The harness of the host tests, and the two functions of the kernel's that every module may call.
 *
 * What lib/log_hook.c and lib/panic.c define is weak here, so that a program may name those as its
 * sources.
 */
#include "host.h"
#include <lib/log_hook.h>
#include <lib/panic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct host_test *first_test;
static struct host_test **end_of_tests = &first_test;
static unsigned failures; /* of the running test */
static const char *skip_reason;

static char last_log[256];
static unsigned log_count;

__attribute__((weak)) void log_print(enum log_level level, const char *format, ...)
{
	va_list arguments;

	(void)level;
	va_start(arguments, format);
	vsnprintf(last_log, sizeof(last_log), format, arguments);
	va_end(arguments);
	log_count++;
}

__attribute__((weak)) _Noreturn void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

static _Noreturn void report_panic(const char *message)
{
	fprintf(stderr, "%s\n", message);
	abort();
}

/* For programs with lib/panic.c among their sources. */
#pragma weak panic_set_reporter
static __attribute__((constructor)) void catch_panics(void)
{
	if (panic_set_reporter)
		panic_set_reporter(report_panic);
}

const char *host_last_log(void)
{
	return last_log;
}

unsigned host_log_count(void)
{
	return log_count;
}

void host_register(struct host_test *test)
{
	*end_of_tests = test;
	end_of_tests = &test->next;
}

bool host_check(bool holds, const char *file, int line, const char *text)
{
	if (!holds) {
		printf("# %s:%d: %s\n", file, line, text);
		failures++;
	}
	return holds;
}

bool host_check_equal(uint64_t actual, uint64_t expected, const char *file, int line,
		      const char *text)
{
	if (actual != expected) {
		printf("# %s:%d: %s is %#llx, not %#llx\n", file, line, text,
		       (unsigned long long)actual, (unsigned long long)expected);
		failures++;
	}
	return actual == expected;
}

bool host_check_text(const char *actual, const char *expected, const char *file, int line,
		     const char *text)
{
	bool equal = actual && expected && strcmp(actual, expected) == 0;

	if (!equal) {
		printf("# %s:%d: %s is \"%s\", not \"%s\"\n", file, line, text,
		       actual ? actual : "(null)", expected ? expected : "(null)");
		failures++;
	}
	return equal;
}

void host_skip(const char *reason)
{
	skip_reason = reason;
}

/* Weak, because libFuzzer brings a main() of its own. */
__attribute__((weak)) int main(void)
{
	unsigned number = 0;
	unsigned failed = 0;

	/* A crash must not take the results before it along. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct host_test *test = first_test; test; test = test->next)
		number++;
	printf("KTAP version 1\n1..%u\n", number);
	number = 0;
	for (const struct host_test *test = first_test; test; test = test->next) {
		failures = 0;
		skip_reason = NULL;
		test->run();
		printf("%s %u %s%s%s\n", failures ? "not ok" : "ok", ++number, test->text,
		       skip_reason ? " # SKIP " : "", skip_reason ? skip_reason : "");
		failed += failures > 0;
	}
	return failed > 0;
}
