/*
 * The calling CPU: interrupt mask, waiting, per-CPU base. Manual: Arm Architecture Reference Manual
 * (DDI 0487).
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* What the port is called, in messages. */
#define ARCH_NAME "aarch64"

/*
 * Stacks of its own that each CPU needs for the traps that cannot trust the interrupted one: a lost
 * stack pointer.
 */
#define CPU_EMERGENCY_STACKS 1

#define DAIF_IRQ_MASKED (1UL << 7)

/* In the body of every spin loop: tells the core, and QEMU, that nothing happens here. */
static inline void cpu_relax(void)
{
	asm volatile("yield" ::: "memory");
}

/*
 * IRQ and FIQ together (#3): our interrupts are all IRQs, and an FIQ that firmware left enabled
 * must not enter a section that believes itself uninterrupted.
 */
static inline void interrupts_enable(void)
{
	asm volatile("msr daifclr, #3" ::: "memory");
}

static inline void interrupts_disable(void)
{
	asm volatile("msr daifset, #3" ::: "memory");
}

static inline bool interrupts_enabled(void)
{
	unsigned long flags;

	asm volatile("mrs %0, daif" : "=r"(flags)::"memory");
	return !(flags & DAIF_IRQ_MASKED);
}

/* Disables interrupts and returns what interrupts_restore() needs to put the former state back. */
static inline unsigned long interrupts_save(void)
{
	unsigned long flags;

	asm volatile("mrs %0, daif\n\tmsr daifset, #3" : "=r"(flags)::"memory");
	return flags;
}

static inline void interrupts_restore(unsigned long flags)
{
	asm volatile("msr daif, %0" ::"r"(flags) : "memory");
}

/*
 * With interrupts disabled: waits until one is pending, takes it, and returns with interrupts
 * disabled. One that was pending already is taken at once, so nothing is lost between a check and
 * the wait: wfi wakes for a masked interrupt too (DDI 0487, D1 "Wait for Interrupt"). dsb:
 * earlier stores do not linger while the core sleeps. isb: a pending interrupt that is unmasked is
 * taken before a context synchronisation event completes (D1 "Asynchronous exception types"), so
 * not after the mask is back.
 */
static inline void cpu_wait_for_interrupt(void)
{
	asm volatile("dsb sy\n\twfi\n\tmsr daifclr, #3\n\tisb\n\tmsr daifset, #3" ::: "memory");
}

/* Stops this CPU for good. */
static inline _Noreturn void cpu_halt_forever(void)
{
	for (;;)
		asm volatile("msr daifset, #15\n\twfi" ::: "memory");
}

/*
 * What is added to the link address of a per-CPU variable to reach this CPU's copy
 * (sync/spin/percpu.h). TPIDR_EL1, which the architecture leaves to us. volatile: a thread may move
 * to another CPU between two calls.
 */
static inline uintptr_t cpu_percpu_offset(void)
{
	uintptr_t offset;

	asm volatile("mrs %0, tpidr_el1" : "=r"(offset));
	return offset;
}

#endif
