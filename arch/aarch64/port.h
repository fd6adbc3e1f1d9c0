/*
 * What the files of this port say to each other.
 */
#ifndef ARCH_AARCH64_PORT_H
#define ARCH_AARCH64_PORT_H

#include <arch/aarch64/system_registers.h>
#include <arch/trap.h>
#include <stdbool.h>
#include <stdint.h>

/* The table of trap_set_handlers(); NULL before. Constant once interrupts are allowed. */
extern const struct trap_handlers *trap_handlers;

/*
 * Per-CPU, in .percpu: where trap_entry.S goes when the stack pointer is lost, and what it found.
 * Written by start.S and cpu_init(), then by the trap entry of its CPU alone, with everything
 * masked.
 */
struct trap_emergency {
	uintptr_t stack_top;
	uintptr_t lost_sp;
	uint64_t overflow; /* 1: lost_sp is in the guard below a stack; 0: it is garbage */
	uint64_t losses; /* it never comes back: from the second on, the emergency stack was lost */
	uint64_t scratch[2];
	uint64_t zero[2];
};
extern struct trap_emergency trap_emergency;

/* This CPU's. */
struct trap_emergency *trap_emergency_here(void);

/* Called by start.S: stops a CPU that lacks what cpu_patch_code() has put into the kernel. */
void cpu_check_code(void);

/* Called by trap_entry.S, everything masked. */
void trap_synchronous(struct trap_frame *frame);
void trap_fiq(struct trap_frame *frame);
void trap_serror(struct trap_frame *frame);
void trap_wrong_vector(struct trap_frame *frame);
_Noreturn void trap_lost_stack(struct trap_frame *frame);
void interrupt_dispatch(struct trap_frame *frame);

/*
 * Lets one of the calling CPU's private interrupts (INTID 16 to 31) come. After
 * interrupt_controller_init_cpu().
 */
void interrupt_private_unmask(unsigned intid);

/* The INTID of the timer; 0 before clock_counter_init(). Constant after it. */
unsigned clock_timer_line(void);

/*
 * A deadline for waiting on hardware, by the counter alone, so that it works before
 * clock_counter_init(). deadline_passed() is also the spin loop's cpu_relax().
 */
uint64_t deadline_after_seconds(unsigned seconds);
bool deadline_passed(uint64_t deadline);

#endif
