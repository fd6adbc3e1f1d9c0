/*
 * The calling CPU: its trap vector and control registers, and what it is.
 *
 * Each CPU runs cpu_init() on itself; what is shared is harts_running (smp.c).
 */
#include <arch/cpu.h>
#include <arch/pte.h>
#include <arch/riscv64/port.h>
#include <arch/smp.h>
#include <lib/format.h>

void cpu_set_emergency_stacks(const uintptr_t tops[CPU_EMERGENCY_STACKS])
{
	trap_cpu_here()->emergency_top = tops[0];
}

/*
 * Direct mode: every trap goes to trap_vector. The kernel neither touches what user mode may (SUM),
 * nor reads what is only executable (MXR), nor uses floating-point or vector registers; user mode
 * sees no counter. sie stays empty until the interrupt controller and the clock add what they
 * serve.
 */
void cpu_init(unsigned cpu)
{
	struct trap_cpu *here = trap_cpu_here();

	here->cpu = cpu;
	csr_write(sscratch, here);
	csr_write(stvec, trap_vector);

	csr_write(sie, 0);
	csr_clear(sstatus, SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS | SSTATUS_VS);
	csr_write(scounteren, 0);
	if (cpu == 0) {
		hart_assign(0, start_boot_hart);
		sbi_init();
	}
	hart_set_running(cpu);
	/* Translations cached since start.S, before remote fences counted this hart (port.h). */
	asm volatile("sfence.vma" ::: "memory");
}

void cpu_describe(char *text, size_t size)
{
	size_t used = (size_t)sbi_describe(text, size);

	if (used < size)
		format_text(text + used, size - used, ", %s%s", pte_levels() == 4 ? "Sv48" : "Sv39",
			    clock_has_sstc() ? " Sstc" : "");
}
