/*
 * The header by which QEMU's -kernel, and any boot loader for Linux, knows a flat AArch64 image
 * (Linux, Documentation/arm64/booting.rst). It is the first 64 bytes of the image, which is
 * otherwise the sections as linked.
 */
	.section .text.header, "ax"

	b	start
	.long	0
	.quad	0			/* distance of the image from a 2 MiB boundary */
	.quad	IMAGE_SIZE		/* bss and stack included: linker/aarch64.ld */
	.quad	1 << 1 | 1 << 3		/* little-endian; 4 KiB pages; anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0			/* no PE header */
