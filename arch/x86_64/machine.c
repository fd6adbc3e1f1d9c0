/*
 * Ways out of a PC, and its serial port as the last resort. The ACPI registers are remembered by
 * machine_init() and constant afterwards.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/machine.h>
#include <arch/page_flags.h>
#include <lib/errno.h>
#include <lib/log_hook.h>

/* QEMU's isa-debug-exit device: a value v ends QEMU with status v << 1 | 1. */
#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_VALUE(status) ((status) >> 1)

/* PM1 control register: ACPI 6.5, 4.8.3.2.1. */
#define PM1_SLEEP_TYPE(type) ((uint16_t)(((type)&7) << 10))
#define PM1_SLEEP_TYPE_MASK 0x1c00
#define PM1_SLEEP_ENABLE 0x2000

/*
 * The keyboard controller's output port drives the processor's reset (8042; ICH9 datasheet, 5.12).
 */
#define KEYBOARD_STATUS_PORT 0x64
#define KEYBOARD_COMMAND_PORT 0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_PULSE_RESET 0xfe

/* 16550: transmitter holding register, line status register and its bit "transmitter empty". */
#define COM1_PORT 0x3f8
#define COM1_STATUS_PORT 0x3fd
#define COM1_TRANSMITTER_EMPTY 0x20

/*
 * Reading a port that nobody answers takes about a microsecond; POST codes go there, and reading
 * disturbs nothing.
 */
#define DELAY_PORT 0x80

#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_PORT 1

static struct apic_description acpi;
static uintptr_t reset_address;

int machine_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size))
{
	const struct acpi_register *reset = &info->apic.reset;

	acpi = info->apic;
	if (reset->present && reset->space == ACPI_SPACE_MEMORY) {
		uintptr_t page = (uintptr_t)map_device(reset->address & ~(PAGE_SIZE - 1),
						       PAGE_SIZE);

		if (!page)
			return -ENOMEM;
		reset_address = page + (reset->address & (PAGE_SIZE - 1));
	}
	return 0;
}

/* Time for the machine to do what it was told. Works before there is a clock as well. */
static void wait_for_effect(void)
{
	for (unsigned i = 0; i < 500000; i++) {
		port_read8(DELAY_PORT);
		cpu_relax();
	}
}

_Noreturn void machine_exit(bool success)
{
	unsigned status = success ? MACHINE_EXIT_SUCCESS : MACHINE_EXIT_FAILURE;

	port_write8(DEBUG_EXIT_PORT, (uint8_t)DEBUG_EXIT_VALUE(status));
	machine_poweroff();
}

static void sleep_enter(uint32_t port, uint32_t type)
{
	uint16_t control;

	if (port == 0 || port > UINT16_MAX)
		return;
	control = port_read16((uint16_t)port) & (uint16_t)~PM1_SLEEP_TYPE_MASK;
	port_write16((uint16_t)port, control | PM1_SLEEP_TYPE(type) | PM1_SLEEP_ENABLE);
}

_Noreturn void machine_poweroff(void)
{
	interrupts_disable();
	if (acpi.sleep_known) {
		sleep_enter(acpi.pm1a_port, acpi.sleep_type_a);
		sleep_enter(acpi.pm1b_port, acpi.sleep_type_b);
		wait_for_effect();
	}
	log_print(LOG_ERROR,
		  "This machine has no way to power off that we know: it is safe to turn it off.");
	cpu_halt_forever();
}

/* ACPI 6.5, 4.8.3.6. */
static void reset_by_acpi(void)
{
	if (!acpi.reset.present)
		return;
	if (acpi.reset.space == ACPI_SPACE_PORT && acpi.reset.address <= UINT16_MAX)
		port_write8((uint16_t)acpi.reset.address, acpi.reset.value);
	else if (reset_address)
		mmio_write8(reset_address, acpi.reset.value);
	else
		return;
	wait_for_effect();
}

static void reset_by_keyboard_controller(void)
{
	for (unsigned i = 0; i < 100000 && (port_read8(KEYBOARD_STATUS_PORT) & KEYBOARD_INPUT_FULL);
	     i++)
		cpu_relax();
	port_write8(KEYBOARD_COMMAND_PORT, KEYBOARD_PULSE_RESET);
	wait_for_effect();
}

/*
 * With no interrupt table the exception cannot be delivered, nor the fault that follows: the CPU
 * shuts down.
 */
static void reset_by_triple_fault(void)
{
	static const uint8_t empty_table[10];

	asm volatile("lidt %0\n\tint3" ::"m"(empty_table) : "memory");
}

_Noreturn void machine_reboot(void)
{
	interrupts_disable();
	reset_by_acpi();
	reset_by_keyboard_controller();
	reset_by_triple_fault();
	cpu_halt_forever();
}

static void com1_write(uint8_t byte)
{
	for (unsigned i = 0; i < 100000 && !(port_read8(COM1_STATUS_PORT) & COM1_TRANSMITTER_EMPTY);
	     i++)
		cpu_relax();
	port_write8(COM1_PORT, byte);
}

void machine_early_write(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			com1_write('\r');
		com1_write((uint8_t)text[i]);
	}
}
