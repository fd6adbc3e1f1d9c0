/*
 * Memory accesses that may fault: the handler of the fault finds the access in the exception table
 * and goes on at probe_failed (arch/probe.h).
 */
#include <lib/errno.h>
#include <lib/extable.h>

	.text
	.globl probe_read_u8
	.type probe_read_u8, %function
probe_read_u8:
1:	ldrb	w2, [x0]
	EXTABLE_ENTRY 1b, probe_failed
	strb	w2, [x1]
	mov	w0, #0
	ret
	.size probe_read_u8, . - probe_read_u8

	.globl probe_read_u64
	.type probe_read_u64, %function
probe_read_u64:
1:	ldr	x2, [x0]
	EXTABLE_ENTRY 1b, probe_failed
	str	x2, [x1]
	mov	w0, #0
	ret
	.size probe_read_u64, . - probe_read_u64

	.globl probe_write_u8
	.type probe_write_u8, %function
probe_write_u8:
1:	strb	w1, [x0]
	EXTABLE_ENTRY 1b, probe_failed
	mov	w0, #0
	ret
	.size probe_write_u8, . - probe_write_u8

probe_failed:
	mov	w0, #-EFAULT
	ret
