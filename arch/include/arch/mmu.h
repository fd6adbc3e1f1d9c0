/*
 * The live translation: roots, and the barriers and invalidations that page-table writes need.
 *
 * This is the fourth species of barrier (arch/barrier.h has the others): it orders stores to page
 * tables with the hardware walker, which no CPU-to-CPU barrier does on AArch64 or RISC-V. All of
 * them: any context.
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
 * translation.
 */
void mmu_load_kernel_root(uint64_t root);

/*
 * After entries went from invalid to valid: makes them visible to the walker of this CPU and, where
 * the machine may cache invalid entries (RISC-V), of every CPU online. x86_64: nothing; AArch64:
 * dsb ishst, isb; RISC-V: sfence.vma and a remote fence. size in bytes.
 */
void mmu_publish(uintptr_t address, size_t size);

/*
 * After entries were cleared or lost rights: drops this CPU's translations of the range; complete
 * on return.
 */
void tlb_invalidate_local(uintptr_t address, size_t size);

/*
 * The same on every CPU, by the machine's own means, complete on return: AArch64 broadcasts, RISC-V
 * asks the SBI. False where the machine has none (x86_64): mm/tlb.c then interrupts the others.
 */
bool tlb_invalidate_broadcast(uintptr_t address, size_t size);

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
