/*
 * The calling CPU: its control registers, and what it is.
 *
 * Each CPU runs cpu_init() on itself; nothing here is shared.
 */
#include <arch/aarch64/port.h>
#include <arch/smp.h>
#include <lib/format.h>

/* ID_AA64MMFR1_EL1.PAN */
static bool cpu_has_pan(void)
{
	return id_field(system_register_read(id_aa64mmfr1_el1), 20) != 0;
}

void cpu_set_emergency_stacks(const uintptr_t tops[CPU_EMERGENCY_STACKS])
{
	trap_emergency_here()->stack_top = tops[0];
}

/*
 * start.S has set the MMU, WXN and the stack alignment check. Here: the kernel never touches what
 * user mode may (PAN, set now and, through SPAN, by every later exception); floating point, SVE and
 * SME trap at both levels; user mode sees no counter, timer or cache instruction; no debug event;
 * and SErrors, masked so far, may come.
 */
void cpu_init(unsigned cpu)
{
	(void)cpu;
	system_register_write(cpacr_el1, 0);
	system_register_write(mdscr_el1, 0);
	system_register_write(cntkctl_el1, 0);
	system_register_write(tpidr_el0, 0);
	system_register_write(tpidrro_el0, 0);
	if (cpu_has_pan()) {
		system_register_write(sctlr_el1,
				      system_register_read(sctlr_el1) & ~(uint64_t)SCTLR_SPAN);
		/* msr pan, #1: the assembler knows the name from Armv8.1 on only. */
		asm volatile(".inst 0xd500419f" ::: "memory");
	}
	isb();
	asm volatile("msr daifclr, #4" ::: "memory");
}

struct cpu_model {
	uint16_t implementer;
	uint16_t part;
	const char *name;
};

/* MIDR_EL1: implementer in bits 31:24, part in 15:4. */
static const char *cpu_model_name(uint64_t midr)
{
	static const struct cpu_model models[] = {
		{ 0x00, 0x051, "QEMU max" },    { 0x41, 0xd03, "Cortex-A53" },
		{ 0x41, 0xd04, "Cortex-A35" },  { 0x41, 0xd05, "Cortex-A55" },
		{ 0x41, 0xd07, "Cortex-A57" },  { 0x41, 0xd08, "Cortex-A72" },
		{ 0x41, 0xd09, "Cortex-A73" },  { 0x41, 0xd0a, "Cortex-A75" },
		{ 0x41, 0xd0b, "Cortex-A76" },  { 0x41, 0xd0c, "Neoverse N1" },
		{ 0x41, 0xd40, "Neoverse V1" }, { 0x41, 0xd49, "Neoverse N2" },
	};

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (models[i].implementer == (midr >> 24 & 0xff) &&
		    models[i].part == (midr >> 4 & 0xfff))
			return models[i].name;
	return "AArch64";
}

void cpu_describe(char *text, size_t size)
{
	uint64_t midr = system_register_read(midr_el1);
	uint64_t isar0 = system_register_read(id_aa64isar0_el1);
	uint64_t mmfr0 = system_register_read(id_aa64mmfr0_el1);

	format_text(text, size, "%s (MIDR %#lx)%s%s%s%s%s", cpu_model_name(midr),
		    (unsigned long)midr, cpu_has_pan() ? " PAN" : " no PAN",
		    id_field(mmfr0, 4) == 2 ? " ASID16" : " ASID8",
		    id_field(isar0, 20) >= 2 ? " LSE" : "", id_field(isar0, 60) ? " RNG" : "",
		    id_field(system_register_read(id_aa64pfr0_el1), 24) ? " GIC-sysregs" : "");
}
