/*
 * The ELF note by which QEMU's -kernel finds the 32-bit entry: owner "Xen", type
 * XEN_ELFNOTE_PHYS32_ENTRY (18), whose value is a physical address (Xen's public/elfnote.h;
 * pvh.pandoc). QEMU reads eight bytes of it for a 64-bit file. The linker script computes the
 * address.
 */
	.section .note.Xen, "a", @note
	.balign 4
	.long 4  /* size of the name */
	.long 8  /* size of the value */
	.long 18 /* type */
	.asciz "Xen"
	.quad start_pvh_physical
