/*
 * Entries of all 256 vectors: each completes the frame the CPU pushed to a struct trap_frame and
 * goes to trap_dispatch().
 *
 * The gates are interrupt gates, so interrupts are disabled here. The CPU aligned the stack to 16
 * bytes before it pushed (SDM vol. 3, 6.14.2), and the frame is a multiple of that. Double fault,
 * NMI and machine check arrive on stacks of their own (cpu.c).
 */
#include <arch/x86_64/assembly.h>

	.text

/*
 * The vectors for which the CPU pushes an error code, one bit each: 8, 10 to 14, 17, 21 (SDM vol.
 * 3, table 6-1), and AMD's 29 and 30 (APM vol. 2, table 8-1).
 */
	.set TRAP_ERROR_CODES, 0x60227d00

.macro TRAP_STUB vector
	.balign TRAP_STUB_SIZE
	.set has_error_code, 0
	.if \vector < 32
	.set has_error_code, (TRAP_ERROR_CODES >> \vector) & 1
	.endif
	.if has_error_code == 0
	push $0
	.endif
	push $\vector
	jmp trap_common
.endm

	.balign TRAP_STUB_SIZE
	.globl trap_stubs
trap_stubs:
.irp high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f
	.irp low, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f
	TRAP_STUB 0x\high\low
	.endr
.endr

	.balign 16
trap_common:
	push %rax
	push %rbx
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %rbp
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi

	/*
	 * A link of the chain of frame pointers, as if the interrupted instruction had called:
	 * backtraces go through it.
	 */
	push FRAME_RIP(%rdi)
	push %rbp
	mov %rsp, %rbp
	call trap_dispatch
	add $16, %rsp

	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rbp
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rbx
	pop %rax
	add $16, %rsp
	iretq

	.globl trap_breakpoint
	.type trap_breakpoint, @function
trap_breakpoint:
	push %rbp
	mov %rsp, %rbp
	int3
	pop %rbp
	ret

	.globl trap_illegal_instruction
	.type trap_illegal_instruction, @function
trap_illegal_instruction:
	ud2

/* The push faults, and so does the delivery of that fault. */
	.globl trap_lose_stack
	.type trap_lose_stack, @function
trap_lose_stack:
	movabs $0xfffffffefffe3000, %rsp
	push %rax
	ud2
