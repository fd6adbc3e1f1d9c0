/*
 * The trap entry: saves everything in a struct trap_frame on the interrupted stack, calls C,
 * restores, returns (privileged architecture 20211203, 4.1).
 *
 * The hart changes nothing but pc, sstatus and the trap's CSRs, and goes on with the stack pointer
 * that was there. So it is looked at before it is used: with room for the frame a good one has bit
 * 14 clear (a stack is 16 KiB at a multiple of 32 KiB) and is a multiple of 16; or it lies on the
 * CPU's emergency stack, wherever that is. Any other is lost: the frame goes to the emergency
 * stack, and trap_lost_stack() finds out whether a stack overflowed or the pointer is garbage.
 *
 * A stack pointer that passes and yet points to no memory makes the first store fault. The mark in
 * struct trap_cpu tells the second trap that it came out of the first one's saving: it is lost as
 * well, and what the first one found in t0, t1, sp and pc is still in struct trap_cpu, while the
 * other registers were not touched.
 *
 * sscratch points to this CPU's struct trap_cpu at all times but in the first instructions here,
 * which cannot fault. Interrupts are disabled from an entry to its end, so no lock is needed.
 */
#include <arch/riscv64/assembly.h>

	/*
	 * To the frame at sp. t0: struct trap_cpu. Afterwards the frame is a link in the chain of frame
	 * pointers.
	 */
	.macro SAVE
	li	t1, 1
	sd	t1, TRAP_CPU_ENTERING(t0)
	.irp	n, 1, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26
	sd	x\n, FRAME_X(\n)(sp)
	.endr
	.irp	n, 27, 28, 29, 30, 31
	sd	x\n, FRAME_X(\n)(sp)
	.endr
	ld	t1, TRAP_CPU_SP(t0)
	sd	t1, FRAME_X(2)(sp)
	ld	t1, TRAP_CPU_T0(t0)
	sd	t1, FRAME_X(5)(sp)
	ld	t1, TRAP_CPU_T1(t0)
	sd	t1, FRAME_X(6)(sp)
	csrr	t1, sstatus
	sd	t1, FRAME_SSTATUS(sp)
	csrr	t1, scause
	sd	t1, FRAME_SCAUSE(sp)
	csrr	t1, stval
	sd	t1, FRAME_STVAL(sp)
	ld	t1, TRAP_CPU_PC(t0)
	sd	t1, FRAME_PC(sp)
	sd	s0, FRAME_RECORD(sp)
	sd	t1, FRAME_RECORD + 8(sp)
	sd	zero, TRAP_CPU_ENTERING(t0)
	addi	s0, sp, FRAME_RECORD + 16
	.endm

	.text
	.balign	4
	.globl trap_vector
	.type trap_vector, @function
trap_vector:
	csrrw	t0, sscratch, t0
	sd	t1, TRAP_CPU_SPARE(t0)
	ld	t1, TRAP_CPU_ENTERING(t0)
	bnez	t1, trap_in_entry
	csrrw	t1, sscratch, t0
	sd	t1, TRAP_CPU_T0(t0)
	ld	t1, TRAP_CPU_SPARE(t0)
	sd	t1, TRAP_CPU_T1(t0)
	csrr	t1, sepc
	sd	t1, TRAP_CPU_PC(t0)
	sd	sp, TRAP_CPU_SP(t0)

	addi	sp, sp, -FRAME_SIZE
	andi	t1, sp, 15
	bnez	t1, trap_lost
	slli	t1, sp, 63 - STACK_SHIFT
	bgez	t1, 1f
	ld	t1, TRAP_CPU_EMERGENCY_TOP(t0)
	sub	t1, t1, sp
	srli	t1, t1, STACK_SHIFT
	bnez	t1, trap_lost
1:	SAVE
	mv	a0, sp
	call	trap_dispatch

	/* The handler may have enabled interrupts; nothing may come between writing sepc and sret. */
	csrci	sstatus, 2
	ld	t0, FRAME_PC(sp)
	csrw	sepc, t0
	ld	t0, FRAME_SSTATUS(sp)
	csrw	sstatus, t0
	/*
	 * Ends whatever reservation a load-reserved left: an interrupted lr .. sc must not succeed
	 * on one that the handler made later (unprivileged ISA 20191213, 8.2: an sc pairs with the
	 * latest lr, and must fail when another sc came between).
	 */
	addi	t0, sp, FRAME_UNUSED
	sc.d	zero, zero, (t0)
	.irp	n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
	ld	x\n, FRAME_X(\n)(sp)
	.endr
	.irp	n, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, FRAME_X(\n)(sp)
	.endr
	ld	sp, FRAME_X(2)(sp)
	sret

trap_in_entry:
	csrw	sscratch, t0
/* t0: struct trap_cpu. Nothing returns from here: there is no stack to return to. */
trap_lost:
	ld	t1, TRAP_CPU_EMERGENCY_USES(t0)
	addi	t1, t1, 1
	sd	t1, TRAP_CPU_EMERGENCY_USES(t0)
	sltiu	t1, t1, 3
	beqz	t1, trap_hopeless
	ld	sp, TRAP_CPU_EMERGENCY_TOP(t0)
	addi	sp, sp, -FRAME_SIZE
	SAVE
	mv	a0, sp
	call	trap_lost_stack

/* The emergency stack cannot be used either, not even to say so. */
trap_hopeless:
	wfi
	j	trap_hopeless
	.size trap_vector, . - trap_vector

	.globl trap_breakpoint
	.type trap_breakpoint, @function
trap_breakpoint:
	addi	sp, sp, -16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	addi	s0, sp, 16
	ebreak
	ld	ra, 8(sp)
	ld	s0, 0(sp)
	addi	sp, sp, 16
	ret
	.size trap_breakpoint, . - trap_breakpoint

	/* The instruction that is illegal by definition (unprivileged ISA, 1.5: all bits zero). */
	.globl trap_illegal_instruction
	.type trap_illegal_instruction, @function
trap_illegal_instruction:
	.4byte	0
	.size trap_illegal_instruction, . - trap_illegal_instruction

	/* mm/layout.h: KSPACE_END - PAGE_SIZE; nothing is mapped there. */
	.globl trap_lose_stack
	.type trap_lose_stack, @function
trap_lose_stack:
	li	sp, 0xfffffffefffff000
	sd	ra, (sp)
	.4byte	0
	.size trap_lose_stack, . - trap_lose_stack

	.section .percpu, "aw", @nobits
	.balign	64
	.globl trap_cpu
trap_cpu:
	.zero	TRAP_CPU_SIZE
