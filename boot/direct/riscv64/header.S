/*
 * The header by which QEMU's -kernel, and any boot loader for Linux, knows a flat RISC-V image
 * (Linux, Documentation/riscv/boot-image-header.rst). It is the first 64 bytes of the image, which
 * is otherwise the sections as linked. A loader puts the image text_offset bytes above a 2 MiB
 * boundary of RAM's start and jumps to its first instruction in S-mode: a0 hart id, a1 physical
 * address of the device tree, satp 0.
 */
	.section .text.header, "ax"

	j	start
	.balign	8
	.quad	0x200000		/* text_offset */
	.quad	IMAGE_SIZE		/* bss and stack included: linker/riscv64.ld */
	.quad	0			/* little-endian */
	.long	2			/* version 0.2 of this header */
	.long	0
	.quad	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.long	0			/* no PE header */
