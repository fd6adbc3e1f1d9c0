/*
 * The live translation. TTBR1_EL1 translates the kernel's half; TTBR0_EL1 is start.S's identity map
 * until mmu_load_kernel_root() forbids walks of it.
 *
 * The walker is an observer of its own: a DMB does not order it with stores; a DSB, which waits
 * until they are complete, does (DDI 0487, D8 "Ordering of memory accesses from translation
 * table walks"). TLBI is complete, on every CPU of the inner shareable domain for the IS forms, at
 * the DSB behind it, and the CPU's own instruction stream sees it after the ISB (D8 "TLB
 * maintenance instructions"). No locks: the tables belong to the callers.
 */
#include <arch/aarch64/port.h>
#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <lib/format.h>

_Static_assert((MAIR_EL1_VALUE >> 8 * PTE_ATTRIBUTE_NORMAL & 0xff) == MAIR_NORMAL,
	       "index of normal memory");
_Static_assert((MAIR_EL1_VALUE >> 8 * PTE_ATTRIBUTE_DEVICE & 0xff) == MAIR_DEVICE,
	       "index of device memory");

/* From so many pages on one invalidation of everything is cheaper than one each. */
const unsigned tlb_range_pages_max = 512;

/* The operand of a TLBI: the ASID in 63:48, bits 55:12 of the address in 43:0. */
#define TLBI_ADDRESS(address) ((address) >> PAGE_SHIFT & ((1UL << 44) - 1))
#define TLBI_ASID(id) ((uint64_t)(id) << 48)

uint64_t mmu_kernel_root(void)
{
	return system_register_read(ttbr1_el1) & TTBR_ADDRESS;
}

/* FEAT_HAFDBS, where the CPU has both halves of it (ID_AA64MMFR1_EL1.HAFDBS). */
static uint64_t tcr_of_use(void)
{
	return id_field(system_register_read(id_aa64mmfr1_el1), 0) >= 2 ? TCR_HA | TCR_HD : 0;
}

void mmu_load_kernel_root(uint64_t root)
{
	/* The tables' stores, before this CPU's walker reads them. */
	pte_publish_barrier();
	system_register_write(ttbr1_el1, root);
	system_register_write(tcr_el1, system_register_read(tcr_el1) | TCR_EPD0 | tcr_of_use());
	system_register_write(ttbr0_el1, 0);
	isb();
	asm volatile("tlbi vmalle1" ::: "memory");
	tlb_invalidate_complete_local();
}

/* ID_AA64MMFR0_EL1.ASIDBits; start.S has set TCR_EL1.AS by it. */
unsigned mmu_id_bits(void)
{
	return id_field(system_register_read(id_aa64mmfr0_el1), 4) == 2 ? 16 : 8;
}

/*
 * Root and ASID stand in one register, so no walk ever mixes two spaces. EPD0 goes last, in case
 * none was loaded.
 */
void mmu_load_root(uint64_t root, uint64_t id)
{
	uint64_t tcr = system_register_read(tcr_el1);

	system_register_write(ttbr0_el1, root | id << TTBR_ASID_SHIFT);
	isb();
	if (tcr & TCR_EPD0) {
		system_register_write(tcr_el1, tcr & ~TCR_EPD0);
		isb();
	}
}

/*
 * EPD0 forbids walks and no more: what is cached under the present ASID would still be used, hence
 * ASID 0, under which nothing ever is.
 */
void mmu_unload_root(void)
{
	system_register_write(tcr_el1, system_register_read(tcr_el1) | TCR_EPD0);
	isb();
	system_register_write(ttbr0_el1, 0);
	isb();
}

/*
 * An entry that is invalid is never cached (D8 "Translation Lookaside Buffers"), so nothing need be
 * invalidated. isb: what follows is not translated by a walk of before.
 */
void mmu_publish(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	pte_publish_barrier();
}

void mmu_publish_local(uintptr_t address, size_t size)
{
	mmu_publish(address, size);
}

#define tlbi(operation, operand) asm volatile("tlbi " operation ", %0" ::"r"(operand) : "memory")

/* The forms that differ in one word, "" for this CPU or "is" for all: which, and of what address.
 */
