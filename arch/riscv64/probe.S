/*
 * Memory accesses that may fault: the fault's handler finds the access in the exception table and
 * goes on at 2.
 */
#include <lib/errno.h>
#include <lib/extable.h>

	.macro PROBE name, access:vararg
	.globl \name
	.type \name, @function
\name:
	\access
	li	a0, 0
	ret
2:	li	a0, -EFAULT
	ret
	.size \name, . - \name
	.endm

	.macro PROBE_READ load, store
1:	\load	a2, (a0)
	\store	a2, (a1)
	EXTABLE_ENTRY 1b, 2f
	.endm

	.macro PROBE_WRITE
1:	sb	a1, (a0)
	EXTABLE_ENTRY 1b, 2f
	.endm

	.text
	/* int probe_read_u8(uintptr_t address, uint8_t *value) */
	PROBE	probe_read_u8, PROBE_READ lbu, sb
	/* int probe_read_u64(uintptr_t address, uint64_t *value) */
	PROBE	probe_read_u64, PROBE_READ ld, sd
	/* int probe_write_u8(uintptr_t address, uint8_t value) */
	PROBE	probe_write_u8, PROBE_WRITE
