/*
 * The first instructions of each CPU: from S-mode as the SBI left it to kernel_start() or
 * secondary_start() at the link address with the MMU on.
 *
 *   start            boot hart; branched to by the Image header (boot/direct/riscv64/header.S).
 *                    a0: hart id; a1: physical address of the device tree; satp 0 (Linux,
 *                    Documentation/riscv/boot.rst)
 *   start_secondary  other harts, from SBI HSM hart_start (SBI 1.0, 9.1). a0: hart id; a1: virtual
 *                    address of a struct cpu_start; satp 0, interrupts disabled
 *
 * The code of .text.start runs at physical addresses, in the page that early_identity_root maps. It
 * may address by pc only (lla, call); after satp was written it may touch no data but its own
 * page's. A write to satp with a mode that the hart does not have changes nothing (privileged
 * architecture 20211203, 4.1.11), which is how the mode is found.
 *
 * Registers kept throughout: s1 is 1 on the boot hart; s2 hart id; s3 what a1 was; s4 levels of the
 * page tables; s5 satp for early_identity_root; s6 satp for early_kernel_root.
 */
#include <arch/riscv64/assembly.h>

/* SBI 1.0: the legacy console (5.2) and SRST (10.1). */
#define SBI_LEGACY_PUTCHAR 1
#define SBI_SRST 0x53525354
#define SBI_SRST_SYSTEM_FAILURE 1

	/* To the link address of a symbol: the image is in the top 2 GiB, which lui reaches. */
	.macro JUMP_LINKED symbol
	lui	t0, %hi(\symbol)
	jalr	zero, %lo(\symbol)(t0)
	.endm

	/* Goes to label \failed unless satp took the value. */
	.macro WRITE_SATP value, failed
	sfence.vma
	csrw	satp, \value
	csrr	t0, satp
	bne	t0, \value, \failed
	sfence.vma
	.endm

	.section .text.start, "ax"

	.globl start
start:
	csrw	sie, zero
	csrw	satp, zero
	lla	t0, start_entered
	li	t1, 1
	amoswap.d.aqrl t1, t1, (t0)
	bnez	t1, start_again
	li	s1, 1
	mv	s2, a0
	mv	s3, a1
	lla	t0, start_trap
	csrw	stvec, t0

	lla	t0, bss_start
	lla	t1, bss_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b

	lla	sp, boot_stack_top
	li	s0, 0
	li	s4, 4
	li	s7, SATP_MODE_SV48
	call	start_make_tables
	WRITE_SATP s5, 2f
	JUMP_LINKED start_boot_linked
2:	li	s4, 3
	li	s7, SATP_MODE_SV39
	call	start_make_tables
	WRITE_SATP s5, 3f
	JUMP_LINKED start_boot_linked
3:	lla	s3, start_no_mode_message
	j	start_refuse

/*
 * A hart that comes here after the boot hart was told to start at start_secondary: OpenSBI up to 1.1
 * makes a hart's state START_PENDING before it writes where to start (lib/sbi/sbi_hsm.c,
 * sbi_hsm_hart_start()), and one that looks in between starts where the boot hart did.
 */
start_again:
	lla	t0, hart_ids
	lla	t1, hart_starts
	li	t2, 64 /* CPU_MAX, see smp.c */
1:	ld	t3, (t0)
	ld	a1, (t1)
	bne	t3, a0, 2f
	bnez	a1, start_secondary
2:	addi	t0, t0, 8
	addi	t1, t1, 8
	addi	t2, t2, -1
	bnez	t2, 1b
	j	start_halt

	.globl start_secondary
start_secondary:
	csrw	sie, zero
	li	s1, 0
	mv	s3, a1
	lla	t0, start_trap
	csrw	stvec, t0
	lla	t0, start_satp_identity
	ld	s5, (t0)
	lla	t0, start_satp_kernel
	ld	s6, (t0)
	WRITE_SATP s5, 1f
	JUMP_LINKED start_secondary_linked
1:	lla	s3, start_other_mode_message
	j	start_refuse

