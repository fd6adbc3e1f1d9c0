/*
 * Exception vectors: save everything in a struct trap_frame on the interrupted stack, call C,
 * restore, return (DDI 0487, D1 "Exceptions").
 *
 * The CPU changes nothing but PC, PSTATE and the exception registers, and goes on with the stack
 * pointer that was there. So each entry from the kernel looks at it before it uses it: a good one
 * leaves room for the frame below it (a stack is 16 KiB at a multiple of 32 KiB, so bit 14 is clear
 * everywhere inside), is a multiple of 16, and a store there would not fault, which AT tells
 * without one. Anything else goes to lost_stack, on the CPU's emergency stack, with every register
 * as it was.
 *
 * There is no double fault in hardware on this machine: a stack pointer on which no trap can be
 * delivered is what makes one, and lost_stack names it so. The guard below a stack is told from
 * garbage by the stack that lies above it.
 *
 * SP_EL0, TPIDRRO_EL0 and PAR_EL1 are scratch while the kernel runs: a frame from user mode holds
 * the user's SP_EL0, TPIDRRO_EL0 is 0 outside LOST_STACK, and who translates by AT masks exceptions
 * until PAR_EL1 is read. Exceptions are masked from an entry to its end, so no lock is needed.
 */
#include <arch/aarch64/assembly.h>

	.macro SAVE_GENERAL
	stp	x0, x1, [sp, #FRAME_X]
	stp	x2, x3, [sp, #FRAME_X + 16]
	stp	x4, x5, [sp, #FRAME_X + 32]
	stp	x6, x7, [sp, #FRAME_X + 48]
	stp	x8, x9, [sp, #FRAME_X + 64]
	stp	x10, x11, [sp, #FRAME_X + 80]
	stp	x12, x13, [sp, #FRAME_X + 96]
	stp	x14, x15, [sp, #FRAME_X + 112]
	stp	x16, x17, [sp, #FRAME_X + 128]
	stp	x18, x19, [sp, #FRAME_X + 144]
	stp	x20, x21, [sp, #FRAME_X + 160]
	stp	x22, x23, [sp, #FRAME_X + 176]
	stp	x24, x25, [sp, #FRAME_X + 192]
	stp	x26, x27, [sp, #FRAME_X + 208]
	stp	x28, x29, [sp, #FRAME_X + 224]
	.endm

	.macro LOAD_GENERAL
	ldp	x2, x3, [sp, #FRAME_X + 16]
	ldp	x4, x5, [sp, #FRAME_X + 32]
	ldp	x6, x7, [sp, #FRAME_X + 48]
	ldp	x8, x9, [sp, #FRAME_X + 64]
	ldp	x10, x11, [sp, #FRAME_X + 80]
	ldp	x12, x13, [sp, #FRAME_X + 96]
	ldp	x14, x15, [sp, #FRAME_X + 112]
	ldp	x16, x17, [sp, #FRAME_X + 128]
	ldp	x18, x19, [sp, #FRAME_X + 144]
	ldp	x20, x21, [sp, #FRAME_X + 160]
	ldp	x22, x23, [sp, #FRAME_X + 176]
	ldp	x24, x25, [sp, #FRAME_X + 192]
	ldp	x26, x27, [sp, #FRAME_X + 208]
	ldp	x28, x29, [sp, #FRAME_X + 224]
	ldr	x30, [sp, #FRAME_X30]
	ldp	x0, x1, [sp, #FRAME_X]
	.endm

	/* x1: the interrupted stack pointer. x3 becomes the interrupted pc. */
	.macro SAVE_STATE
	stp	x30, x1, [sp, #FRAME_X30]
	mrs	x3, elr_el1
	mrs	x4, spsr_el1
	stp	x3, x4, [sp, #FRAME_PC]
	mrs	x5, esr_el1
	mrs	x6, far_el1
	stp	x5, x6, [sp, #FRAME_ESR]
	.endm

	/* The frame becomes a link in the chain of frame pointers. */
	.macro SAVE_RECORD
	stp	x29, x3, [sp, #FRAME_RECORD]
	add	x29, sp, #FRAME_RECORD
	.endm

	.macro ENTRY_FROM_KERNEL name, handler
\name:
	sub	sp, sp, #FRAME_SIZE
	msr	sp_el0, x0
	mov	x0, sp
	tbnz	x0, #STACK_SHIFT, 9f
	tst	x0, #15
	b.ne	9f
	at	s1e1w, x0
	isb
	mrs	x0, par_el1
	tbnz	x0, #0, 9f
8:	mrs	x0, sp_el0
	SAVE_GENERAL
	add	x1, sp, #FRAME_SIZE
	SAVE_STATE
	SAVE_RECORD
	mov	x0, sp
	bl	\handler
	b	return_to_kernel
9:	LOST_STACK 8b
	.endm

	.macro ENTRY_FROM_USER name, handler
\name:
	sub	sp, sp, #FRAME_SIZE
	SAVE_GENERAL
	mrs	x1, sp_el0
	SAVE_STATE
	stp	xzr, xzr, [sp, #FRAME_RECORD]
	mov	x29, xzr
	mov	x0, sp
	bl	\handler
	b	return_to_user
	.endm

	/*
	 * The stack pointer (already below the frame to come) looked wrong; x0 is in SP_EL0. Goes
	 * on at \good when it is on this CPU's emergency stack, which may lie anywhere. Else to
	 * lost_stack with *trap_emergency filled and x0 to x3 as they were.
	 */
	.macro LOST_STACK good
	msr	tpidrro_el0, x1
	mrs	x1, tpidr_el1
	adrp	x0, trap_emergency
	add	x0, x0, :lo12:trap_emergency
	add	x0, x0, x1
	stp	x2, x3, [x0, #EMERGENCY_SCRATCH]
	mov	x1, sp
	mov	x2, xzr				/* what EMERGENCY_OVERFLOW becomes */
	tbz	x1, #63, 3f
	tst	x1, #15
	b.ne	3f
	ldr	x3, [x0, #EMERGENCY_STACK_TOP]
	sub	x3, x3, x1
	cmp	x3, #1 << STACK_SHIFT
	b.ls	2f
	tbz	x1, #STACK_SHIFT, 3f
	orr	x3, x1, #(2 << STACK_SHIFT) - 1
	add	x3, x3, #1			/* where the stack above this guard begins */
	at	s1e1w, x3
	isb
	mrs	x3, par_el1
	tbnz	x3, #0, 3f
	mov	x2, #1
	b	3f
2:	ldp	x2, x3, [x0, #EMERGENCY_SCRATCH]
	mrs	x1, tpidrro_el0
	msr	tpidrro_el0, xzr
	b	\good
3:	add	x1, x1, #FRAME_SIZE
	stp	x1, x2, [x0, #EMERGENCY_LOST_SP]
	ldr	x3, [x0, #EMERGENCY_LOSSES]
	add	x3, x3, #1
	str	x3, [x0, #EMERGENCY_LOSSES]
	cmp	x3, #2
	b.hi	no_stack
	ldr	x1, [x0, #EMERGENCY_STACK_TOP]
	sub	sp, x1, #FRAME_SIZE
	ldp	x2, x3, [x0, #EMERGENCY_SCRATCH]
	mrs	x1, tpidrro_el0
	msr	tpidrro_el0, xzr
	mrs	x0, sp_el0
	b	lost_stack
	.endm

	.macro VECTOR target
	.balign	128
	b	\target
	.endm

	.text
	.balign	2048
	.globl trap_vectors
trap_vectors:
	/* From EL1 on SP_EL0, which the kernel never selects. */
	VECTOR	from_sp0
	VECTOR	from_sp0
	VECTOR	from_sp0
	VECTOR	from_sp0
	VECTOR	kernel_synchronous
	VECTOR	kernel_irq
	VECTOR	kernel_fiq
	VECTOR	kernel_serror
	VECTOR	user_synchronous
	VECTOR	user_irq
	VECTOR	user_fiq
	VECTOR	user_serror
	/* From EL0 in AArch32 state, which the kernel never enters. */
	VECTOR	from_aarch32
	VECTOR	from_aarch32
	VECTOR	from_aarch32
	VECTOR	from_aarch32

	ENTRY_FROM_KERNEL kernel_synchronous, trap_synchronous
	ENTRY_FROM_KERNEL kernel_irq, interrupt_dispatch
	ENTRY_FROM_KERNEL kernel_fiq, trap_fiq
	ENTRY_FROM_KERNEL kernel_serror, trap_serror
	ENTRY_FROM_KERNEL from_sp0, trap_wrong_vector
	ENTRY_FROM_USER user_synchronous, trap_synchronous
	ENTRY_FROM_USER user_irq, interrupt_dispatch
	ENTRY_FROM_USER user_fiq, trap_fiq
	ENTRY_FROM_USER user_serror, trap_serror
	ENTRY_FROM_USER from_aarch32, trap_wrong_vector

/* On the emergency stack. Nothing returns from here: there is no stack to return to. */
lost_stack:
	SAVE_GENERAL
	mov	x1, xzr				/* trap_lost_stack() puts the lost one in */
	SAVE_STATE
	SAVE_RECORD
	mov	x0, sp
	bl	trap_lost_stack

/*
 * The report of a lost stack lost its stack, and so did the report of that: nothing in memory can
 * be trusted. x3: how many losses; after the third we are back from the attempt to say so.
 */
no_stack:
	adr	x1, no_stack_message
	cmp	x3, #3
	b.hi	start_halt
	b	start_refuse
no_stack_message:
	.asciz	"trefoil: the emergency stack cannot be used\n"
	.balign	4

/*
 * The handler may have unmasked something; from the write of ELR to eret nothing may come in
 * between.
 */
return_to_kernel:
	msr	daifset, #15
	ldp	x0, x1, [sp, #FRAME_PC]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	LOAD_GENERAL
	add	sp, sp, #FRAME_SIZE
	eret

return_to_user:
	msr	daifset, #15
	ldp	x0, x1, [sp, #FRAME_PC]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldr	x0, [sp, #FRAME_X30 + 8]
	msr	sp_el0, x0
	LOAD_GENERAL
	add	sp, sp, #FRAME_SIZE
	eret

	/* With a stack frame, so that a backtrace from the instruction shows the caller. */
	.globl trap_breakpoint
	.type trap_breakpoint, %function
trap_breakpoint:
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	brk	#0
	ldp	x29, x30, [sp], #16
	ret
	.size trap_breakpoint, . - trap_breakpoint

	.globl trap_illegal_instruction
	.type trap_illegal_instruction, %function
trap_illegal_instruction:
	udf	#0
	.size trap_illegal_instruction, . - trap_illegal_instruction

	/* The store faults, and so would every store of the entry. */
	.globl trap_lose_stack
	.type trap_lose_stack, %function
trap_lose_stack:
	ldr	x9, =0xfffffffefffe3000
	mov	sp, x9
	str	xzr, [sp, #-16]!
	udf	#0
	.size trap_lose_stack, . - trap_lose_stack
	.ltorg

	.section .percpu, "aw", %nobits
	.balign	64
	.globl trap_emergency
trap_emergency:
	.zero	64
