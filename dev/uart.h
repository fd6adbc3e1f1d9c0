/*
 * Serial ports: one small driver each for the 16550 family and the PL011, polled output,
 * interrupt-driven input.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include <lib/boot_info.h>
#include <stdint.h>

struct uart {
	const char *name;
	uintptr_t base;          /* virtual address of the registers, or the first I/O port */
	unsigned register_shift; /* registers stand 1 << shift bytes apart */
	/*
	 * Waits until the character is accepted; a port that never is ready for a second loses it.
	 * Any context.
	 */
	void (*write)(const struct uart *uart, char character);
	/* The next received character, or -1. Acknowledges the receive interrupt. */
	int (*read)(const struct uart *uart);
	/* Lets received characters interrupt. */
	void (*enable_input)(const struct uart *uart);
};

/*
 * Set up a port as described, its registers mapped at base: 8 bits, no parity, 1 stop bit, the
 * firmware's rate.
 */
void uart_ns16550_init(struct uart *uart, const struct uart_description *description,
		       uintptr_t base);
void uart_pl011_init(struct uart *uart, const struct uart_description *description, uintptr_t base);

/*
 * Polls for an accepted character before it is given up: far more than any rate needs, far less
 * than for ever.
 */
#define UART_PATIENCE_POLLS 10000000

#endif
