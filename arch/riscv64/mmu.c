/*
 * The live translation: arch/mmu.h.
 *
 * The walker's loads are not ordered with stores to the tables by any fence; sfence.vma does that,
 * for the hart that executes it alone, and drops what it has cached (privileged architecture
 * 20211203, 4.2.1). Entries that are not valid may be cached as well. Other harts execute theirs
 * when the SBI makes them; those that count are the ones of harts_running(). No locks: the tables
 * belong to the callers.
 */
#include <arch/atomic.h>
#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/riscv64/assembly.h>
#include <arch/riscv64/port.h>
#include <lib/format.h>
#include <lib/panic.h>

#define SATP_PPN ((1UL << 44) - 1)

#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xffffUL

/* From this many pages on, dropping everything costs less than page by page. */
const unsigned tlb_range_pages_max = 64;

unsigned page_table_levels;
uintptr_t direct_map_base;
uint64_t direct_map_size;
uintptr_t frame_map_base;

/*
 * mm/layout.h: the direct map ends where kernel space begins, with Sv39; with Sv48 it is as large
 * as on other machines.
 */
void mmu_set_levels(unsigned levels)
{
	page_table_levels = levels;
	direct_map_base = early_direct_map_base(levels);
	direct_map_size = levels == 4 ? 64UL << 40 : 192UL << 30;
	frame_map_base = levels == 4 ? 0xffffe00000000000UL : 0xffffffff00000000UL;
}

/* Written with the same values by every CPU. */
static uint64_t kernel_root;
static uint64_t id_bits;

static uint64_t satp_mode(void)
{
	return csr_read(satp) >> SATP_MODE_SHIFT << SATP_MODE_SHIFT;
}

uint64_t mmu_kernel_root(void)
{
	uint64_t root = atomic64_load_relaxed(&kernel_root);

	return root ? root : (csr_read(satp) & SATP_PPN) << PAGE_SHIFT;
}

/* Bits of the ASID that a hart does not have read as zero: "the least-significant bits" (4.1.11).
 */
static unsigned probe_id_bits(void)
{
	uint64_t satp = csr_read(satp);
	uint64_t found;

	csr_write(satp, satp | SATP_ASID_MASK << SATP_ASID_SHIFT);
	found = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
	csr_write(satp, satp);
	asm volatile("sfence.vma" ::: "memory");
	return (unsigned)__builtin_popcountll(found);
}

/*
 * The mode stays. sfence.vma before: the tables' stores, before the walker reads them; after:
 * nothing of the old root.
 */
void mmu_load_kernel_root(uint64_t root)
{
	uint64_t mode = satp_mode();

	asm volatile("sfence.vma\n\tcsrw satp, %0\n\tsfence.vma" ::"r"(mode | root >> PAGE_SHIFT)
		     : "memory");
	atomic64_store_relaxed(&kernel_root, root);
	atomic64_store_relaxed(&id_bits, probe_id_bits());
}

unsigned mmu_id_bits(void)
{
	return (unsigned)atomic64_load_relaxed(&id_bits);
}

/*
 * Writing satp orders nothing and drops nothing (4.1.11). Without ids what is not global goes here.
 * With them nothing is needed: entries that were taken away are invalidated under the id, and one
 * that is new to this hart may fault once (mm/space.h).
 */
void mmu_load_root(uint64_t root, uint64_t id)
{
	csr_write(satp, satp_mode() | id << SATP_ASID_SHIFT | root >> PAGE_SHIFT);
	if (mmu_id_bits() == 0)
		asm volatile("sfence.vma x0, %0" ::"r"(0UL) : "memory");
}

void mmu_unload_root(void)
{
	mmu_load_root(mmu_kernel_root(), 0);
}

/*
 * Has a set of CPUs, others than this one, fence; complete on return. Returns 0 or what the SBI
 * wrapper returned. An address range alone is about leaf entries (4.2.1), so when tables went the
 * request becomes everything of the id.
 */
static int remote_sfence_vma(uint64_t cpus, const struct tlb_request *request)
{
	bool everything = request->tables || request->size == TLB_EVERYTHING ||
			  request->id == TLB_EVERY_ID;
	uintptr_t address = everything ? 0 : request->address;
	size_t size = everything ? SIZE_MAX : request->size;

	while (cpus) {
		struct sbi_harts harts = harts_take(&cpus);
		int error = request->id == TLB_GLOBAL || request->id == TLB_EVERY_ID
				    ? sbi_remote_sfence_vma(harts, address, size)
				    : sbi_remote_sfence_vma_asid(harts, address, size, request->id);

		if (error)
			return error;
	}
	tlb_invalidate_complete();
	return 0;
}

static uint64_t this_cpu_bit(void)
{
	return 1UL << trap_cpu_here()->cpu;
}

/*
 * Everything, not the range: new tables may hang between root and leaf, and an sfence.vma with an
 * address is about leaf entries only (4.2.1). Without it another CPU may fault on an address that
 * is mapped, and nothing else would help it.
 */
void mmu_publish(uintptr_t address, size_t size)
{
	static const struct tlb_request everything = { .size = TLB_EVERYTHING, .id = TLB_GLOBAL };
	uint64_t running;

	(void)address;
	(void)size;
	pte_publish_barrier();
	tlb_invalidate_begin();
	running = harts_running();
	/* One is this one. */
	if ((running & (running - 1)) == 0)
		return;
	if (remote_sfence_vma(running & ~this_cpu_bit(), &everything) != 0)
		panic("mmu: a new mapping cannot be made known to the other harts");
}

void mmu_publish_local(uintptr_t address, size_t size)
{
	(void)address;
	(void)size;
	pte_publish_barrier();
}

/* sfence.vma's operands: an address or x0 for all, an id or x0 for all and the global ones. */
static void sfence_vma(bool everything, uintptr_t address, bool every_id, uint64_t id)
{
	if (everything && every_id)
		asm volatile("sfence.vma" ::: "memory");
	else if (everything)
		asm volatile("sfence.vma x0, %0" ::"r"(id) : "memory");
	else if (every_id)
		asm volatile("sfence.vma %0" ::"r"(address) : "memory");
	else
		asm volatile("sfence.vma %0, %1" ::"r"(address), "r"(id) : "memory");
}

void tlb_invalidate_local(const struct tlb_request *request)
{
	bool every_id = request->id == TLB_GLOBAL || request->id == TLB_EVERY_ID;
	uintptr_t step = PAGE_LEVEL_SIZE(request->level);
	uintptr_t first = request->address & ~(step - 1);
	size_t span = request->address - first + request->size;

	tlb_invalidate_begin_local();
	if (request->tables || request->size == TLB_EVERYTHING || request->id == TLB_EVERY_ID)
		sfence_vma(true, 0, every_id, request->id);
	else
		for (size_t offset = 0; offset < span; offset += step)
			sfence_vma(false, first + offset, every_id, request->id);
	tlb_invalidate_complete_local();
}

/* For kernel addresses the CPUs that count are those of harts_running(): one may be on its way. */
bool tlb_invalidate_on(uint64_t cpus, const struct tlb_request *request)
{
	uint64_t self = this_cpu_bit();

	tlb_invalidate_begin();
	if (request->id == TLB_GLOBAL)
		cpus |= harts_running();
	if (cpus & self)
		tlb_invalidate_local(request);
	return remote_sfence_vma(cpus & ~self, request) == 0;
}

bool mmu_broadcasts(void)
{
	return false;
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
