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
#define TLB_RANGE_PAGES 512

/* The operand of a TLBI by address: bits 55:12 of it in 43:0. */
#define TLBI_OPERAND(address) ((address) >> PAGE_SHIFT & ((1UL << 44) - 1))

uint64_t mmu_kernel_root(void)
{
	return system_register_read(ttbr1_el1) & TTBR_ADDRESS;
}

void mmu_load_kernel_root(uint64_t root)
{
	/* The tables' stores, before this CPU's walker reads them. */
	pte_publish_barrier();
	system_register_write(ttbr1_el1, root);
	system_register_write(tcr_el1, system_register_read(tcr_el1) | TCR_EPD0);
	isb();
	asm volatile("tlbi vmalle1" ::: "memory");
	tlb_invalidate_complete_local();
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

static size_t tlb_range_pages(uintptr_t address, size_t size)
{
	return ((address & (PAGE_SIZE - 1)) + size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

void tlb_invalidate_local(uintptr_t address, size_t size)
{
	size_t pages = tlb_range_pages(address, size);

	/* The cleared entries, before the walks that the tlbi lets happen. */
	tlb_invalidate_begin_local();
	if (pages > TLB_RANGE_PAGES)
		asm volatile("tlbi vmalle1" ::: "memory");
	else
		for (size_t page = 0; page < pages; page++)
			asm volatile(
				"tlbi vaae1, %0" ::"r"(TLBI_OPERAND(address + page * PAGE_SIZE))
				: "memory");
	tlb_invalidate_complete_local();
}

bool tlb_invalidate_broadcast(uintptr_t address, size_t size)
{
	size_t pages = tlb_range_pages(address, size);

	/* The same, for every walker of the inner shareable domain. */
	tlb_invalidate_begin();
	if (pages > TLB_RANGE_PAGES)
		asm volatile("tlbi vmalle1is" ::: "memory");
	else
		for (size_t page = 0; page < pages; page++)
			asm volatile(
				"tlbi vaae1is, %0" ::"r"(TLBI_OPERAND(address + page * PAGE_SIZE))
				: "memory");
	tlb_invalidate_complete();
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
			    share[entry >> 8 & 3], entry & PTE_READ_ONLY ? "ro" : "rw",
			    entry & PTE_USER ? "EL0" : "EL1", entry & PTE_ACCESSED ? " AF" : "",
			    entry & PTE_NOT_GLOBAL ? " nG" : "",
			    entry & PTE_KERNEL_NO_EXECUTE ? " PXN" : "",
			    entry & PTE_USER_NO_EXECUTE ? " UXN" : "");
	}
}
