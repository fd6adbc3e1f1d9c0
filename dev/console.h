/*
 * The console: whole lines out under one lock, characters in through an interrupt.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include <lib/boot_info.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the serial port that boot_info describes and maps it. From here on console_write() reaches
 * it; before, it goes nowhere. -ENODEV: no port known; -ENOTSUP: a kind we do not drive; -ENOMEM.
 * Boot CPU, once.
 */
int console_init(const struct uart_description *description,
		 void *(*map_device)(uint64_t base, uint64_t size));

bool console_is_ready(void);
const char *console_name(void);

/*
 * Lets input interrupt the boot CPU. After the interrupt controller is there. Errors as
 * interrupt_register().
 */
int console_enable_input(const struct uart_description *description);

/*
 * Writes text as it stands, not mixed with another CPU's. Newlines become CR LF. Any context but an
 * urgent interrupt.
 */
void console_write(const char *text, size_t size);

/* Formatted, up to 511 characters. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The next character typed. Waits for it, idle, on the boot CPU with interrupts enabled. */
char console_read(void);

/* The next character if one is there, else -1. */
int console_try_read(void);

/* For panics: from now on no lock is taken, and lines of two CPUs may mix. */
void console_ignore_lock(void);

#endif
