/*
 * The calling CPU: interrupt flag, waiting, per-CPU base. Manuals: Intel SDM (325462), AMD APM
 * vol. 3.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* What the port is called, in messages. */
#define ARCH_NAME "x86_64"

/*
 * Stacks of its own that each CPU needs for the traps that cannot trust the interrupted one: double
 * fault, NMI, machine check.
 */
#define CPU_EMERGENCY_STACKS 3

#define RFLAGS_IF (1UL << 9)

/* In the body of every spin loop: tells the core, and QEMU, that nothing happens here. */
static inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}

static inline void interrupts_enable(void)
{
	asm volatile("sti" ::: "memory");
}

static inline void interrupts_disable(void)
{
	asm volatile("cli" ::: "memory");
}

static inline bool interrupts_enabled(void)
{
	unsigned long flags;

	asm volatile("pushfq\n\tpop %0" : "=r"(flags)::"memory");
	return flags & RFLAGS_IF;
}

/* Disables interrupts and returns what interrupts_restore() needs to put the former state back. */
static inline unsigned long interrupts_save(void)
{
	unsigned long flags;

	asm volatile("pushfq\n\tpop %0\n\tcli" : "=r"(flags)::"memory");
	return flags;
}

static inline void interrupts_restore(unsigned long flags)
{
	if (flags & RFLAGS_IF)
		interrupts_enable();
}

/*
 * With interrupts disabled: waits until one is pending, takes it, and returns with interrupts
 * disabled. One that was pending already is taken at once, so nothing is lost between a check and
 * the wait: sti takes effect after the instruction behind it (SDM vol. 2, STI).
 */
static inline void cpu_wait_for_interrupt(void)
{
	asm volatile("sti\n\thlt\n\tcli" ::: "memory");
}

/* Stops this CPU for good. */
static inline _Noreturn void cpu_halt_forever(void)
{
	for (;;)
		asm volatile("cli\n\thlt" ::: "memory");
}

/*
 * What is added to the link address of a per-CPU variable to reach this CPU's copy
 * (sync/spin/percpu.h). The base of gs; each area holds its own offset, because reading
 * IA32_GS_BASE is slow.
 */
extern uintptr_t percpu_self_offset;

static inline uintptr_t cpu_percpu_offset(void)
{
	uintptr_t offset;

	asm volatile("mov %%gs:%c1, %0" : "=r"(offset) : "i"(&percpu_self_offset));
	return offset;
}

#endif
