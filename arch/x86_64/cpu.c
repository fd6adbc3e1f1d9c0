/*
 * Set-up of the calling CPU: descriptor tables, the stacks of the exceptions that cannot trust the
 * interrupted one, protection bits.
 *
 * Each CPU has its own GDT and TSS, because a TSS names stacks; all share one interrupt table,
 * which the boot CPU builds before any other CPU starts and which does not change after.
 */
#include <arch/cpu.h>
#include <arch/pte.h>
#include <arch/smp.h>
#include <arch/x86_64/assembly.h>
#include <arch/x86_64/port.h>
#include <arch/x86_64/registers.h>
#include <arch/x86_64/segments.h>
#include <lib/format.h>
#include <lib/string.h>

#define PERCPU __attribute__((section(".percpu")))

/* SDM vol. 3, 8.7. Entry i - 1 of ist[] is what a gate calls IST i. */
struct __attribute__((packed)) task_state {
	uint32_t reserved_0;
	uint64_t rsp[3];
	uint64_t reserved_1;
	uint64_t ist[7];
	uint64_t reserved_2;
	uint16_t reserved_3;
	uint16_t io_map_base;
};
_Static_assert(sizeof(struct task_state) == 104, "SDM vol. 3, figure 8-11");

enum { IST_DOUBLE_FAULT = 1, IST_NMI = 2, IST_MACHINE_CHECK = 3 };

/* SDM vol. 3, 6.14.1. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t zero;
};
_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3, figure 6-8");

#define GATE_INTERRUPT 0x8e /* present, ring 0, 64-bit interrupt gate: clears IF */
#define TSS_AVAILABLE 0x89  /* present, ring 0, 64-bit TSS */

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	uint64_t base;
};

struct cpu_tables {
	uint64_t gdt[5]; /* null, code, data, and the two halves of the TSS descriptor */
	struct task_state tss;
};

uintptr_t percpu_self_offset PERCPU;
static struct cpu_tables cpu_tables PERCPU;
static struct gate interrupt_table[VECTOR_COUNT];
unsigned pte_largest_leaf = 1;

/* One bit of CPUID that the kernel uses; leaf and register by SDM vol. 2, CPUID. */
struct feature {
	const char *name;
	uint32_t leaf;
	enum { CPUID_EBX, CPUID_ECX, CPUID_EDX } where;
	unsigned bit;
};

static const struct feature feature_smep = { "SMEP", 7, CPUID_EBX, 7 };
static const struct feature feature_smap = { "SMAP", 7, CPUID_EBX, 20 };
static const struct feature feature_umip = { "UMIP", 7, CPUID_ECX, 2 };
static const struct feature feature_pcid = { "PCID", 1, CPUID_ECX, 17 };
static const struct feature feature_huge_pages = { "1-GiB pages", 0x80000001, CPUID_EDX, 26 };

static bool cpu_has(const struct feature *feature)
{
	struct cpuid_result result = cpuid(feature->leaf, 0);
	uint32_t word = result.edx;

	if (feature->where == CPUID_EBX)
		word = result.ebx;
	else if (feature->where == CPUID_ECX)
		word = result.ecx;
	return word >> feature->bit & 1;
}

static uint8_t gate_ist(unsigned vector)
{
	switch (vector) {
	case VECTOR_DOUBLE_FAULT:
		return IST_DOUBLE_FAULT;
	case VECTOR_NMI:
		return IST_NMI;
	case VECTOR_MACHINE_CHECK:
		return IST_MACHINE_CHECK;
	default:
		return 0;
	}
}

