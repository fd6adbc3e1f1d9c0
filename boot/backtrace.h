/*
 * Walking a stack by its frame pointers, with names.
 */
#ifndef BOOT_BACKTRACE_H
#define BOOT_BACKTRACE_H

#include <arch/trap.h>
#include <stddef.h>
#include <stdint.h>

/* Takes one line without its newline. */
typedef void backtrace_print_line(const char *line);

/* Prints pc and the callers behind the frame pointer. Survives any garbage. Any context. */
void backtrace_print(uintptr_t pc, uintptr_t frame_pointer, backtrace_print_line *print);

/* The same for an interrupted or faulting frame. */
void backtrace_print_frame(const struct trap_frame *frame, backtrace_print_line *print);

#endif
