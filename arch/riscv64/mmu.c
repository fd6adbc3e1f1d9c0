/*
 * The live translation: arch/mmu.h.
 *
 * The walker's loads are not ordered with stores to the tables by any fence; sfence.vma does that,
 * for the hart that executes it alone, and drops what it has cached (privileged architecture
 * 20211203, 4.2.1). Entries that are not valid may be cached as well. Other harts execute theirs
 * when the SBI makes them; those that count are the ones of harts_running(). No locks: the tables
 * belong to the callers.
 */
#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/riscv64/assembly.h>
#include <arch/riscv64/port.h>
#include <lib/format.h>
#include <lib/panic.h>

#define SATP_PPN ((1UL << 44) - 1)

/* From this many pages on, dropping everything costs less than page by page. */
#define INVALIDATE_PAGES_MAX 64

unsigned page_table_levels;
uintptr_t direct_map_base;
uint64_t direct_map_size;

/*
 * mm/layout.h: the direct map ends where kernel space begins, with Sv39; with Sv48 it is as large
 * as on other machines.
 */
void mmu_set_levels(unsigned levels)
{
	page_table_levels = levels;
	direct_map_base = early_direct_map_base(levels);
	direct_map_size = levels == 4 ? 64UL << 40 : 192UL << 30;
}

uint64_t mmu_kernel_root(void)
{
	return (csr_read(satp) & SATP_PPN) << PAGE_SHIFT;
}

/*
 * The mode stays. sfence.vma before: the tables' stores, before the walker reads them; after:
 * nothing of the old root.
 */
void mmu_load_kernel_root(uint64_t root)
{
	uint64_t mode = csr_read(satp) >> SATP_MODE_SHIFT << SATP_MODE_SHIFT;

	asm volatile("sfence.vma\n\tcsrw satp, %0\n\tsfence.vma" ::"r"(mode | root >> PAGE_SHIFT)
		     : "memory");
}

/*
 * Asks for a fence on every CPU when there are others; this one is among them, so that a caller who
 * is moved to another CPU on the way is served, too. Returns 0 or what the SBI wrapper returned.
 */
static int remote_sfence_vma(uintptr_t address, size_t size)
{
	uint64_t cpus;

	tlb_invalidate_begin();
	cpus = harts_running();
	if ((cpus & (cpus - 1)) == 0)
		return 0;
	while (cpus) {
		int error = sbi_remote_sfence_vma(harts_take(&cpus), address, size);

		if (error)
			return error;
	}
	tlb_invalidate_complete();
	return 0;
}

/*
 * Everything, not the range: new tables may hang between root and leaf, and an sfence.vma with an
 * address is about leaf entries only (4.2.1). Without it another CPU may fault on an address that
 * is mapped, and nothing else would help it.
 */
void mmu_publish(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	pte_publish_barrier();
	if (remote_sfence_vma(0, SIZE_MAX) != 0)
		panic("mmu: a new mapping cannot be made known to the other harts");
}

/* By address: what is cleared are leaf entries, tables stay (mm/page_table.h). */
void tlb_invalidate_local(uintptr_t address, size_t size)
{
	uintptr_t first = address & ~(PAGE_SIZE - 1);
	size_t pages = (address - first + size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	tlb_invalidate_begin_local();
	if (pages > INVALIDATE_PAGES_MAX)
		asm volatile("sfence.vma" ::: "memory");
	else
		for (size_t i = 0; i < pages; i++)
			asm volatile("sfence.vma %0" ::"r"(first + i * PAGE_SIZE) : "memory");
	tlb_invalidate_complete_local();
}

bool tlb_invalidate_broadcast(uintptr_t address, size_t size)
{
	tlb_invalidate_local(address, size);
	return remote_sfence_vma(address, size) == 0;
}

/*
 * fence.i is for the hart that executes it alone (unprivileged ISA 20191213, chapter 3); the stores
 * reach others first.
 */
void icache_synchronise(uintptr_t address, size_t size)
{
	uint64_t cpus;

	(void)address;
	(void)size;
	instruction_barrier();
	code_publish_barrier();
	cpus = harts_running();
	if ((cpus & (cpus - 1)) == 0)
		return;
	while (cpus)
		if (sbi_remote_fence_i(harts_take(&cpus)) != 0)
			panic("mmu: new instructions cannot be made known to the other harts");
}

void pte_describe(uint64_t entry, unsigned level, char *text, size_t size)
{
	static const char *const page_sizes[] = { "4-KiB", "2-MiB", "1-GiB", "512-GiB" };

	if (!pte_present(entry)) {
		format_text(text, size, "not valid");
		return;
	}
	if (!pte_is_leaf(entry, level)) {
		format_text(text, size, "table at %#lx", (unsigned long)pte_address(entry));
		return;
	}
	if (level >= sizeof(page_sizes) / sizeof(page_sizes[0])) {
		format_text(text, size, "reserved: no page is this large");
		return;
	}
	format_text(text, size, "%s page at %#lx %c%c%c %s%s%s%s", page_sizes[level],
		    (unsigned long)pte_address(entry), entry & PTE_READ ? 'r' : '-',
		    entry & PTE_WRITE ? 'w' : '-', entry & PTE_EXECUTE ? 'x' : '-',
		    entry & PTE_USER ? "user" : "supervisor", entry & PTE_GLOBAL ? " global" : "",
		    entry & PTE_ACCESSED ? " accessed" : "", entry & PTE_DIRTY ? " dirty" : "");
}
