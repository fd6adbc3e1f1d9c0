/*
 * Numbers that assembly and C share; trap.c and smp.c assert that they agree.
 */
#ifndef ARCH_RISCV64_ASSEMBLY_H
#define ARCH_RISCV64_ASSEMBLY_H

/* struct trap_frame: x1 to x31, then the rest. */
#define FRAME_X(n) (8 * ((n)-1))
#define FRAME_PC 248
#define FRAME_SSTATUS 256
#define FRAME_SCAUSE 264
#define FRAME_STVAL 272
#define FRAME_RECORD 280
#define FRAME_LEAF 296
#define FRAME_UNUSED 312
#define FRAME_SIZE 320

/* struct trap_cpu */
#define TRAP_CPU_EMERGENCY_TOP 0
#define TRAP_CPU_EMERGENCY_USES 8
#define TRAP_CPU_ENTERING 16
#define TRAP_CPU_SPARE 24
#define TRAP_CPU_T0 32
#define TRAP_CPU_T1 40
#define TRAP_CPU_SP 48
#define TRAP_CPU_PC 56
#define TRAP_CPU_SIZE 128

/* mm/layout.h: a stack is 16 KiB, aligned to twice that. */
#define STACK_SHIFT 14

/* satp.MODE: privileged architecture, table 4.3. */
#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39 8
#define SATP_MODE_SV48 9

/* enum boot_protocol */
#define START_PROTOCOL_FDT 2

#endif
