/*
 * Segments: long mode keeps little of them, but code needs a 64-bit code segment and the TSS a
 * descriptor (SDM vol. 3, 3.4.5 and 8.2.3). start.S and trampoline.S use START_GDT until cpu_init()
 * loads each CPU's own table, in which the kernel's selectors are the same.
 */
#ifndef X86_64_SEGMENTS_H
#define X86_64_SEGMENTS_H

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_START_CODE32 0x18 /* START_GDT only: protected mode on the way to long mode */
#define SELECTOR_TSS 0x18          /* struct cpu_tables only: 16 bytes long */

/* With the accessed bit set from the start, so that the CPU never writes to the table. */
#define DESCRIPTOR_CODE64 0x00af9b000000ffff
#define DESCRIPTOR_DATA 0x00cf93000000ffff
#define DESCRIPTOR_CODE32 0x00cf9b000000ffff

/* For a .quad, in assembly. */
#define START_GDT 0, DESCRIPTOR_CODE64, DESCRIPTOR_DATA, DESCRIPTOR_CODE32
#define START_GDT_SIZE 32

#endif
