/*
 * The calling CPU: interrupt flag, waiting, per-CPU base. Manuals: RISC-V unprivileged ISA
 * (20191213) and privileged architecture (20211203).
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* What the port is called, in messages. */
#define ARCH_NAME "riscv64"

/*
 * Stacks of its own that each CPU needs for the traps that cannot trust the interrupted one: a lost
 * stack pointer.
 */
#define CPU_EMERGENCY_STACKS 1

#define SSTATUS_SIE (1UL << 1)

/*
 * In the body of every spin loop: tells the core, and QEMU, that nothing happens here. pause of
 * Zihintpause (unprivileged ISA, chapter 4), written as a number because it is a fence without
 * effect, hence harmless, on cores that lack it.
 */
static inline void cpu_relax(void)
{
	asm volatile(".4byte 0x0100000f" ::: "memory");
}

static inline void interrupts_enable(void)
{
	asm volatile("csrsi sstatus, %0" ::"i"(SSTATUS_SIE) : "memory");
}

static inline void interrupts_disable(void)
{
	asm volatile("csrci sstatus, %0" ::"i"(SSTATUS_SIE) : "memory");
}

static inline bool interrupts_enabled(void)
{
	unsigned long flags;

	asm volatile("csrr %0, sstatus" : "=r"(flags)::"memory");
	return flags & SSTATUS_SIE;
}

/* Disables interrupts and returns what interrupts_restore() needs to put the former state back. */
static inline unsigned long interrupts_save(void)
{
	unsigned long flags;

	asm volatile("csrrci %0, sstatus, %1" : "=r"(flags) : "i"(SSTATUS_SIE) : "memory");
	return flags;
}

static inline void interrupts_restore(unsigned long flags)
{
	if (flags & SSTATUS_SIE)
		interrupts_enable();
}

/*
 * With interrupts disabled: waits until one is pending, takes it, and returns with interrupts
 * disabled. One that was pending already is taken at once, so nothing is lost between a check and
 * the wait: wfi wakes for whatever is pending and enabled in sie, whatever sstatus.SIE says
 * (privileged architecture, 3.3.3), and a write to sstatus makes the hart look for interrupts
 * before the next instruction (4.1.3).
 */
static inline void cpu_wait_for_interrupt(void)
{
	asm volatile("wfi\n\tcsrsi sstatus, %0\n\tcsrci sstatus, %0" ::"i"(SSTATUS_SIE) : "memory");
}

/* Stops this CPU for good. sie too: what is pending and enabled there would keep wfi awake. */
static inline _Noreturn void cpu_halt_forever(void)
{
	for (;;)
		asm volatile("csrci sstatus, %0\n\tcsrw sie, zero\n\twfi" ::"i"(SSTATUS_SIE)
			     : "memory");
}

/*
 * What is added to the link address of a per-CPU variable to reach this CPU's copy
 * (sync/spin/percpu.h). The thread pointer, which the kernel's compiler uses for nothing. volatile:
 * a thread may move to another CPU between two calls.
 */
static inline uintptr_t cpu_percpu_offset(void)
{
	uintptr_t offset;

	asm volatile("mv %0, tp" : "=r"(offset));
	return offset;
}

#endif
