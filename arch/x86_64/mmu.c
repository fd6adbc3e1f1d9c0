/*
 * The live translation: arch/mmu.h.
 *
 * The walker's accesses are coherent and ordered like the CPU's own, and entries that are not
 * present are never cached (SDM vol. 3, 4.10.2.3), so a new entry needs no instruction.
 * Translations that were cached go by invlpg or by a change of CR4.PGE, and only on the CPU that
 * executes it: other CPUs have to be interrupted.
 */
#include <arch/atomic.h>
#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/x86_64/registers.h>
#include <lib/format.h>

/*
 * CR3: the root's address, the PCID below it, and bit 63 to keep what is cached under that PCID
 * (SDM vol. 3, 4.5, 4.10.4.1). No CPU of QEMU's TCG has PCIDs, so what follows from PCIDs has never
 * been executed.
 */
#define CR3_KEEP (1UL << 63)
#define PCID_BITS 12
#define PCID_MASK ((1UL << PCID_BITS) - 1)

/* invpcid's kinds (SDM vol. 2). */
#define INVPCID_ADDRESS 0
#define INVPCID_ID 1

/*
 * From this many pages on, dropping everything costs less than page by page, and what follows it
 * not much more.
 */
const unsigned tlb_range_pages_max = 64;

/* Written with the same value by every CPU. */
static uint64_t kernel_root;
static bool has_invpcid;

uint64_t mmu_kernel_root(void)
{
	uint64_t root = atomic64_load_relaxed(&kernel_root);

	return root ? root : pte_address(read_cr3());
}

static bool pcids_are_on(void)
{
	return read_cr4() & CR4_PCIDE;
}

/*
 * Writing CR3 spares global translations; changing PGE drops those too, under every PCID (SDM vol.
 * 3, 4.10.4.1).
 */
static void tlb_invalidate_all(void)
{
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 ^ CR4_PGE);
	write_cr4(cr4);
}

void mmu_load_kernel_root(uint64_t root)
{
	atomic64_store_relaxed(&kernel_root, root);
	has_invpcid = cpuid(7, 0).ebx & CPUID_7_EBX_INVPCID;
	write_cr3(root);
	tlb_invalidate_all();
}

unsigned mmu_id_bits(void)
{
	return pcids_are_on() ? PCID_BITS : 0;
}

void mmu_load_root(uint64_t root, uint64_t id)
{
	write_cr3(pcids_are_on() ? root | id | CR3_KEEP : root);
}

void mmu_unload_root(void)
{
	mmu_load_root(mmu_kernel_root(), 0);
}

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

static void invpcid(uint64_t kind, uint64_t id, uintptr_t address)
{
	struct {
		uint64_t id;
		uint64_t address;
	} descriptor = { id, address };

	asm volatile("invpcid %0, %1" ::"m"(descriptor), "r"(kind) : "memory");
}

/* invlpg drops the page under the present PCID, and it if it is global under every one. */
static void invalidate_page(uint64_t id, uintptr_t address)
{
	if (id != TLB_GLOBAL && pcids_are_on() && (read_cr3() & PCID_MASK) != id)
		invpcid(INVPCID_ADDRESS, id, address);
	else
		asm volatile("invlpg (%0)" ::"r"(address) : "memory");
}

/* Everything of an id, and perhaps more. */
static void invalidate_id(uint64_t id)
{
	if (!pcids_are_on())
		write_cr3(read_cr3());
	else if (has_invpcid)
		invpcid(INVPCID_ID, id, 0);
	else
		tlb_invalidate_all();
}

/*
 * invlpg drops what is cached of tables on the way to pages under the present PCID alone
 * (4.10.4.1), so with PCIDs everything goes when tables of the kernel's do.
 */
void tlb_invalidate_local(const struct tlb_request *request)
{
	uintptr_t step = PAGE_LEVEL_SIZE(request->level);
	uintptr_t first = request->address & ~(step - 1);
	size_t span = request->address - first + request->size;
	bool is_foreign = request->id != TLB_GLOBAL && pcids_are_on() &&
			  (read_cr3() & PCID_MASK) != request->id;

	tlb_invalidate_begin_local();
	if (request->id == TLB_EVERY_ID ||
	    (request->id == TLB_GLOBAL &&
	     (request->size == TLB_EVERYTHING || (request->tables && pcids_are_on()))))
		tlb_invalidate_all();
	else if (request->size == TLB_EVERYTHING || (is_foreign && !has_invpcid))
		invalidate_id(request->id);
	else
		for (size_t offset = 0; offset < span; offset += step)
			invalidate_page(request->id, first + offset);
	tlb_invalidate_complete_local();
}

bool tlb_invalidate_on(uint64_t cpus, const struct tlb_request *request)
{
	(void)cpus;
	(void)request;
	return false;
}

bool mmu_broadcasts(void)
{
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
