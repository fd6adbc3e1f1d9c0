/*
 * The live translation: roots, ids, and the barriers and invalidations that page-table writes need.
 *
 * This is the fourth species of barrier (arch/barrier.h has the others): it orders stores to page
 * tables with the hardware walker, which no CPU-to-CPU barrier does on AArch64 or RISC-V. All of
 * them: any context.
 *
 * Translations of the lower half carry the id of the address space that was loaded when they were
 * cached (PCID, ASID); those of the kernel's half are global. Id 0 is of no address space. On a
 * machine without ids every load drops what is not global.
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Physical address of the root table that translates kernel addresses on this CPU (cr3, TTBR1_EL1,
 * satp).
 */
uint64_t mmu_kernel_root(void);

/*
 * Makes root translate kernel addresses on this CPU and drops the identity mapping and every cached
 * translation. No lower half is loaded.
 */
void mmu_load_kernel_root(uint64_t root);

/*
 * Width of an id in bits; 0: the machine has none. The same on every CPU. Known after the boot
 * CPU's mmu_load_kernel_root().
 */
unsigned mmu_id_bits(void);

/*
 * Makes root translate the lower half on this CPU, under an id. (x86_64 and RISC-V: the whole of
 * it, so it holds the kernel's entries; AArch64: TTBR0.) Translations cached under the id before
 * remain, except on a machine without ids. Ordering: none; whoever wrote entries has published
 * them, and a CPU that loads an id for the first time drops it first. Interrupts disabled.
 */
void mmu_load_root(uint64_t root, uint64_t id);

/* Takes the lower half off this CPU: every lower address faults. Interrupts disabled. */
void mmu_unload_root(void);

/*
 * After entries went from invalid to valid: makes them visible to the walker of this CPU and, where
 * the machine may cache invalid entries (RISC-V), of every CPU online. x86_64: nothing; AArch64:
 * dsb ishst, isb; RISC-V: sfence.vma and a remote fence. size in bytes.
 */
void mmu_publish(uintptr_t address, size_t size);

/*
 * The same for this CPU alone. On a machine that may cache invalid entries another CPU may fault on
 * the new mapping; mm/space.h resolves that. For addresses of the lower half.
 */
void mmu_publish_local(uintptr_t address, size_t size);

/* What is no longer to be translated as it was. */
struct tlb_request {
	uintptr_t address; /* of a page */
	size_t size;       /* bytes; TLB_EVERYTHING: all addresses of the id */
	uint64_t id;       /* of the address space; TLB_GLOBAL: kernel addresses, under every id */
	unsigned level;    /* of the smallest page that was there: the step */
	bool tables; /* table pages were unhooked, too: drop what is cached on the way to leaves */
};

#define TLB_EVERYTHING SIZE_MAX
/* No id of an address space. With TLB_EVERYTHING: all translations, global ones too. */
#define TLB_GLOBAL UINT64_MAX
/* No id either: with TLB_EVERYTHING, all that is not global, under every id. */
#define TLB_EVERY_ID (UINT64_MAX - 1)

/* From so many pages on dropping everything of the id costs less than page by page. */
extern const unsigned tlb_range_pages_max;

/*
 * After entries were cleared or lost rights: drops this CPU's translations of the request; complete
 * on return.
 */
void tlb_invalidate_local(const struct tlb_request *request);

/*
 * The same on (at least) each CPU of a set, by the machine's own means, complete on return, and
 * whatever those CPUs do: AArch64 broadcasts to all, RISC-V asks the SBI. The calling CPU is served
 * if it is in the set. False where the machine has none (x86_64). mm/tlb.c uses it where
 * mmu_broadcasts(), and interrupts the others elsewhere.
 */
bool tlb_invalidate_on(uint64_t cpus, const struct tlb_request *request);

/* Whether tlb_invalidate_on() reaches every CPU at the same price. */
bool mmu_broadcasts(void);

/*
 * After instructions were written to [address, address + size): makes them what every CPU fetches.
 * A CPU that may have fetched the old ones already must also take an exception or an interrupt
 * before it runs them, which every IPI does: so write, call this, then tell the others by
 * on_each_cpu().
 */
void icache_synchronise(uintptr_t address, size_t size);

/*
 * The machine's words for the bits of an entry at a level, for `pt`. Writes one NUL-terminated line
 * into text.
 */
void pte_describe(uint64_t entry, unsigned level, char *text, size_t size);

#endif