#define INVALIDATE(where, request)                                                                 \
	do {                                                                                       \
		uintptr_t step = PAGE_LEVEL_SIZE((request)->level);                                \
		uintptr_t first = (request)->address & ~(step - 1);                                \
		size_t span = (request)->address - first + (request)->size;                        \
		bool is_global = (request)->id == TLB_GLOBAL;                                      \
                                                                                                   \
		if ((request)->id == TLB_EVERY_ID ||                                               \
		    (is_global && (request)->size == TLB_EVERYTHING)) {                            \
			asm volatile("tlbi vmalle1" where ::: "memory");                           \
			break;                                                                     \
		}                                                                                  \
		if ((request)->size == TLB_EVERYTHING) {                                           \
			tlbi("aside1" where, TLBI_ASID((request)->id));                            \
			break;                                                                     \
		}                                                                                  \
		for (size_t offset = 0; offset < span; offset += step) {                           \
			uint64_t operand = TLBI_ADDRESS(first + offset);                           \
                                                                                                   \
			if (is_global && (request)->tables)                                        \
				tlbi("vaae1" where, operand);                                      \
			else if (is_global)                                                        \
				tlbi("vaale1" where, operand);                                     \
			else if ((request)->tables)                                                \
				tlbi("vae1" where, operand | TLBI_ASID((request)->id));            \
			else                                                                       \
				tlbi("vale1" where, operand | TLBI_ASID((request)->id));           \
		}                                                                                  \
	} while (0)

/*
 * By address: of every ASID for the kernel (vaa), of one else (va); the leaf alone (l) unless
 * tables went, too.
 */
void tlb_invalidate_local(const struct tlb_request *request)
{
	/* The cleared entries, before the walks that the tlbi lets happen. */
	tlb_invalidate_begin_local();
	INVALIDATE("", request);
	tlb_invalidate_complete_local();
}

bool tlb_invalidate_on(uint64_t cpus, const struct tlb_request *request)
{
	(void)cpus;
	/* The same, for every walker of the inner shareable domain. */
	tlb_invalidate_begin();
	INVALIDATE("is", request);
	tlb_invalidate_complete();
	return true;
}

bool mmu_broadcasts(void)
{
	return true;
}

/*
 * CTR_EL0 says the line sizes, and which half is needless: IDC, data need not be cleaned to where
 * instructions are fetched from; DIC, instruction caches need not be invalidated (D7
 * "Synchronization and coherency issues between data and instruction accesses"). ic ivau reaches
 * every CPU; one that may have fetched old instructions into its pipeline drops them at its next
 * exception or return from one, which it must take before it runs the new code.
 */
void icache_synchronise(uintptr_t address, size_t size)
{
	uint64_t type = system_register_read(ctr_el0);
	uintptr_t end = address + size;
	size_t data_line = 4UL << (type >> 16 & 0xf);
	size_t instruction_line = 4UL << (type & 0xf);
	bool clean = !(type >> 28 & 1);
	bool invalidate = !(type >> 29 & 1);

	for (uintptr_t line = address & ~(data_line - 1); clean && line < end; line += data_line)
		asm volatile("dc cvau, %0" ::"r"(line) : "memory");
	code_publish_barrier();
	for (uintptr_t line = address & ~(instruction_line - 1); invalidate && line < end;
	     line += instruction_line)
		asm volatile("ic ivau, %0" ::"r"(line) : "memory");
	code_publish_barrier();
	instruction_barrier();
}

void pte_describe(uint64_t entry, unsigned level, char *text, size_t size)
{
	static const char *const share[] = { "non-shareable", "reserved", "outer-shareable",
					     "inner-shareable" };
	unsigned attribute = (entry & PTE_ATTRIBUTE_MASK) >> 2;

	if (!pte_present(entry)) {
		format_text(text, size, "invalid");
	} else if (!pte_is_leaf(entry, level)) {
		format_text(text, size, "table at %#lx", (unsigned long)pte_address(entry));
	} else {
		format_text(text, size, "%s at %#lx %s %s AP=%s,%s%s%s%s%s",
			    level == 0 ? "page" : "block", (unsigned long)pte_address(entry),
			    attribute == PTE_ATTRIBUTE_NORMAL   ? "normal"
			    : attribute == PTE_ATTRIBUTE_DEVICE ? "device-nGnRE"
								: "unknown-attribute",
			    share[entry >> 8 & 3],
			    !(entry & PTE_READ_ONLY) ? "rw"
			    : entry & PTE_WRITABLE   ? "rw-clean"
						     : "ro",
			    entry & PTE_USER ? "EL0" : "EL1", entry & PTE_ACCESSED ? " AF" : "",
			    entry & PTE_NOT_GLOBAL ? " nG" : "",
			    entry & PTE_KERNEL_NO_EXECUTE ? " PXN" : "",
			    entry & PTE_USER_NO_EXECUTE ? " UXN" : "");
	}
}
