/*
 * Reporting a panic: stop the other CPUs, say what, where and how we came there, end the machine.
 */
#ifndef BOOT_PANIC_H
#define BOOT_PANIC_H

#include <arch/trap.h>
#include <stdbool.h>

/* Makes panic() report through this file. First thing at boot. */
void panic_init(void);

/* Panics with the registers of a frame instead of the caller's own. */
_Noreturn void panic_with_frame(const char *message, const struct trap_frame *frame);

/* Panics and prints the backtrace of every CPU: for a machine that hangs. */
_Noreturn void panic_with_all_backtraces(const char *message);

/*
 * Called by each IPI and urgent interrupt first: when another CPU panics, remembers the frame and
 * stops for good.
 */
void panic_stop_if_requested(const struct trap_frame *frame);

/*
 * Called for each breakpoint: does not return when it is the one by which panic() gets at its own
 * registers.
 */
void panic_take_breakpoint(const struct trap_frame *frame);

/*
 * The machine cannot go on for a reason outside the kernel (a malformed device tree, too little
 * memory): prints "cannot boot: …" on the console, or wherever there is a way, and ends with
 * failure.
 */
_Noreturn void boot_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
