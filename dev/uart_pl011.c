/*
 * The PL011 of Arm's boards and of QEMU's virt machine.
 * Source: Arm PrimeCell UART (PL011) Technical Reference Manual, DDI 0183, chapter 3.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <dev/uart.h>

#define DR 0x000
#define FR 0x018
#define LCR_H 0x02c
#define CR 0x030
#define IFLS 0x034
#define IMSC 0x038
#define ICR 0x044

#define FR_RECEIVE_EMPTY (1U << 4)
#define FR_TRANSMIT_FULL (1U << 5)
#define LCR_H_8_BITS (3U << 5)
#define LCR_H_FIFO (1U << 4)
#define CR_ENABLE (1U << 0)
#define CR_TRANSMIT (1U << 8)
#define CR_RECEIVE (1U << 9)
#define INTERRUPT_RECEIVE (1U << 4)
#define INTERRUPT_RECEIVE_TIMEOUT                                                                  \
	(1U << 6) /* characters wait in the FIFO below its trigger level */

static void pl011_write(const struct uart *uart, char character)
{
	for (unsigned polls = 0; mmio_read32(uart->base + FR) & FR_TRANSMIT_FULL; polls++) {
		if (polls == UART_PATIENCE_POLLS)
			return;
		cpu_relax();
	}
	mmio_write32(uart->base + DR, (uint8_t)character);
}

static int pl011_read(const struct uart *uart)
{
	mmio_write32(uart->base + ICR, INTERRUPT_RECEIVE | INTERRUPT_RECEIVE_TIMEOUT);
	if (mmio_read32(uart->base + FR) & FR_RECEIVE_EMPTY)
		return -1;
	return (int)(mmio_read32(uart->base + DR) & 0xff);
}

static void pl011_enable_input(const struct uart *uart)
{
	mmio_write32(uart->base + IMSC, INTERRUPT_RECEIVE | INTERRUPT_RECEIVE_TIMEOUT);
}

void uart_pl011_init(struct uart *uart, const struct uart_description *description, uintptr_t base)
{
	*uart = (struct uart){
		.name = "pl011",
		.base = base,
		.register_shift = description->register_shift,
		.write = pl011_write,
		.read = pl011_read,
		.enable_input = pl011_enable_input,
	};
	/* DDI 0183, 3.3.8: disable, set the line, enable. */
	mmio_write32(uart->base + CR, 0);
	mmio_write32(uart->base + IMSC, 0);
	mmio_write32(uart->base + LCR_H, LCR_H_8_BITS | LCR_H_FIFO);
	mmio_write32(uart->base + IFLS, 0);
	mmio_write32(uart->base + CR, CR_ENABLE | CR_TRANSMIT | CR_RECEIVE);
}
