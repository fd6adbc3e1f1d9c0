/*
 * The live translation: arch/mmu.h.
 *
 * The walker's accesses are coherent and ordered like the CPU's own, and entries that are not
 * present are never cached (SDM vol. 3, 4.10.2.3), so a new entry needs no instruction.
 * Translations that were cached go by invlpg or by a change of CR4.PGE, and only on the CPU that
 * executes it: other CPUs have to be interrupted.
 */
#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/x86_64/registers.h>
#include <lib/format.h>

/*
 * From this many pages on, dropping everything costs less than page by page, and what follows it
 * not much more.
 */
#define INVALIDATE_PAGES_MAX 64

uint64_t mmu_kernel_root(void)
{
	return pte_address(read_cr3());
}

/* Writing CR3 spares global translations; changing PGE drops those too (SDM vol. 3, 4.10.4.1). */
static void tlb_invalidate_all(void)
{
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 ^ CR4_PGE);
	write_cr4(cr4);
}

void mmu_load_kernel_root(uint64_t root)
{
	write_cr3(root);
	tlb_invalidate_all();
}

void mmu_publish(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	pte_publish_barrier();
}

void tlb_invalidate_local(uintptr_t address, size_t size)
{
	uintptr_t first = address & ~(PAGE_SIZE - 1);
	size_t pages = (address - first + size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	tlb_invalidate_begin_local();
	if (pages > INVALIDATE_PAGES_MAX)
		tlb_invalidate_all();
	else
		for (size_t i = 0; i < pages; i++)
			asm volatile("invlpg (%0)" ::"r"(first + i * PAGE_SIZE) : "memory");
	tlb_invalidate_complete_local();
}

bool tlb_invalidate_broadcast(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	return false;
}

/*
 * Instruction fetch is coherent with stores; what remains is what was fetched already, which a
 * serialising instruction drops (SDM vol. 3, 9.1.3). Other CPUs need one too: the iretq of the
 * interrupt that tells them of the new code.
 */
void icache_synchronise(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	code_publish_barrier();
	instruction_barrier();
}

void pte_describe(uint64_t entry, unsigned level, char *text, size_t size)
{
	static const char *const page_sizes[] = { "4-KiB", "2-MiB", "1-GiB" };

	if (!pte_present(entry)) {
		format_text(text, size, "not present");
		return;
	}
	if (!pte_is_leaf(entry, level)) {
		format_text(text, size, "table at %#llx", (unsigned long long)pte_address(entry));
		return;
	}
	if (level >= sizeof(page_sizes) / sizeof(page_sizes[0])) {
		format_text(text, size, "reserved: no page is this large");
		return;
	}
	/*
	 * In a large entry bit 12 is part of the memory type (SDM vol. 3, table 4-18), the address
	 * begins above.
	 */
	format_text(text, size, "%s page at %#llx r%c%c %s%s%s%s%s%s", page_sizes[level],
		    (unsigned long long)(pte_address(entry) & ~(PAGE_LEVEL_SIZE(level) - 1)),
		    entry & PTE_WRITE ? 'w' : '-', entry & PTE_NO_EXECUTE ? '-' : 'x',
		    entry & PTE_USER ? "user" : "supervisor", entry & PTE_GLOBAL ? " global" : "",
		    entry & PTE_ACCESSED ? " accessed" : "", entry & PTE_DIRTY ? " dirty" : "",
		    entry & PTE_WRITE_THROUGH ? " write-through" : "",
		    entry & PTE_CACHE_DISABLE ? " uncached" : "");
}
