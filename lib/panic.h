/*
 * The end of the line: panic() for broken invariants of the kernel itself, never for input.
 *
 * This file stands on the lowest floor, so it knows neither console nor CPUs: it formats the
 * message and hands it to the reporter that boot/panic.c registers. The host tests register one
 * that aborts.
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include <stdbool.h>

/*
 * Ends the machine with a message. Any context; never returns; a second panic on the way is
 * reported shortly.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/*
 * Who prints the message and stops the machine; it must not return. Called once, at boot, while
 * only the boot CPU runs. Until then a panic spins for ever in silence.
 */
void panic_set_reporter(void (*reporter)(const char *message));

/* An invariant that costs little to check, kept in every build. */
#define BUG_ON(condition)                                                                          \
	do {                                                                                       \
		if (__builtin_expect(!!(condition), 0))                                            \
			panic("BUG: %s at %s:%d", #condition, __FILE__, __LINE__);                 \
	} while (0)

/*

 * An invariant checked in the checking build (BUILD=check) only; the expression is always compiled.

 */
#ifdef CONFIG_CHECK
#define ASSERT(condition)                                                                          \
	do {                                                                                       \
		if (__builtin_expect(!(condition), 0))                                             \
			panic("assertion failed: %s at %s:%d", #condition, __FILE__, __LINE__);    \
	} while (0)
#else
#define ASSERT(condition) ((void)sizeof(!(condition)))
#endif

#endif
