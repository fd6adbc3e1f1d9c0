/*
 * Numbers that assembly and C share; trap.c and smp.c assert that they agree.
 */
#ifndef ARCH_AARCH64_ASSEMBLY_H
#define ARCH_AARCH64_ASSEMBLY_H

/* struct trap_frame */
#define FRAME_X 0
#define FRAME_X30 240 /* and sp */
#define FRAME_PC 256  /* and pstate */
#define FRAME_ESR 272 /* and far */
#define FRAME_RECORD 288
#define FRAME_SIZE 304

/* struct trap_emergency */
#define EMERGENCY_STACK_TOP 0
#define EMERGENCY_LOST_SP 8
#define EMERGENCY_OVERFLOW 16
#define EMERGENCY_LOSSES 24
#define EMERGENCY_SCRATCH 32

/* mm/layout.h: a stack is 16 KiB, aligned to twice that. */
#define STACK_SHIFT 14

/* enum boot_protocol */
#define START_PROTOCOL_FDT 2
#define START_PROTOCOL_BOOT_INFO 3

#endif
