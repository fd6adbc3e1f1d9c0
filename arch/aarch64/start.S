/*
 * The first instructions of each CPU: from whatever state the firmware left, to kernel_start() or
 * secondary_start() at the link address with the MMU on.
 *
 *   start            boot CPU, from the Image header (boot/direct/aarch64/header.S). MMU off;
 *                    x0: physical address of the device tree
 *   start_boot_info  boot CPU, the ELF entry, from our UEFI loader. MMU and caches on under the
 *                    firmware's identity map, the image cleaned to memory;
 *                    x0: physical address of a struct boot_info
 *   start_secondary  other CPUs, from PSCI CPU_ON (DEN 0022, 5.6). MMU off;
 *                    x0: virtual address of a struct cpu_start
 *
 * Each at EL1 or EL2; EL3 is refused. Linux, Documentation/arm64/booting.rst, says what state to
 * expect.
 *
 * All of it runs at physical addresses, in the page that early_identity_root maps. It may address
 * by pc only (adr, adrp, literals near by); a literal that names a symbol is a link address. x19 to
 * x21 keep values across the calls.
 */
#include <arch/aarch64/assembly.h>
#include <arch/aarch64/system_registers.h>

	.section .text.start, "ax"

	.globl start
start:
	mov	x19, #START_PROTOCOL_FDT
	b	start_boot

	.globl start_boot_info
start_boot_info:
	mov	x19, #START_PROTOCOL_BOOT_INFO
start_boot:
	mov	x20, x0
	bl	start_enter_el1
	bl	start_prepare_memory
	bl	start_enable_mmu
	ldr	x9, =start_boot_linked
	br	x9

	.globl start_secondary
start_secondary:
	mov	x20, x0
	bl	start_enter_el1
	bl	start_enable_mmu
	ldr	x9, =start_secondary_linked
	br	x9

/*
 * Returns at EL1 with the MMU and data cache off, D, A, I and F masked. The firmware's EL2 is gone
 * for good: nothing of ours runs there, and nothing traps to it. Uses x9 to x11.
 */
start_enter_el1:
	msr	daifset, #15
	mrs	x9, CurrentEL
	cmp	x9, #CURRENT_EL3
	b.eq	start_at_el3
	cmp	x9, #CURRENT_EL2
	b.eq	1f
	ldr	x9, =SCTLR_EL1_MMU_OFF
	msr	sctlr_el1, x9
	isb
	ret

1:	/* The MMU first: with E2H cleared the same TCR_EL2 would mean something else. */
	ldr	x9, =SCTLR_EL2_MMU_OFF
	msr	sctlr_el2, x9
	isb
	ldr	x9, =HCR_RW & 0xffffffff
	msr	hcr_el2, x9
	isb
	mrs	x9, hcr_el2
	tbnz	x9, #HCR_E2H_SHIFT, start_at_host_el2
	ldr	x9, =SCTLR_EL1_MMU_OFF
	msr	sctlr_el1, x9

	mov	x9, #CNTHCTL_EL1_ALLOWED
	msr	cnthctl_el2, x9
	msr	cntvoff_el2, xzr
	ldr	x9, =CPTR_EL2_NO_TRAP
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9

	/* MDCR_EL2.HPMN: all counters are EL1's, where there are any (PMUVer not 0 or 15). */
	mov	x10, xzr
	mrs	x9, id_aa64dfr0_el1
	ubfx	x9, x9, #8, #4
	add	x9, x9, #1
	tst	x9, #14
	b.eq	2f
	mrs	x10, pmcr_el0
	ubfx	x10, x10, #11, #5
2:	msr	mdcr_el2, x10

	/* ID_AA64PFR0_EL1.GIC: GICv3's CPU interface is system registers; let EL1 use them. */
	mrs	x9, id_aa64pfr0_el1
	ubfx	x9, x9, #24, #4
	cbz	x9, 3f
	mrs	x9, icc_sre_el2
	orr	x9, x9, #ICC_SRE_SRE
	orr	x9, x9, #ICC_SRE_ENABLE
	msr	icc_sre_el2, x9
	isb
	mrs	x9, icc_sre_el2
	tbz	x9, #0, 3f
	msr	ich_hcr_el2, xzr
3:
	mov	x9, #PSTATE_EL1H_MASKED
	msr	spsr_el2, x9
	msr	elr_el2, x30
	eret

/*
 * Zeroes bss (the Image protocol does not) and builds the page tables in it. Uses the boot stack at
 * its physical address.
 *
 * With the MMU off these stores go to memory past the caches, while the walker and everything later
 * look into the caches first (DDI 0487, D7 "Cache support" and D8 "Translation table walk
 * properties"). A dirty line that the firmware or the loader left must not be evicted over what is
 * written here, so lines are cleaned and invalidated before; and a clean one that was fetched
 * meanwhile must not hide it, so once more after. civac both times: the first line may hold the end
 * of .data, which must not be lost.
 */
