/*
 * Accesses that may fault: arch/probe.h. An address that is not canonical raises #GP instead of
 * #PF; the exception table serves both.
 */
#include <lib/errno.h>
#include <lib/extable.h>

.macro PROBE name
	.globl \name
	.type \name, @function
\name:
.endm

	.text
	PROBE probe_read_u8
1:	movzbl (%rdi), %eax
	mov %al, (%rsi)
	xor %eax, %eax
	ret
	EXTABLE_ENTRY 1b, probe_fault

	PROBE probe_read_u64
1:	mov (%rdi), %rax
	mov %rax, (%rsi)
	xor %eax, %eax
	ret
	EXTABLE_ENTRY 1b, probe_fault

	PROBE probe_write_u8
1:	mov %sil, (%rdi)
	xor %eax, %eax
	ret
	EXTABLE_ENTRY 1b, probe_fault

probe_fault:
	mov $-EFAULT, %eax
	ret