/* Builds the tables of s4 levels and the values of satp, of mode s7, for them. satp is 0. */
start_make_tables:
	mv	s8, ra
	mv	a0, s4
	call	early_map_image
	slli	s7, s7, SATP_MODE_SHIFT
	lla	s5, early_identity_root
	srli	s5, s5, 12
	or	s5, s5, s7
	lla	s6, early_kernel_root
	srli	s6, s6, 12
	or	s6, s6, s7
	jr	s8

/*
 * Any trap before cpu_init(), which cannot be reported otherwise: says where and why through the
 * SBI's console. Runs at the physical or the link address, without a stack. Then the boot hart ends
 * the machine; another hart stops, and the boot CPU goes on without it.
 */
	.balign	4
start_trap:
	lla	s3, start_trap_message
	jal	s7, start_print
	csrr	s4, scause
	jal	s7, start_print_hex
	lla	s3, start_trap_pc
	jal	s7, start_print
	csrr	s4, sepc
	jal	s7, start_print_hex
	lla	s3, start_trap_value
	jal	s7, start_print
	csrr	s4, stval
	jal	s7, start_print_hex
	lla	s3, start_newline
/* Prints the text at s3 and stops. */
start_refuse:
	jal	s7, start_print
	beqz	s1, start_halt
	li	a0, 0
	li	a1, SBI_SRST_SYSTEM_FAILURE
	li	a6, 0
	li	a7, SBI_SRST
	ecall
start_halt:
	wfi
	j	start_halt

/* Prints the text at s3; returns to s7. */
start_print:
	lbu	a0, (s3)
	beqz	a0, 1f
	li	a7, SBI_LEGACY_PUTCHAR
	ecall
	addi	s3, s3, 1
	j	start_print
1:	jr	s7

/* Prints the 16 digits of s4; returns to s7. */
start_print_hex:
	li	s8, 60
1:	srl	a0, s4, s8
	andi	a0, a0, 15
	li	t0, 10
	bltu	a0, t0, 2f
	addi	a0, a0, 'a' - 10 - '0'
2:	addi	a0, a0, '0'
	li	a7, SBI_LEGACY_PUTCHAR
	ecall
	addi	s8, s8, -4
	bgez	s8, 1b
	jr	s7

start_trap_message:
	.asciz	"trefoil: trap during start-up: scause 0x"
start_trap_pc:
	.asciz	", pc 0x"
start_trap_value:
	.asciz	", stval 0x"
start_newline:
	.asciz	"\n"
start_no_mode_message:
	.asciz	"trefoil: this hart has neither Sv48 nor Sv39\n"
start_other_mode_message:
	.asciz	"trefoil: a hart lacks the boot hart's paging mode\n"

	.data
	.balign	8
start_entered:		/* by the boot hart; not in .bss, which it clears */
	.dword	0
	.section .text.start, "ax"

	/*
	 * From here on at link addresses. The vector first: its physical address ends with the identity
	 * map.
	 */
	.macro LEAVE_IDENTITY
	lla	t0, start_trap
	csrw	stvec, t0
	csrw	satp, s6
	sfence.vma
	.endm

	.text
	.balign	4
start_boot_linked:
	LEAVE_IDENTITY
	lla	t0, start_boot_hart
	sd	s2, (t0)
	lla	t0, start_satp_identity
	sd	s5, (t0)
	lla	t0, start_satp_kernel
	sd	s6, (t0)
	lla	sp, boot_stack_top
	li	tp, 0
	mv	a0, s4
	call	mmu_set_levels

	/* The backtrace of whatever follows ends here: s0 and ra are 0. */
	li	s0, 0
	li	ra, 0
	li	a0, START_PROTOCOL_FDT
	mv	a1, s3
	tail	kernel_start

	.balign	4
start_secondary_linked:
	LEAVE_IDENTITY
	ld	sp, 0(s3)
	ld	tp, 8(s3)
	ld	a0, 16(s3)
	li	s0, 0
	li	ra, 0
	tail	secondary_start

	.bss
	.balign	8
	.globl start_boot_hart
start_boot_hart:
	.zero	8
	.globl start_satp_identity
start_satp_identity:
	.zero	8
	.globl start_satp_kernel
start_satp_kernel:
	.zero	8
