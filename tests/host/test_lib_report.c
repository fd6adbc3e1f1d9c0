/* sources: lib/log_hook.c lib/panic.c lib/format.c */
/*
 * lib/log_hook.c and lib/panic.c: what reaches the sink and the reporter, and what is cut.
 */
#include "host.h"
#include <lib/log_hook.h>
#include <lib/panic.h>
#include <setjmp.h>
#include <string.h>

static char last_text[512];
static enum log_level last_level;
static int lines;
static jmp_buf after_panic;

static void sink(enum log_level level, const char *text)
{
	last_level = level;
	strcpy(last_text, text);
	lines++;
}

static void reporter(const char *message)
{
	strcpy(last_text, message);
	longjmp(after_panic, 1);
}

HOST_TEST(log_without_a_sink)
{
	log_print(LOG_ERROR, "lost %d", 1);
	CHECK_EQ(lines, 0);
}

HOST_TEST(log_with_a_sink)
{
	log_set_sink(sink);
	log_print(LOG_DEBUG, "%s %d", "cpu", 3);
	CHECK_EQ(lines, 1);
	CHECK_EQ(last_level, LOG_DEBUG);
	CHECK_STR_EQ(last_text, "cpu 3");
	log_print(LOG_WARNING, "%200d|", 7);
	CHECK_EQ(strlen(last_text), 201);
	log_print(LOG_WARNING, "%*d", 5000, 7);
	CHECK(strlen(last_text) >= 200);
	CHECK(strlen(last_text) < 208);
	CHECK_EQ(lines, 3);
}

HOST_TEST(panic_message)
{
	panic_set_reporter(reporter);
	if (!setjmp(after_panic))
		panic("broken: %s", "invariant");
	CHECK_STR_EQ(last_text, "broken: invariant");
	if (!setjmp(after_panic))
		panic("%*d", 5000, 7);
	CHECK_EQ(strlen(last_text), 255);
}

HOST_TEST(assertions)
{
	volatile int one = 1;

	BUG_ON(one != 1);
	ASSERT(one == 1);
	if (!setjmp(after_panic))
		BUG_ON(one == 1);
	CHECK(strncmp(last_text, "BUG: one == 1 at ", 17) == 0);
	CHECK(strstr(last_text, "test_lib_report.c:") != NULL);
	if (!setjmp(after_panic))
		ASSERT(one == 2);
	CHECK(strncmp(last_text, "assertion failed: one == 2 at ", 30) == 0);
}
