/*
 * Ways out of the machine: Arm semihosting (specification: Arm, "Semihosting for AArch32 and
 * AArch64") to QEMU, which alone passes an exit status, and PSCI for power.
 *
 * Without -semihosting the hlt of a call is an undefined instruction. It stands in the exception
 * table, so that the call then fails and nothing else happens: trap.c looks there itself until
 * handlers are registered, boot/trap.c after that. No locks: every function may be called at any
 * time.
 */
#include <arch/aarch64/psci.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <lib/extable.h>
#include <lib/log_hook.h>

#define SEMIHOSTING_WRITE0 0x04
#define SEMIHOSTING_EXIT_EXTENDED 0x20
#define SEMIHOSTING_APPLICATION_EXIT 0x20026

int machine_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size))
{
	(void)map_device;
	psci_init(info);
	return 0;
}

/*
 * One semihosting call; its result is of no use to us. "memory": the host reads what argument
 * points to.
 */
static void semihosting_call(uint64_t operation, const void *argument)
{
	register uint64_t x0 asm("x0") = operation;
	register const void *x1 asm("x1") = argument;

	asm volatile("1: hlt #0xf000\n"
		     "2:\n" EXTABLE_INLINE("1b", "2b")
		     : "+r"(x0)
		     : "r"(x1)
		     : "memory");
}

void machine_exit(bool success)
{
	uint64_t block[2] = {
		SEMIHOSTING_APPLICATION_EXIT,
		success ? MACHINE_EXIT_SUCCESS : MACHINE_EXIT_FAILURE,
	};

	semihosting_call(SEMIHOSTING_EXIT_EXTENDED, block);
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	cpu_halt_forever();
}

void machine_poweroff(void)
{
	int64_t result = psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);

	log_print(LOG_ERROR, "psci: the machine cannot be powered off: %s",
		  psci_error_name(result));
	cpu_halt_forever();
}

void machine_reboot(void)
{
	int64_t result = psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);

	log_print(LOG_ERROR, "psci: the machine cannot be restarted: %s", psci_error_name(result));
	cpu_halt_forever();
}

/* SYS_WRITE0 takes a string that ends in NUL; a NUL within the text is left out. */
void machine_early_write(const char *text, size_t size)
{
	char line[128];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i])
			line[used++] = text[i];
		if (used == sizeof(line) - 1 || i == size - 1) {
			line[used] = '\0';
			semihosting_call(SEMIHOSTING_WRITE0, line);
			used = 0;
		}
	}
}
