/*
 * The 16550 family: COM1 of a PC, the virt machine of RISC-V.
 * Source: National Semiconductor PC16550D data sheet, section 8 (registers).
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <dev/uart.h>

enum {
	DATA = 0,
	INTERRUPT_ENABLE = 1,
	FIFO_CONTROL = 2,
	LINE_CONTROL = 3,
	MODEM_CONTROL = 4,
	LINE_STATUS = 5,
};

#define INTERRUPT_ENABLE_RECEIVED 0x01
#define FIFO_ENABLE_AND_CLEAR 0x07
#define LINE_CONTROL_8N1 0x03
#define MODEM_CONTROL_DTR_RTS 0x03
#define MODEM_CONTROL_OUT2 0x08 /* on a PC this pin lets the interrupt reach the controller */
#define LINE_STATUS_RECEIVED 0x01
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

static uint8_t read_mmio(const struct uart *uart, unsigned index)
{
	return mmio_read8(uart->base + ((uintptr_t)index << uart->register_shift));
}

static void write_mmio(const struct uart *uart, unsigned index, uint8_t value)
{
	mmio_write8(uart->base + ((uintptr_t)index << uart->register_shift), value);
}

#if ARCH_HAS_IO_PORTS
/* An I/O port number fits in 16 bits; a mapped register never does. */
static uint8_t read_register(const struct uart *uart, unsigned index)
{
	if (uart->base <= UINT16_MAX)
		return port_read8((uint16_t)(uart->base + index));
	return read_mmio(uart, index);
}

static void write_register(const struct uart *uart, unsigned index, uint8_t value)
{
	if (uart->base <= UINT16_MAX)
		port_write8((uint16_t)(uart->base + index), value);
	else
		write_mmio(uart, index, value);
}
#else
#define read_register read_mmio
#define write_register write_mmio
#endif

static void ns16550_write(const struct uart *uart, char character)
{
	for (unsigned polls = 0; !(read_register(uart, LINE_STATUS) & LINE_STATUS_TRANSMIT_EMPTY);
	     polls++) {
		if (polls == UART_PATIENCE_POLLS)
			return;
		cpu_relax();
	}
	write_register(uart, DATA, (uint8_t)character);
}

static int ns16550_read(const struct uart *uart)
{
	if (!(read_register(uart, LINE_STATUS) & LINE_STATUS_RECEIVED))
		return -1;
	return read_register(uart, DATA);
}

static void ns16550_enable_input(const struct uart *uart)
{
	write_register(uart, INTERRUPT_ENABLE, INTERRUPT_ENABLE_RECEIVED);
}

void uart_ns16550_init(struct uart *uart, const struct uart_description *description,
		       uintptr_t base)
{
	*uart = (struct uart){
		.name = "ns16550",
		.base = base,
		.register_shift = description->register_shift,
		.write = ns16550_write,
		.read = ns16550_read,
		.enable_input = ns16550_enable_input,
	};
	write_register(uart, INTERRUPT_ENABLE, 0);
	write_register(uart, LINE_CONTROL, LINE_CONTROL_8N1);
	write_register(uart, FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
	write_register(uart, MODEM_CONTROL, MODEM_CONTROL_DTR_RTS | MODEM_CONTROL_OUT2);
}
