/*
 * Faults on translations that are right, or would be if the hardware had set a bit.
 *
 * A fault can be older than the tables: a CPU that may cache invalid entries (RISC-V) has one, a
 * right was just gained, or an entry was being replaced (break-before-make). Then the access is
 * tried again. But not for ever: should the same address fault SPURIOUS_MAX times with nothing else
 * between, the hardware disagrees with us about the entry, and the fault is taken for what it is.
 */
#include <arch/mmu.h>
#include <mm/kspace.h>
#include <mm/space.h>
#include <sync/spin/percpu.h>
#include <sync/spin/percpu_counter.h>

#define SPURIOUS_MAX 64

struct spurious {
	uintptr_t address;
	unsigned count;
};

/* This CPU's last. */
static DEFINE_PER_CPU(struct spurious, spurious);
static DEFINE_PERCPU_COUNTER(spurious_faults);

uint64_t space_spurious_faults(void)
{
	return percpu_counter_sum(&spurious_faults);
}

/* Whether an entry lets the access through, whatever its accessed and dirty bits. */
static bool permits(unsigned flags, enum trap_access access, bool from_user)
{
	if (from_user != !!(flags & PAGE_USER))
		return false;
	switch (access) {
	case TRAP_ACCESS_WRITE:
		return flags & PAGE_WRITE;
	case TRAP_ACCESS_EXECUTE:
		return flags & PAGE_EXEC;
	default:
		return true;
	}
}

static bool may_try_again(uintptr_t address)
{
	struct spurious *last = &this_cpu(spurious);

	if (last->address != address)
		*last = (struct spurious){ .address = address };
	percpu_counter_add(&spurious_faults, 1);
	return ++last->count < SPURIOUS_MAX;
}

static struct space *space_of(uintptr_t address)
{
	return (intptr_t)address < 0 ? kernel_space() : space_loaded();
}

bool space_fault(uintptr_t address, enum trap_access access, bool from_user)
{
	struct space *space = space_of(address);
	bool is_write = access == TRAP_ACCESS_WRITE;
	struct page_table_path path;
	unsigned flags;

	if (!space || !space->table.root)
		return false;
	if (page_table_wait_unbroken(&space->table, address))
		return true;
	page_table_lookup(&space->table, address, &path);
	if (!path.mapped)
		return false;
	flags = pte_flags(path.entries[path.leaf_level]);
	if (!permits(flags, access, from_user) || !may_try_again(address))
		return false;
	if (!(flags & PAGE_ACCESSED) || (is_write && !(flags & PAGE_DIRTY)))
		page_table_mark_used(&space->table, address, is_write);
	/* The entry as it is now, before the access: pairs with entry_write in
	 * mm/page_table_walk.h. */
	tlb_invalidate_local(&(struct tlb_request){
		.address = address & ~(PAGE_SIZE - 1),
		.size = PAGE_SIZE,
		.id = space_is_kernel(space) ? TLB_GLOBAL : space_hardware_id(space),
		.tables = true });
	return true;
}
