/*
 * Numbers that assembly and C share; trap.c and smp.c assert that they agree. Registers and
 * segments have files of their own.
 */
#ifndef X86_64_ASSEMBLY_H
#define X86_64_ASSEMBLY_H

/* struct trap_frame */
#define FRAME_RIP 0x88

/* Bytes from the entry of one vector to the next. */
#define TRAP_STUB_SIZE 16

/* enum boot_protocol */
#define START_PROTOCOL_PVH 1
#define START_PROTOCOL_BOOT_INFO 3

/* struct trampoline_parameters */
#define TRAMPOLINE_PROTECTED_ENTRY 6
#define TRAMPOLINE_LONG_ENTRY 12
#define TRAMPOLINE_IDENTITY_ROOT 18
#define TRAMPOLINE_KERNEL_ROOT 22
#define TRAMPOLINE_PARAMETERS_SIZE 30

#endif
