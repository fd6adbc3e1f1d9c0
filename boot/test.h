/*
 * Self-tests: TEST(suite, name) { … } registers a function that the running kernel calls.
 *
 * Each test is one fixed-size record in the section .tests of the ELF file. The host's runner
 * (tools/run_tests.py) reads the section itself and so knows what must be reported, whatever the
 * kernel says. Output is KTAP version 1.
 *
 * A test runs on the boot CPU with interrupts enabled, one at a time. It may use every CPU
 * (on_cpu()). Assertions print the values they compare. EXPECT_* goes on after a failure, ASSERT_*
 * leaves the test function.
 */
#ifndef BOOT_TEST_H
#define BOOT_TEST_H

#include <lib/format.h>
#include <lib/random.h>
#include <lib/string.h>
#include <stdbool.h>
#include <stdint.h>

enum test_kind {
	TEST_ORDINARY = 0,
	TEST_DEATH = 1, /* the machine must end in a panic whose message contains dies_with */
};

struct test {
	char suite[32];
	char name[64];
	char dies_with[96];
	uint32_t kind; /* enum test_kind */
	uint32_t deadline_ms;
	void (*function)(void);
	char zero[48];
};

_Static_assert(sizeof(struct test) == 256, "tools/run_tests.py reads records of this size");

/*
 * Generous: a loaded host may run a virtual CPU a hundred times slower than a quiet one.
 * deadline-scale= multiplies it.
 */
#define TEST_DEADLINE_MS 60000

#define TEST_RECORD(suite_, name_, kind_, dies_with_, deadline_)                                   \
	static void test_##suite_##_##name_(void);                                                 \
	static const struct test test_record_##suite_##_##name_                                    \
		__attribute__((used, aligned(64), section(".tests." #suite_ "." #name_))) = {      \
			.suite = #suite_,                                                          \
			.name = #name_,                                                            \
			.dies_with = dies_with_,                                                   \
			.kind = kind_,                                                             \
			.deadline_ms = deadline_,                                                  \
			.function = test_##suite_##_##name_,                                       \
		};                                                                                 \
	static void test_##suite_##_##name_(void)

#define TEST(suite, name) TEST_RECORD(suite, name, TEST_ORDINARY, "", TEST_DEADLINE_MS)

/* The same with another deadline, in milliseconds. */
#define TEST_WITH_DEADLINE(suite, name, ms) TEST_RECORD(suite, name, TEST_ORDINARY, "", ms)

/* The runner boots a fresh machine for it; returning from it is a failure. */
#define DEATH_TEST(suite, name, message)                                                           \
	TEST_RECORD(suite, name, TEST_DEATH, message, TEST_DEADLINE_MS)

/* Notes the current test failed, with a line that says why. */
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A diagnostic line. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The current test cannot run here, and why; return from it afterwards. */
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Random numbers that the printed seed repeats: each test starts from the boot's seed and its own
 * name.
 */
struct random *test_random(void);

#define TEST_COMPARE(a, op, b, leave)                                                              \
	do {                                                                                       \
		/* The type that C itself would compare them in, without its warning about 0       \
		 * and 1. */                                                                       \
		__typeof__(1 ? (a) : (b)) a_ = (__typeof__(1 ? (a) : (b)))(a);                     \
		__typeof__(1 ? (a) : (b)) b_ = (__typeof__(1 ? (a) : (b)))(b);                     \
		if (!(a_ op b_)) {                                                                 \
			test_fail(__FILE__, __LINE__, "%s " #op " %s: 0x%llx, 0x%llx", #a, #b,     \
				  (unsigned long long)a_, (unsigned long long)b_);                 \
			leave;                                                                     \
		}                                                                                  \
	} while (0)

#define TEST_TRUE(condition, leave)                                                                \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			test_fail(__FILE__, __LINE__, "%s is false", #condition);                  \
			leave;                                                                     \
		}                                                                                  \
	} while (0)

#define EXPECT(condition) TEST_TRUE(condition, (void)0)
#define EXPECT_EQ(a, b) TEST_COMPARE(a, ==, b, (void)0)
#define EXPECT_NE(a, b) TEST_COMPARE(a, !=, b, (void)0)
#define EXPECT_LT(a, b) TEST_COMPARE(a, <, b, (void)0)
#define EXPECT_LE(a, b) TEST_COMPARE(a, <=, b, (void)0)
#define EXPECT_GT(a, b) TEST_COMPARE(a, >, b, (void)0)
#define EXPECT_GE(a, b) TEST_COMPARE(a, >=, b, (void)0)
#define ASSERT_TRUE(condition) TEST_TRUE(condition, return )
#define ASSERT_EQ(a, b) TEST_COMPARE(a, ==, b, return )
#define ASSERT_NE(a, b) TEST_COMPARE(a, !=, b, return )
#define ASSERT_LE(a, b) TEST_COMPARE(a, <=, b, return )
#define ASSERT_GE(a, b) TEST_COMPARE(a, >=, b, return )

#define EXPECT_STR_EQ(a, b)                                                                        \
	do {                                                                                       \
		const char *a_ = (a);                                                              \
		const char *b_ = (b);                                                              \
		if (strcmp(a_, b_) != 0)                                                           \
			test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #a, a_, b_);     \
	} while (0)

/*
 * Runs the tests that the globs select (comma-separated, matched against suite.name) and prints a
 * KTAP document. True when none failed. Boot CPU only.
 */
bool test_run(const char *globs);

/* Runs one death test by its full name; it must not return, so returning is reported and false. */
bool test_run_death(const char *name);

/* The seed and the factor on every deadline, from the boot arguments. */
void test_configure(uint64_t seed, unsigned deadline_scale);

/* "suite.name" while a test runs, else NULL; for panics. */
const char *test_running(void);

#endif
