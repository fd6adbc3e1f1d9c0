/*
 * Control registers, model-specific registers and CPUID, for C and assembly.
 * SDM vol. 3, 2.5 (control registers), 2.2.1 (EFER), 11.4.4 and 11.12 (local APIC); SDM vol. 4
 * (numbers of the MSRs).
 */
#ifndef X86_64_REGISTERS_H
#define X86_64_REGISTERS_H

#define CR0_PE 0x00000001 /* protected mode */
#define CR0_EM 0x00000004 /* no FPU: x87 instructions raise #NM, SSE ones #UD */
#define CR0_ET 0x00000010 /* always 1 */
#define CR0_NE 0x00000020 /* x87 errors as #MF, not through the 8259 */
#define CR0_WP 0x00010000 /* read-only pages bind the kernel too */
#define CR0_PG 0x80000000

#define CR4_PAE 0x00000020
#define CR4_MCE 0x00000040 /* machine checks trap instead of resetting */
#define CR4_PGE 0x00000080
#define CR4_UMIP 0x00000800  /* no sgdt, sidt, sldt, smsw, str in user mode */
#define CR4_PCIDE 0x00020000 /* translations carry the id in CR3 */
#define CR4_SMEP 0x00100000  /* the kernel does not execute user pages */
#define CR4_SMAP 0x00200000  /* the kernel does not touch user pages */

/* Leaf 7 of CPUID (SDM vol. 2). */
#define CPUID_7_EBX_INVPCID (1U << 10)

#define MSR_APIC_BASE 0x0000001b
#define MSR_TSC_DEADLINE 0x000006e0
#define MSR_X2APIC_FIRST 0x00000800
#define MSR_EFER 0xc0000080
#define MSR_GS_BASE 0xc0000101

#define APIC_BASE_X2APIC 0x400
#define APIC_BASE_ENABLE 0x800

#define EFER_SCE 0x001
#define EFER_LME 0x100
#define EFER_NXE 0x800

#ifndef __ASSEMBLER__
#include <stdint.h>

#define DEFINE_CONTROL_REGISTER(name)                                                              \
	static inline uint64_t read_##name(void)                                                   \
	{                                                                                          \
		uint64_t value;                                                                    \
		asm volatile("mov %%" #name ", %0" : "=r"(value)::"memory");                       \
		return value;                                                                      \
	}                                                                                          \
	static inline void write_##name(uint64_t value)                                            \
	{                                                                                          \
		asm volatile("mov %0, %%" #name ::"r"(value) : "memory");                          \
	}

DEFINE_CONTROL_REGISTER(cr0)
DEFINE_CONTROL_REGISTER(cr2)
DEFINE_CONTROL_REGISTER(cr3)
DEFINE_CONTROL_REGISTER(cr4)

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

struct cpuid_result {
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

/* All zero for a leaf that this CPU does not have. cpuid also serialises (SDM vol. 3, 9.3). */
static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result result;

	asm volatile("cpuid"
		     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
		     : "a"(leaf & 0x80000000), "c"(0)
		     : "memory");
	if (result.eax < leaf)
		return (struct cpuid_result){ 0 };
	asm volatile("cpuid"
		     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
		     : "a"(leaf), "c"(subleaf)
		     : "memory");
	return result;
}
#endif

#endif
