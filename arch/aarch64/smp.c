/*
 * Starting the other CPUs by PSCI CPU_ON (Arm DEN 0022, 5.6). Boot CPU only; no locks.
 */
#include <arch/aarch64/assembly.h>
#include <arch/aarch64/port.h>
#include <arch/aarch64/psci.h>
#include <arch/smp.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/log_hook.h>

_Static_assert(START_PROTOCOL_FDT == BOOT_PROTOCOL_FDT, "start.S passes it");
_Static_assert(START_PROTOCOL_BOOT_INFO == BOOT_PROTOCOL_BOOT_INFO, "start.S passes it");

extern char start_secondary[];

uint64_t cpu_boot_hardware_id(void)
{
	return system_register_read(mpidr_el1) & MPIDR_AFFINITY;
}

int cpu_start_init(const struct boot_info *info)
{
	int64_t version;

	psci_init(info);
	if (!psci_present())
		return -ENODEV;
	version = psci_call(PSCI_VERSION, 0, 0, 0);
	if ((int32_t)version < 0)
		log_print(LOG_WARNING, "psci: no version: %s", psci_error_name(version));
	else
		log_print(LOG_INFO, "psci: version %u.%u by %s", (unsigned)(version >> 16 & 0x7fff),
			  (unsigned)(version & 0xffff),
			  info->arm.psci_conduit == PSCI_HVC ? "hvc" : "smc");
	return 0;
}

int cpu_start(const struct boot_info *info, unsigned cpu, const struct cpu_start *start)
{
	uint64_t hardware_id = info->cpus[cpu].hardware_id;
	uint64_t entry = info->kernel.base + (uint64_t)(start_secondary - image_start);
	int64_t result;

	/*
	 * The stores before are complete when the firmware is called: it may start the CPU by other
	 * means than memory.
	 */
	asm volatile("dsb ish" ::: "memory");
	result = psci_call(info->arm.psci_cpu_on, hardware_id, entry, (uintptr_t)start);
	if ((int32_t)result == 0)
		return 0;
	log_print(LOG_ERROR, "psci: CPU %u (hardware id %#lx) was not started: %s", cpu,
		  (unsigned long)hardware_id, psci_error_name(result));
	return -EIO;
}
