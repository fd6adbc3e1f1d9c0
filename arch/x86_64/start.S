/*
 * Entries of the kernel: two for the boot CPU, one for the others.
 *
 *   start_pvh        32-bit protected mode, paging off, the image at its load address, EBX = struct
 *                    hvm_start_info (Xen's PVH boot protocol, docs/misc/pvh.pandoc of Xen; QEMU
 *                    finds it through pvh_note.S)
 *   start_boot_info  long mode under UEFI's identity map, the image at any page below 4 GiB, RDI =
 *                    struct boot_info; the loader must not have left 5-level paging on
 *   start_secondary  long mode on the identity root, at the link address already, from trampoline.S
 *
 * The two boot entries meet in start_image. Whoever loaded the image has cleared bss. Until
 * cpu_init() there is no interrupt table, so an exception here resets the machine.
 */
#include <arch/x86_64/assembly.h>
#include <arch/x86_64/registers.h>
#include <arch/x86_64/segments.h>

	.section .text.start, "ax"

/*
 * No stack is promised, and the image is where it was linked to be loaded: ebp = physical address
 * of start_pvh.
 */
	.code32
	.globl start_pvh
start_pvh:
	cli
	cld
	mov $start_pvh_physical, %ebp
	lea (boot_stack_top - start_pvh)(%ebp), %esp

	/* One entry, one entry, and 512 pages of 2 MiB: an identity map of the first GiB. */
	lea (pvh_tables - start_pvh)(%ebp), %edi
	lea 0x1003(%edi), %eax
	mov %eax, (%edi)
	lea 0x2003(%edi), %eax
	mov %eax, 0x1000(%edi)
	mov $0x83, %eax
	xor %ecx, %ecx
1:	mov %eax, 0x2000(%edi, %ecx, 8)
	add $0x200000, %eax
	inc %ecx
	cmp $512, %ecx
	jne 1b
	mov %edi, %cr3

	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	mov $(EFER_LME | EFER_NXE), %eax
	xor %edx, %edx
	wrmsr
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE), %eax
	mov %eax, %cr0

	lea (start_gdt - start_pvh)(%ebp), %eax
	sub $8, %esp
	movw $(START_GDT_SIZE - 1), (%esp)
	mov %eax, 2(%esp)
	lgdt (%esp)
	lea (start_pvh_long - start_pvh)(%ebp), %eax
	movl %eax, (%esp)
	movl $SELECTOR_KERNEL_CODE, 4(%esp)
	lret

	.code64
start_pvh_long:
	mov $START_PROTOCOL_PVH, %r12d
	mov %ebx, %r13d
	jmp start_image

	.globl start_boot_info
start_boot_info:
	cli
	cld
	mov $START_PROTOCOL_BOOT_INFO, %r12d
	mov %rdi, %r13
	lea boot_stack_top(%rip), %rsp

	/*
	 * Our tables use the no-execute bit; the firmware's global translations must not outlive
	 * its tables.
	 */
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_NXE, %eax
	wrmsr
	mov $CR4_PAE, %eax
	mov %rax, %cr4
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE), %eax
	mov %rax, %cr0

	lea start_gdt(%rip), %rax
	sub $16, %rsp
	movw $(START_GDT_SIZE - 1), (%rsp)
	mov %rax, 2(%rsp)
	lgdt (%rsp)
	lea start_image(%rip), %rax
	mov %rax, (%rsp)
	movq $SELECTOR_KERNEL_CODE, 8(%rsp)
	lretq

/* r12d = protocol, r13 = what it passed. */
start_image:
	mov $SELECTOR_KERNEL_DATA, %eax
	mov %eax, %ss
	mov %eax, %ds
	mov %eax, %es
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	xor %ebp, %ebp

	lea boot_stack_top(%rip), %rsp
	mov $4, %edi
	call early_map_image

	/* From here to start_linked only this page is sure to be mapped: no stack. */
	lea early_kernel_root(%rip), %r14
	lea early_identity_root(%rip), %rax
	mov %rax, %cr3
	mov $start_linked, %rax
	jmp *%rax
start_linked:
	mov %r14, %cr3
	mov $boot_stack_top, %rsp

	/*
	 * CPU 0's per-CPU data is the linked one: offset 0, which percpu_self_offset, in bss, says
	 * already.
	 */
	mov $MSR_GS_BASE, %ecx
	xor %eax, %eax
	xor %edx, %edx
	wrmsr

	xor %ebp, %ebp
	mov %r12d, %edi
	mov %r13, %rsi
	call kernel_start
	ud2

	.text

/*
 * rdi = the kernel's root. The upper half of the identity root may be out of date: no stack before
 * it is left. The trampoline's GDT is not mapped behind it: segments were loaded there.
 */
	.globl start_secondary
start_secondary:
	mov %rdi, %cr3
	mov $1, %eax
	cpuid
	shr $24, %ebx /* initial local APIC id: SDM vol. 2, CPUID leaf 1 */
	mov cpu_start_table(, %rbx, 8), %rsi
	test %rsi, %rsi
	jz 1f

	mov 0(%rsi), %rsp /* struct cpu_start: stack_top */
	mov 8(%rsi), %rdi /* percpu_offset */
	mov $MSR_GS_BASE, %ecx
	mov %edi, %eax
	mov %rdi, %rdx
	shr $32, %rdx
	wrmsr
	mov %rdi, %gs:percpu_self_offset

	xor %ebp, %ebp
	mov 16(%rsi), %rdi /* cpu */
	call secondary_start
	ud2

/* A CPU that nobody meant to start. */
1:	cli
	hlt
	jmp 1b

	.section .rodata
	.balign 8
start_gdt:
	.quad START_GDT
	.globl start_identity_root
start_identity_root:
	.quad early_identity_root

	.bss
	.balign 4096
pvh_tables:
	.skip 3 * 4096
