/*
 * Ways out of the machine: SiFive's test finisher, through which QEMU alone passes an exit status,
 * and the SBI's SRST.
 *
 * finisher is written by machine_init() and constant afterwards.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/machine.h>
#include <arch/page_flags.h>
#include <arch/riscv64/sbi.h>
#include <lib/errno.h>
#include <lib/log_hook.h>

/*
 * QEMU, include/hw/misc/sifive_test.h: the low half of the word says what to do, the high half is
 * the exit status.
 */
#define FINISHER_FAIL 0x3333
#define FINISHER_PASS 0x5555
#define FINISHER_RESET 0x7777
#define FINISHER_STATUS(status) ((uint32_t)(status) << 16 | FINISHER_FAIL)

#define PATIENCE_SECONDS 2

static uintptr_t finisher;

int machine_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size))
{
	const struct physical_window *window = &info->riscv.test_finisher;
	uintptr_t page;

	if (window->size < sizeof(uint32_t))
		return 0;
	page = (uintptr_t)map_device(window->base & ~(PAGE_SIZE - 1), PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	finisher = page + (window->base & (PAGE_SIZE - 1));
	return 0;
}

/* Returns when there is no finisher, or when it had no effect in time. */
static void finish(uint32_t word)
{
	uint64_t since = clock_counter_read();

	if (!finisher)
		return;
	mmio_write32(finisher, word);
	while (clock_counter_read() - since < PATIENCE_SECONDS * clock_counter_hz())
		cpu_relax();
}

void machine_exit(bool success)
{
	interrupts_disable();
	finish(FINISHER_STATUS(success ? MACHINE_EXIT_SUCCESS : MACHINE_EXIT_FAILURE));
	sbi_system_reset(SBI_RESET_SHUTDOWN, !success);
	cpu_halt_forever();
}

void machine_poweroff(void)
{
	interrupts_disable();
	sbi_system_reset(SBI_RESET_SHUTDOWN, false);
	finish(FINISHER_PASS);
	log_print(LOG_ERROR,
		  "This machine has no way to power off that we know: it is safe to turn it off.");
	cpu_halt_forever();
}

void machine_reboot(void)
{
	interrupts_disable();
	sbi_system_reset(SBI_RESET_COLD_REBOOT, false);
	finish(FINISHER_RESET);
	log_print(LOG_ERROR, "This machine has no way to restart that we know.");
	cpu_halt_forever();
}

void machine_early_write(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			sbi_console_put('\r');
		sbi_console_put(text[i]);
	}
}
