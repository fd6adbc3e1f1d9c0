/*
 * Addresses that the linker script (linker/sections.ld) gives the kernel image. Each boundary is
 * page-aligned.
 *
 *   image_start = text_start   r-x  code
 *                 rodata_start r--  constants, exception table, tests, symbol table
 *                 data_start   rw-  data, bss, per-CPU area of CPU 0, boot page tables
 *                 boot_stack_guard  one unmapped stretch below the boot stack
 *                 boot_stack   rw-  the boot CPU's first and only stack
 *                 image_end
 */
#ifndef LIB_IMAGE_H
#define LIB_IMAGE_H

extern char image_start[];
extern char text_start[];
extern char text_end[];
extern char rodata_start[];
extern char rodata_end[];
extern char data_start[];
extern char bss_start[];
extern char bss_end[];
extern char percpu_start[]; /* CPU 0's per-CPU data: every other CPU's is a zeroed area of the same
			       size */
extern char percpu_end[];
extern char boot_stack_guard[];
extern char boot_stack[];
extern char boot_stack_top[];
extern char image_end[];

#endif
