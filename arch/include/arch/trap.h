/*
 * Traps: how a port hands exceptions and interrupts to the floors above.
 *
 * A port never calls up by name. boot/trap.c registers one table of functions before the first
 * interrupt is allowed, and the port calls through it. All of them run on the interrupted stack
 * (double fault, stack overflow and x86's NMI: on a stack of their own) with interrupts disabled,
 * and may not block.
 */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include <arch/trap_frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trap_kind {
	TRAP_PAGE_FAULT, /* a translation or permission said no; address and access are valid */
	TRAP_BREAKPOINT, /* int3, brk, ebreak; the frame's pc is that of the instruction itself */
	TRAP_ILLEGAL_INSTRUCTION,
	TRAP_DIVIDE, /* x86_64 only: the others do not trap */
	TRAP_ALIGNMENT,
	TRAP_BUS_ERROR,  /* the access reached the bus and failed there */
	TRAP_PROTECTION, /* x86_64 #GP and its kin: no address */
	TRAP_SYSTEM_CALL,
	TRAP_DOUBLE_FAULT,   /* a fault while a fault was being delivered; on its own stack */
	TRAP_STACK_OVERFLOW, /* the stack pointer left the stack; on its own stack */
	TRAP_UNKNOWN,
};

enum trap_access { TRAP_ACCESS_NONE, TRAP_ACCESS_READ, TRAP_ACCESS_WRITE, TRAP_ACCESS_EXECUTE };

struct trap {
	enum trap_kind kind;
	enum trap_access access;
	bool from_user;
	uintptr_t address; /* what was accessed, where the machine says it */
	uint64_t code;     /* the machine's own number: vector and error code, ESR_EL1, scause */
	const char *cause; /* the machine's cause in words, from its manual */
	struct trap_frame *frame;
};

struct trap_handlers {
	/* May change the frame (trap_frame_set_pc); returning resumes it. */
	void (*exception)(struct trap *trap);
	/*
	 * An interrupt line fired on this CPU; the port acknowledges and completes it around the
	 * call.
	 */
	void (*interrupt)(unsigned line, struct trap_frame *frame);
	/*
	 * This CPU's one-shot timer fired; it is disarmed. May come early: the callee looks at the
	 * clock.
	 */
	void (*timer)(struct trap_frame *frame);
	/* ipi_send() from another CPU (or this one). Several sends may arrive as one. */
	void (*ipi)(struct trap_frame *frame);
	/*
	 * ipi_send_urgent() on a machine where that is not maskable (x86_64); elsewhere never
	 * called.
	 */
	void (*urgent)(struct trap_frame *frame);
};

/*
 * Registers the table, which must live for ever. Once, on the boot CPU, before interrupts are first
 * enabled.
 */
void trap_set_handlers(const struct trap_handlers *handlers);

/* Where the frame was, for backtraces and messages. */
uintptr_t trap_frame_pc(const struct trap_frame *frame);
uintptr_t trap_frame_sp(const struct trap_frame *frame);
uintptr_t trap_frame_fp(const struct trap_frame *frame);

/* Makes the frame resume at pc. */
void trap_frame_set_pc(struct trap_frame *frame, uintptr_t pc);

/* Makes the frame resume behind the breakpoint instruction it stopped at. */
void trap_frame_skip_breakpoint(struct trap_frame *frame);

/*
 * Gives the machine's registers one after the other, for dumps: false when index is past the last.
 * Control registers that matter to a reader of a dump (cr2, cr3; esr, far; scause, stval) come last
 * and are read live.
 */
bool trap_frame_register(const struct trap_frame *frame, size_t index, const char **name,
			 uint64_t *value);

/* For death tests: executes an instruction that does not exist. */
_Noreturn void trap_illegal_instruction(void);

/*
 * For death tests: lets the stack pointer point to no memory (in kernel space, in the half of a
 * stack slot that a stack would take, so that it is no overflow) and takes a fault there.
 */
_Noreturn void trap_lose_stack(void);

/* Executes a breakpoint instruction; returns when the handler skips it. */
void trap_breakpoint(void);

#endif
