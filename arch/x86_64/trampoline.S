/*
 * How another CPU gets from real mode to start_secondary.
 *
 * smp.c copies this to a page below 1 MiB, fills in the parameters, and sends a SIPI with that
 * page's number: the CPU starts with CS = page << 8 and IP = 0 (SDM vol. 3, 9.4.4). Several CPUs
 * may be here at the same time: nothing is written, and no stack is used. It is data in the kernel
 * image, never executed in place.
 */
#include <arch/x86_64/assembly.h>
#include <arch/x86_64/registers.h>
#include <arch/x86_64/segments.h>

#define OFFSET(symbol) (symbol - trampoline_start)

	.section .rodata
	.balign 16
	.globl trampoline_start
	.globl trampoline_protected
	.globl trampoline_long
	.globl trampoline_gdt
	.globl trampoline_parameters
	.globl trampoline_end

	.code16
trampoline_start:
	cli
	cld
	xor %ebx, %ebx
	mov %cs, %bx
	mov %bx, %ds
	shl $4, %ebx
	lgdtl OFFSET(trampoline_parameters)
	/* Also turns the caches on, which a reset leaves off: CD and NW are clear in this value. */
	mov $(CR0_NE | CR0_ET | CR0_PE), %eax
	mov %eax, %cr0
	ljmpl *OFFSET(trampoline_parameters + TRAMPOLINE_PROTECTED_ENTRY)

	.code32
trampoline_protected:
	mov $SELECTOR_KERNEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov OFFSET(trampoline_parameters + TRAMPOLINE_IDENTITY_ROOT)(%ebx), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	mov $(EFER_LME | EFER_NXE), %eax
	xor %edx, %edx
	wrmsr
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE), %eax
	mov %eax, %cr0
	ljmpl *OFFSET(trampoline_parameters + TRAMPOLINE_LONG_ENTRY)(%ebx)

	.code64
trampoline_long:
	mov (trampoline_parameters + TRAMPOLINE_KERNEL_ROOT)(%rip), %rdi
	mov $start_secondary, %rax
	jmp *%rax

	.balign 8
trampoline_gdt:
	.quad START_GDT
trampoline_parameters:
	.skip TRAMPOLINE_PARAMETERS_SIZE
trampoline_end:
