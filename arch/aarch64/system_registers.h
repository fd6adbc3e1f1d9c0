/*
 * Values and fields of system registers (DDI 0487, chapter "AArch64 System Register
 * Descriptions"), for C and assembly.
 */
#ifndef ARCH_AARCH64_SYSTEM_REGISTERS_H
#define ARCH_AARCH64_SYSTEM_REGISTERS_H

/* CurrentEL: the level stands in bits 3:2. */
#define CURRENT_EL2 (2 << 2)
#define CURRENT_EL3 (3 << 2)

/*
 * SCTLR_EL1. The RES1 bits are those of Armv8.0; a later extension gives some of them a meaning,
 * with 1 as the old one.
 */
#define SCTLR_M (1 << 0)     /* MMU */
#define SCTLR_C (1 << 2)     /* data accesses cacheable */
#define SCTLR_SA (1 << 3)    /* a misaligned stack pointer faults */
#define SCTLR_SA0 (1 << 4)   /* the same at EL0 */
#define SCTLR_I (1 << 12)    /* instruction fetches cacheable */
#define SCTLR_WXN (1 << 19)  /* what is writable is not executable */
#define SCTLR_SPAN (1 << 23) /* 0: an exception sets PSTATE.PAN; RES1 without PAN */
#define SCTLR_EL1_RES1 0x30d00800
#define SCTLR_EL1_MMU_OFF SCTLR_EL1_RES1
#define SCTLR_EL1_MMU_ON                                                                           \
	(SCTLR_EL1_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_I | SCTLR_WXN)

/* SCTLR_EL2: its RES1 bits, hence little-endian and the MMU off. */
#define SCTLR_EL2_MMU_OFF 0x30c50830

/* HCR_EL2 */
#define HCR_RW (1 << 31) /* EL1 is AArch64 */
#define HCR_E2H_SHIFT 34 /* EL2 is a host's (VHE): EL1's register names mean EL2's registers */

/* CPTR_EL2 with E2H clear: its RES1 bits. Floating point is not trapped; SVE stays so. */
#define CPTR_EL2_NO_TRAP 0x33ff

/* CNTHCTL_EL2 with E2H clear: EL1 may read the physical counter and use the physical timer. */
#define CNTHCTL_EL1_ALLOWED 3

/* ICC_SRE_EL1 and ICC_SRE_EL2 (GIC architecture specification, IHI 0069). */
#define ICC_SRE_SRE (1 << 0)    /* the CPU interface is system registers */
#define ICC_SRE_ENABLE (1 << 3) /* EL2: EL1 may use its own */

/* SPSR: EL1 on its own stack pointer, D, A, I and F masked. */
#define PSTATE_EL1H_MASKED 0x3c5
#define PSTATE_MODE_MASK 0xf
#define PSTATE_MODE_EL0T 0

/*
 * TCR_EL1: 48-bit addresses in both halves, 4 KiB granules, walks cacheable (write-back,
 * write-allocate) and inner shareable. start.S adds the physical address size and the 16-bit ASIDs
 * that the CPU has.
 */
#define TCR_T0SZ (16 << 0)
#define TCR_EPD0_SHIFT 7 /* no walks of TTBR0: every lower address faults */
#define TCR_EPD0 (1 << TCR_EPD0_SHIFT)
#define TCR_WALK0 (1 << 8 | 1 << 10 | 3 << 12)
#define TCR_T1SZ (16 << 16)
#define TCR_WALK1 (1 << 24 | 1 << 26 | 3 << 28)
#define TCR_TG1_4K (1 << 31)
#define TCR_IPS_SHIFT 32
#define TCR_IPS_48_BIT 5
#define TCR_AS_SHIFT 36
#define TCR_HA (1UL << 39) /* hardware sets the access flag ... */
#define TCR_HD (1UL << 40) /* ... and the dirty state: FEAT_HAFDBS */
#define TCR_EL1_BASE (TCR_T0SZ | TCR_WALK0 | TCR_T1SZ | TCR_WALK1 | TCR_TG1_4K)

/* MAIR_EL1, a byte per index of arch/pte.h: 0 normal write-back, allocating; 1 Device-nGnRE. */
#define MAIR_NORMAL 0xff
#define MAIR_DEVICE 0x04
#define MAIR_EL1_VALUE (MAIR_DEVICE << 8 | MAIR_NORMAL)

/* MPIDR_EL1: Aff3 in 39:32, Aff2 to Aff0 in 23:0: struct cpu_description's hardware_id. */
#define MPIDR_AFFINITY 0xff00ffffff

/* TTBRn_EL1: the table's address, between the ASID and CnP. */
#define TTBR_ADDRESS 0x0000fffffffff000
#define TTBR_ASID_SHIFT 48

#ifndef __ASSEMBLER__
#include <stdint.h>

#define system_register_read(name)                                                                 \
	({                                                                                         \
		uint64_t system_register_value;                                                    \
		asm volatile("mrs %0, " #name : "=r"(system_register_value)::"memory");            \
		system_register_value;                                                             \
	})

/* Takes effect for what follows an isb ("Synchronization requirements for System registers"). */
#define system_register_write(name, value)                                                         \
	asm volatile("msr " #name ", %x0" ::"rZ"((uint64_t)(value)) : "memory")

#define isb() asm volatile("isb" ::: "memory")

/* Bits [low + 3 : low] of an identification register. */
static inline unsigned id_field(uint64_t value, unsigned low)
{
	return value >> low & 0xf;
}
#endif

#endif
