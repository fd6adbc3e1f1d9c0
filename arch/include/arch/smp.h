/*
 * CPUs: the set-up each runs on itself, and starting the others (INIT-SIPI, PSCI CPU_ON, SBI HSM
 * hart_start).
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <arch/cpu.h>
#include <lib/boot_info.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a started CPU needs to reach secondary_start(). Lives in the kernel image for as long as the
 * CPU may arrive.
 */
struct cpu_start {
	uintptr_t stack_top;     /* 16-byte aligned */
	uintptr_t percpu_offset; /* what cpu_set_percpu_offset() takes */
	uint64_t cpu;            /* logical number */
};
/* start.S reads the members at 0, 8 and 16. */
_Static_assert(offsetof(struct cpu_start, stack_top) == 0, "start.S reads it");
_Static_assert(offsetof(struct cpu_start, percpu_offset) == 8, "start.S reads it");
_Static_assert(offsetof(struct cpu_start, cpu) == 16, "start.S reads it");

/*
 * Gives the calling CPU the tops of its emergency stacks (arch/cpu.h says for what), each of
 * KERNEL_STACK_SIZE bytes. Before cpu_init(); may be called again, with interrupts disabled, to
 * exchange them.
 */
void cpu_set_emergency_stacks(const uintptr_t tops[CPU_EMERGENCY_STACKS]);

/*
 * The calling CPU's own set-up: descriptor tables or vectors, protection bits (SMEP, SMAP, UMIP,
 * WP, NX; PAN, WXN; SUM=0), FP disabled. Once per CPU, interrupts disabled, per-CPU offset already
 * set, on the kernel's page tables. From here on every trap is handled.
 */
void cpu_init(unsigned cpu);

/*
 * Prepares what cpu_start() needs, once, on the boot CPU (x86_64: the trampoline below 1 MiB;
 * AArch64: the PSCI conduit; RISC-V: a check of the HSM extension). -ENODEV: the firmware has no
 * way to start CPUs; -ENOMEM.
 */
int cpu_start_init(const struct boot_info *info);

/*
 * Starts a CPU. It enables the MMU on the kernel's page tables (early_map.h: identity root first),
 * loads stack and per-CPU offset from *start and calls secondary_start(start->cpu). Returns when
 * the request was accepted, not when the CPU is there. Boot CPU. -EIO: the firmware refused; the
 * port has logged why. Ordering: stores before the call, *start among them, are visible to the CPU
 * that starts.
 */
int cpu_start(const struct boot_info *info, unsigned cpu, const struct cpu_start *start);

/*
 * The hardware id (struct cpu_description) of the boot CPU; called on it. The local APIC id, the
 * affinity fields of MPIDR_EL1, the hart id that the SBI gave to start.S.
 */
uint64_t cpu_boot_hardware_id(void);

/* Fills text with this CPU's model and the features the kernel uses, on one line. Any context. */
void cpu_describe(char *text, size_t size);

#endif
