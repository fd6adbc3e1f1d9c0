/*
 * The console over one serial port. Output: console_lock, with interrupts disabled, for a whole
 * write. Input: a ring filled by the interrupt handler and emptied by console_read(), both on the
 * boot CPU.
 */
#include <arch/cpu.h>
#include <dev/console.h>
#include <dev/interrupt.h>
#include <dev/uart.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spinlock.h>

#define INPUT_SIZE 256 /* a power of two */

/*
 * Protects: the serial port's transmitter. Taken after any other lock: log lines are written under
 * anything.
 */
static struct spinlock console_lock = SPINLOCK_INITIALISER("console");
static uint32_t lock_ignored; /* atomic */

/* Constant after console_init(). */
static struct uart uart;
static uint32_t ready; /* atomic */

/* Touched on the boot CPU only; head by the interrupt handler, tail by the reader. */
static char input[INPUT_SIZE];
static uint32_t input_head;
static uint32_t input_tail;

int console_init(const struct uart_description *description,
		 void *(*map_device)(uint64_t base, uint64_t size))
{
	uintptr_t base = description->registers.base;

	if (description->kind == UART_NONE)
		return -ENODEV;
	if (description->kind != UART_NS16550_PORT)
		base = (uintptr_t)map_device(description->registers.base,
					     description->registers.size);
	if (base == 0)
		return -ENOMEM;
	switch (description->kind) {
	case UART_NS16550_PORT:
	case UART_NS16550_MMIO:
		uart_ns16550_init(&uart, description, base);
		break;
	case UART_PL011:
		uart_pl011_init(&uart, description, base);
		break;
	default:
		return -ENOTSUP;
	}
	/* Release, pairs with console_is_ready in dev/console.c: uart before ready. */
	atomic_store_release(&ready, 1);
	return 0;
}

bool console_is_ready(void)
{
	/* Acquire, pairs with console_init in dev/console.c: uart, for who finds it ready. */
	return atomic_load_acquire(&ready);
}

const char *console_name(void)
{
	return console_is_ready() ? uart.name : "none";
}

void console_write(const char *text, size_t size)
{
	if (!console_is_ready())
		return;
	bool locked = !atomic_load_relaxed(&lock_ignored);
	unsigned long flags = locked ? spinlock_lock_irqsave(&console_lock) : 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			uart.write(&uart, '\r');
		uart.write(&uart, text[i]);
	}
	if (locked)
		spinlock_unlock_irqrestore(&console_lock, flags);
}

void console_print(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	int length = format_text_v(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_write(text, length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

void console_ignore_lock(void)
{
	atomic_store_relaxed(&lock_ignored, 1);
}

/*
 * The receive interrupt. Characters that find the ring full are dropped, as any terminal line
 * would.
 */
static void receive(void *argument)
{
	struct uart *port = argument;
	int character;

	while ((character = port->read(port)) >= 0) {
		if (input_head - input_tail < INPUT_SIZE)
			input[input_head++ % INPUT_SIZE] = (char)character;
	}
}

int console_enable_input(const struct uart_description *description)
{
	if (!console_is_ready() || description->interrupt == UINT32_MAX)
		return -ENODEV;
	int error = interrupt_register(description->interrupt, uart.name, receive, &uart, 0);

	if (!error)
		uart.enable_input(&uart);
	return error;
}

int console_try_read(void)
{
	unsigned long flags = interrupts_save();
	int character = -1;

	if (input_head != input_tail)
		character = (unsigned char)input[input_tail++ % INPUT_SIZE];
	interrupts_restore(flags);
	return character;
}

char console_read(void)
{
	int character;

	interrupts_disable();
	while ((character = console_try_read()) < 0)
		cpu_wait_for_interrupt();
	interrupts_enable();
	return (char)character;
}