start_prepare_memory:
	mov	x21, x30
	bl	start_clean_bss
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	adrp	x0, boot_stack_top
	add	x0, x0, :lo12:boot_stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x0, #4
	bl	early_map_image
	mov	x30, x21
	b	start_clean_bss

/* Cleans and invalidates the data cache over bss, to the point of coherency. Uses x9 to x12. */
start_clean_bss:
	adrp	x9, bss_start
	add	x9, x9, :lo12:bss_start
	adrp	x10, bss_end
	add	x10, x10, :lo12:bss_end
	mrs	x11, ctr_el0
	ubfx	x11, x11, #16, #4	/* DminLine: log2 of the words in the smallest line */
	mov	x12, #4
	lsl	x11, x12, x11
	sub	x12, x11, #1
	bic	x9, x9, x12
	dsb	sy			/* stores reach memory before their lines are dropped */
1:	dc	civac, x9
	add	x9, x9, x11
	cmp	x9, x10
	b.lo	1b
	dsb	sy
	ret

/*
 * Turns the MMU on under early_identity_root and early_kernel_root. Returns at the physical
 * address. A fault from here to the vectors of trap_entry.S ends in start_vectors. Uses x9 to x11.
 */
start_enable_mmu:
	adr	x9, start_vectors
	msr	vbar_el1, x9
	ldr	x9, =MAIR_EL1_VALUE
	msr	mair_el1, x9

	ldr	x9, =TCR_EL1_BASE & 0xffffffff
	mrs	x10, id_aa64mmfr0_el1
	and	x11, x10, #15		/* PARange is encoded as IPS; 48 bits are the most we use */
	cmp	x11, #TCR_IPS_48_BIT
	b.ls	1f
	mov	x11, #TCR_IPS_48_BIT
1:	bfi	x9, x11, #TCR_IPS_SHIFT, #3
	ubfx	x11, x10, #5, #1	/* ASIDBits is 0 (8 bits) or 2 (16 bits) */
	bfi	x9, x11, #TCR_AS_SHIFT, #1
	msr	tcr_el1, x9
	adrp	x9, early_identity_root
	msr	ttbr0_el1, x9
	adrp	x9, early_kernel_root
	msr	ttbr1_el1, x9
	isb

	/* No translation and no instruction of before may survive (DDI 0487, D7 and D8). */
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	ldr	x9, =SCTLR_EL1_MMU_ON
	msr	sctlr_el1, x9
	isb
	ret

start_at_el3:
	adr	x9, start_vectors
	msr	vbar_el3, x9
	adr	x1, start_el3_message
	b	start_refuse
start_at_host_el2:
	adr	x9, start_vectors
	msr	vbar_el2, x9
	adr	x1, start_host_el2_message
/*
 * Writes the message x1 and ends through semihosting (SYS_WRITE0, SYS_EXIT_EXTENDED). Where there
 * is none, the hlt is an exception, which ends in start_halt. trap_entry.S comes here too, at link
 * addresses.
 */
	.globl start_refuse
start_refuse:
	isb
	mov	w0, #0x04
	hlt	#0xf000
	mov	w0, #0x20
	adr	x1, start_exit_block
	hlt	#0xf000
	.globl start_halt
start_halt:
	wfi
	b	start_halt

start_el3_message:
	.asciz	"trefoil: entered at EL3: it needs firmware below it, and runs at EL2 or EL1\n"
start_host_el2_message:
	.asciz	"trefoil: this CPU's EL2 is a host's only (no FEAT_E2H0)\n"
	.balign	8
start_exit_block:
	.quad	0x20026, 35		/* ADP_Stopped_ApplicationExit, MACHINE_EXIT_FAILURE */
	.ltorg

	/* Any exception at physical addresses: the CPU stays where a debugger finds it. */
	.balign	2048
start_vectors:
	.rept	16
	.balign	128
	b	start_halt
	.endr

/*
 * From here on at link addresses. Until cpu_init() gives a better one, the top of a CPU's own stack
 * is also its emergency stack: a lost stack pointer is reported over the remains of what was there.
 */
	.text
start_boot_linked:
	mov	x0, x19
	mov	x1, x20
	ldr	x9, =boot_stack_top
	mov	x10, xzr
	bl	start_set_stack
	b	kernel_start

start_secondary_linked:
	ldp	x9, x10, [x20]
	bl	start_set_stack
	bl	cpu_check_code
	ldr	x0, [x20, #16]
	b	secondary_start

/* x9: stack top; x10: per-CPU offset. x29 and x30 become 0: a backtrace ends here. */
start_set_stack:
	mov	x11, x30
	mov	sp, x9
	msr	tpidr_el1, x10
	ldr	x12, =trap_emergency
	add	x12, x12, x10
	str	x9, [x12, #EMERGENCY_STACK_TOP]
	ldr	x12, =trap_vectors
	msr	vbar_el1, x12
	isb
	mov	x29, xzr
	mov	x30, xzr
	br	x11
	.ltorg