static void interrupt_table_build(void)
{
	for (unsigned vector = 0; vector < VECTOR_COUNT; vector++) {
		uintptr_t stub = (uintptr_t)trap_stubs + vector * TRAP_STUB_SIZE;

		interrupt_table[vector] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = SELECTOR_KERNEL_CODE,
			.ist = gate_ist(vector),
			.type = GATE_INTERRUPT,
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
}

static struct cpu_tables *cpu_tables_here(void)
{
	return (struct cpu_tables *)((uintptr_t)&cpu_tables + cpu_percpu_offset());
}

/*
 * An NMI or a machine check may come while an emergency stack is in use, and each during the other:
 * a stack for each of the three.
 */
void cpu_set_emergency_stacks(const uintptr_t tops[CPU_EMERGENCY_STACKS])
{
	struct task_state *tss = &cpu_tables_here()->tss;

	_Static_assert(CPU_EMERGENCY_STACKS == IST_MACHINE_CHECK, "one for each IST entry in use");
	tss->ist[IST_DOUBLE_FAULT - 1] = tops[0];
	tss->ist[IST_NMI - 1] = tops[1];
	tss->ist[IST_MACHINE_CHECK - 1] = tops[2];
}

static void cpu_tables_fill(struct cpu_tables *tables)
{
	uintptr_t tss = (uintptr_t)&tables->tss;

	tables->tss.io_map_base = sizeof(tables->tss);

	tables->gdt[0] = 0;
	tables->gdt[SELECTOR_KERNEL_CODE / 8] = DESCRIPTOR_CODE64;
	tables->gdt[SELECTOR_KERNEL_DATA / 8] = DESCRIPTOR_DATA;
	/* Base and limit are scattered: SDM vol. 3, figure 8-4. */
	tables->gdt[SELECTOR_TSS / 8] = (sizeof(tables->tss) - 1) | (tss & 0xffffff) << 16 |
					(uint64_t)TSS_AVAILABLE << 40 | (tss >> 24 & 0xff) << 56;
	tables->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
}

static void cpu_tables_load(struct cpu_tables *tables)
{
	struct table_pointer gdt = { sizeof(tables->gdt) - 1, (uintptr_t)tables->gdt };
	struct table_pointer idt = { sizeof(interrupt_table) - 1, (uintptr_t)interrupt_table };
	uint64_t scratch;

	/* fs and gs stay as they are: loading a selector would clear the base of gs. */
	asm volatile("lgdt %1\n\t"
		     "push %2\n\t"
		     "lea 1f(%%rip), %0\n\t"
		     "push %0\n\t"
		     "lretq\n"
		     "1:\tmov %3, %%ss\n\t"
		     "mov %3, %%ds\n\t"
		     "mov %3, %%es"
		     : "=&r"(scratch)
		     : "m"(gdt), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA)
		     : "memory");
	asm volatile("lidt %0" ::"m"(idt) : "memory");
	asm volatile("ltr %w0" ::"r"(SELECTOR_TSS) : "memory");
}

/*
 * Whole values, not changes, so that nothing a firmware left on stays. OSFXSR stays off and EM on:
 * the kernel has no use for floating point, and an instruction that slips in is a trap. The caches'
 * CD and NW are 0.
 */
static void cpu_protect(void)
{
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_PGE;

	if (cpu_has(&feature_smep))
		cr4 |= CR4_SMEP;
	if (cpu_has(&feature_smap))
		cr4 |= CR4_SMAP;
	if (cpu_has(&feature_umip))
		cr4 |= CR4_UMIP;
	if (cpu_has(&feature_pcid))
		cr4 |= CR4_PCIDE;
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_EM | CR0_PE);
	write_cr4(cr4);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE | EFER_SCE);
}

void cpu_init(unsigned cpu)
{
	struct cpu_tables *tables = cpu_tables_here();

	if (cpu == 0) {
		interrupt_table_build();
		pte_largest_leaf = cpu_has(&feature_huge_pages) ? 2 : 1;
	}
	cpu_tables_fill(tables);
	cpu_tables_load(tables);
	cpu_protect();
}

uint64_t cpu_boot_hardware_id(void)
{
	/*
	 * Leaf 0xb has the id in full, where it exists (SDM vol. 2, CPUID); leaf 1 the 8 bits that
	 * xAPIC has.
	 */
	struct cpuid_result topology = cpuid(0xb, 0);

	if (topology.ebx)
		return topology.edx;
	return cpuid(1, 0).ebx >> 24;
}

/*
 * The processor's brand string, 48 bytes with blanks at either end: SDM vol. 2, CPUID leaves
 * 0x80000002 to 4.
 */
static const char *cpu_read_brand(char brand[49])
{
	size_t end;

	for (uint32_t i = 0; i < 3; i++) {
		struct cpuid_result part = cpuid(0x80000002 + i, 0);

		memcpy(brand + 16 * i, &part, sizeof(part));
	}
	brand[48] = '\0';
	end = strlen(brand);
	while (end > 0 && brand[end - 1] == ' ')
		brand[--end] = '\0';
	while (*brand == ' ')
		brand++;
	return *brand ? brand : "x86_64";
}

void cpu_describe(char *text, size_t size)
{
	static const struct feature *const features[] = {
		&feature_smep, &feature_smap, &feature_umip, &feature_pcid, &feature_huge_pages,
	};
	char brand[49];
	size_t used = (size_t)format_text(text, size, "%s, NX", cpu_read_brand(brand));

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (used >= size || !cpu_has(features[i]))
			continue;
		used += (size_t)format_text(text + used, size - used, " %s", features[i]->name);
	}
}
