/*
 * The harness of the host tests: kernel sources compiled for the host, under AddressSanitizer and
 *UBSan.
 *
 * tests/host/test_*.c are programs of unit tests, tests/host/fuzz_*.c are libFuzzer targets. The
 *first line of each is a comment that names the kernel's sources (and helpers of ours) it is linked
 *with; host.c is always linked. Programs run in the top folder of the repository. They include the
 *C library's headers, never <lib/errno.h> beside <errno.h>.
 *
 *	HOST_TEST(name)
 *	{
 *		CHECK(condition);
 *		CHECK_EQ(value, 42);
 *	}
 *
 * Output is KTAP version 1; the exit status is 0 when every test passed, else 1. A check that fails
 *is reported, and the test goes on; REQUIRE leaves the test.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Defines and registers a test; tests run in the order in which the file defines them. */
#define HOST_TEST(name)                                                                            \
	static void name(void);                                                                    \
	static __attribute__((constructor)) void host_register_##name(void)                        \
	{                                                                                          \
		static struct host_test test = { .text = #name, .run = name };                     \
		host_register(&test);                                                              \
	}                                                                                          \
	static void name(void)

#define CHECK(condition) host_check((condition), __FILE__, __LINE__, #condition)

/* Integers of up to 64 bits; both values are shown. */
#define CHECK_EQ(actual, expected)                                                                 \
	host_check_equal((uint64_t)(actual), (uint64_t)(expected), __FILE__, __LINE__, #actual)

/* Strings; NULL is equal to nothing. */
#define CHECK_STR_EQ(actual, expected)                                                             \
	host_check_text((actual), (expected), __FILE__, __LINE__, #actual)

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!CHECK(condition))                                                             \
			return;                                                                    \
	} while (0)

struct host_test {
	const char *text;
	void (*run)(void);
	struct host_test *next;
};

void host_register(struct host_test *test);

/* All of them return whether the check held. */
bool host_check(bool holds, const char *file, int line, const char *text);
bool host_check_equal(uint64_t actual, uint64_t expected, const char *file, int line,
		      const char *text);
bool host_check_text(const char *actual, const char *expected, const char *file, int line,
		     const char *text);

/* Marks the running test as skipped, with the reason; the test then returns. */
void host_skip(const char *reason);

/* The last line that log_print() was given, "" before the first; and how many there were. */
const char *host_last_log(void);
unsigned host_log_count(void);

#endif
