/*
 * What the files of this port say to each other.
 */
#ifndef ARCH_RISCV64_PORT_H
#define ARCH_RISCV64_PORT_H

#include <arch/riscv64/sbi.h>
#include <arch/trap.h>
#include <stdbool.h>
#include <stdint.h>

/* Bits of sstatus, sie and sip: privileged architecture 20211203, 4.1.1 and 4.1.3. */
#define SSTATUS_VS (3UL << 9)
#define SSTATUS_FS (3UL << 13)
#define SSTATUS_SPP (1UL << 8)
#define SSTATUS_SUM (1UL << 18)
#define SSTATUS_MXR (1UL << 19)
#define SIE_SOFTWARE (1UL << 1)
#define SIE_TIMER (1UL << 5)
#define SIE_EXTERNAL (1UL << 9)

/*
 * CSR accesses have no order with memory accesses unless a fence puts them in one, as input (a
 * read) or output (a write): unprivileged ISA 20191213, 9.1 "CSR Access Ordering".
 */
#define csr_read(name)                                                                             \
	({                                                                                         \
		uint64_t csr_value;                                                                \
		asm volatile("csrr %0, " #name : "=r"(csr_value)::"memory");                       \
		csr_value;                                                                         \
	})
#define csr_write(name, value)                                                                     \
	asm volatile("csrw " #name ", %z0" ::"rJ"((uint64_t)(value)) : "memory")
#define csr_set(name, bits) asm volatile("csrs " #name ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits) asm volatile("csrc " #name ", %0" ::"r"((uint64_t)(bits)) : "memory")

/* The table of trap_set_handlers(); NULL before. Constant once interrupts are allowed. */
extern const struct trap_handlers *trap_handlers;

/*
 * Per-CPU, in .percpu; sscratch holds its address from cpu_init() on. Written by cpu_init(), then
 * by the trap entry of its CPU alone, with interrupts disabled.
 */
struct trap_cpu {
	uint64_t emergency_top;
	uint64_t emergency_uses; /* how often the stack pointer was lost */
	uint64_t entering; /* not 0 while registers are being saved: a trap now means that they
			      cannot be */
	uint64_t spare;
	/* Of the trap whose registers are being saved. */
	uint64_t t0;
	uint64_t t1;
	uint64_t sp;
	uint64_t pc;
	uint64_t cpu; /* logical number of the CPU */
	uint64_t zero[7];
};
extern struct trap_cpu trap_cpu;

/* This CPU's. */
struct trap_cpu *trap_cpu_here(void);

/* trap_entry.S */
void trap_vector(void);

/* Called by trap_entry.S, interrupts disabled. */
void trap_dispatch(struct trap_frame *frame);
_Noreturn void trap_lost_stack(struct trap_frame *frame);

/*
 * Of interrupt.c: handles the interrupt that frame->scause names. False: there is none of that
 * number.
 */
bool interrupt_dispatch(struct trap_frame *frame);

/* The boot hart's id, as the SBI gave it to start.S. */
extern uint64_t start_boot_hart;
/* What satp held on the boot hart, for start.S on the others. */
extern uint64_t start_satp_identity;
extern uint64_t start_satp_kernel;

/*
 * Called by start.S at the link address, once: what follows from the number of levels of the page
 * tables.
 */
void mmu_set_levels(unsigned levels);

/* Makes a hart the logical CPU's. Boot CPU, before that CPU starts. */
void hart_assign(unsigned cpu, uint64_t hart);

/* The CPU's hart, as a set to give to the SBI. */
struct sbi_harts hart_of(unsigned cpu);

/*
 * Adds the calling CPU, in cpu_init(), to those that remote fences go to. A full barrier: a fence
 * that does not count this CPU was asked for after page-table stores that this CPU's walker sees
 * from here on (mmu_publish()).
 */
void hart_set_running(unsigned cpu);

/*
 * The logical CPUs that fences go to: bit n is CPU n. Behind tlb_invalidate_begin() or
 * code_publish_barrier(): the caller's stores come before the look.
 */
uint64_t harts_running(void);

/*
 * Takes some CPUs out of *cpus, which is not empty, and returns their harts in the form the SBI
 * wants.
 */
struct sbi_harts harts_take(uint64_t *cpus);

/* Whether the timer is Sstc's; constant after clock_counter_init(). */
bool clock_has_sstc(void);

#endif
