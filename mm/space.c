/*
 * Spaces: loading them, and changing them under their lock. What a change has to reach is
 * mm/tlb.c's.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/asid.h>
#include <mm/frame.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

static struct asid_allocator asids;
/* Constant after space_init(). */
static unsigned id_bits;      /* 0: spaces have none */
static bool drops_after_load; /* the machine has ids, we use none: it does not drop by itself */

static DEFINE_PER_CPU(uint64_t, loaded_space); /* atomic: a struct space *, for others to read */
static DEFINE_PER_CPU(uint32_t, space_use);    /* atomic: enum space_use */

void space_init(unsigned asid_bits, unsigned cpus)
{
	id_bits = min(min(mmu_id_bits(), asid_bits), (unsigned)ASID_BITS_MAX);
	/* 0 is no id, and each CPU may keep one over a rollover. */
	while (id_bits != 0 && (1U << id_bits) < cpus + 2)
		id_bits++;
	if (id_bits > mmu_id_bits())
		id_bits = 0;
	if (id_bits) {
		asid_init(&asids, id_bits);
		asids.rolled_over = tlb_shadow_rolled_over;
	}
	drops_after_load = !id_bits && mmu_id_bits();
}

uint64_t space_rollovers(void)
{
	return id_bits ? atomic_load_relaxed(&asids.rollovers) : 0;
}

unsigned space_id_bits(void)
{
	return id_bits;
}

uint64_t space_hardware_id(const struct space *space)
{
	return id_bits ? asid_of(&asids, &space->id) : 0;
}

struct space *space_loaded(void)
{
	return (struct space *)(uintptr_t)atomic_load_relaxed(&this_cpu(loaded_space));
}

const char *space_name_on(unsigned cpu)
{
	/* Read once: it may be gone the next moment, and names last as long as spaces. */
	const struct space *space = (struct space *)(uintptr_t)atomic_load_relaxed(
		&per_cpu(loaded_space, cpu));

	return space ? space->name : "none";
}

static uint64_t allocate_table(void)
{
	struct frame *frame = frame_alloc_zeroed(FRAME_TAG_TABLE);

	return frame ? frame_to_phys(frame) : 0;
}

/* The upper half of the root: what the kernel's has, which does not change any more. */
static void copy_kernel_entries(uint64_t root)
{
	size_t half = PAGE_TABLE_ENTRIES / 2;
	uint64_t *to = phys_to_virt(root);
	const uint64_t *from = phys_to_virt(kernel_space()->table.root);

	memcpy(to + half, from + half, half * sizeof(*to));
}

int space_create(struct space *space, const char *name)
{
	*space = (struct space){ .table = { .allocate = allocate_table, .uses_frames = true },
				 .lock = SPINLOCK_INITIALISER("space"),
				 .name = name };
	space->table.root = allocate_table();
	if (!space->table.root)
		return -ENOMEM;
	if (PTE_ROOT_HOLDS_KERNEL)
		copy_kernel_entries(space->table.root);
	return 0;
}

/* ---- Loading ---- */

/* Drops what this CPU has cached: of the id, or of every id. */
static void drop_here(uint64_t id)
{
	struct tlb_request request = { .size = TLB_EVERYTHING, .id = id };

	/* Before walks under the id: pairs with tlb_invalidate in mm/tlb.c, which left this to us.
	 */
	tlb_invalidate_local(&request);
	tlb_shadow_invalidated(cpu_current(), &request);
}

/* The space is in `loaded` for this CPU. Interrupts disabled. */
static void load(struct space *space)
{
	unsigned cpu = cpu_current();
	uint64_t bit = (uint64_t)1 << cpu;
	bool drop = false;
	bool was_current;
	uint64_t id = id_bits ? asid_use(&asids, cpu, &space->id, &drop) : 0;

	/*
	 * Full barrier, pairs with leave_alone in mm/tlb.c: `loaded` before `current` here, the
	 * other way there.
	 */
	was_current = atomic_fetch_or_seq_cst(&space->current, bit) & bit;
	if (drop)
		drop_here(TLB_EVERY_ID);
	else if (!was_current && id_bits)
		drop_here(id);
	tlb_shadow_load(cpu, &space->table, id);
	mmu_load_root(space->table.root, id);
	if (drops_after_load)
		drop_here(0);
	atomic_store_relaxed(&this_cpu(space_use), SPACE_USED);
	atomic_store_relaxed(&this_cpu(loaded_space), (uint64_t)(uintptr_t)space);
}

/* Another root is loaded, or none. */
static void leave(struct space *space)
{
	uint64_t bit = (uint64_t)1 << cpu_current();

	/* Without ids nothing of it is cached here any more. */
	if (!id_bits)
		atomic_fetch_and_relaxed(&space->current, ~bit);
	/* Release, pairs with space_destroy in mm/space.c: this CPU's walker is through with it. */
	atomic_fetch_and_release(&space->loaded, ~bit);
}

static void unload(void)
{
	struct space *space = space_loaded();

	tlb_shadow_load(cpu_current(), NULL, 0);
	mmu_unload_root();
	if (drops_after_load)
		drop_here(0);
	atomic_store_relaxed(&this_cpu(loaded_space), (uint64_t)0);
	leave(space);
}

/* Uses again what this CPU lent; reloads it when it had to be left alone meanwhile. */
static void use_again(struct space *space)
{
	uint32_t lent = SPACE_LENT;

	/*
	 * Acquire, pairs with space_mark_stale in mm/space.c: whoever made it STALE has changed the
	 * tables before.
	 */
	if (atomic_load_relaxed(&this_cpu(space_use)) == SPACE_USED ||
	    atomic_compare_exchange_acquire(&this_cpu(space_use), &lent, (uint32_t)SPACE_USED))
		return;
	atomic_fetch_and_relaxed(&space->current, ~((uint64_t)1 << cpu_current()));
	load(space);
}

void space_switch(struct space *space)
{
	unsigned long irq = interrupts_save();
	struct space *old = space_loaded();

	if (space == old) {
		if (space)
			use_again(space);
	} else if (!space) {
		unload();
	} else {
		/* Full barrier, pairs with reached in mm/tlb.c: see load(). */
		atomic_fetch_or_seq_cst(&space->loaded, (uint64_t)1 << cpu_current());
		load(space);
		if (old)
			leave(old);
	}
	interrupts_restore(irq);
}

void space_lend(void)
{
	unsigned long irq = interrupts_save();

	if (space_loaded() && atomic_load_relaxed(&this_cpu(space_use)) == SPACE_USED)
		/*
		 * Release, pairs with space_mark_stale in mm/space.c: this CPU's uses of lower
		 * addresses come before others may leave it alone.
		 */
		atomic_store_release(&this_cpu(space_use), (uint32_t)SPACE_LENT);
	interrupts_restore(irq);
}

bool space_lends(unsigned cpu)
{
	return atomic_load_relaxed(&per_cpu(space_use, cpu)) != SPACE_USED;
}

bool space_mark_stale(unsigned cpu)
{
	uint32_t lent = SPACE_LENT;

	/*
	 * Acquire and release, pairs with space_lend in mm/space.c and use_again there: the
	 * caller's stores to the tables are seen by who uses the space again.
	 */
	return atomic_compare_exchange_acq_rel(&per_cpu(space_use, cpu), &lent,
					       (uint32_t)SPACE_STALE) ||
	       lent == SPACE_STALE;
}

/* ---- The end of a space ---- */

static void let_go(void *argument)
{
	if (space_loaded() == argument && atomic_load_relaxed(&this_cpu(space_use)) != SPACE_USED)
		unload();
}

void space_destroy(struct space *space)
{
	uintptr_t half = (uintptr_t)1 << (PAGE_LEVEL_SHIFT(pte_levels()) - 1);
	/* Acquire, pairs with leave in mm/space.c. */
	uint64_t loaded = atomic_load_acquire(&space->loaded);

	if (loaded) {
		on_cpus_immediate(loaded, let_go, space);
		/* Acquire, pairs with leave in mm/space.c. */
		loaded = atomic_load_acquire(&space->loaded);
	}
	if (loaded)
		panic("space %s: destroyed while CPUs 0x%llx have it loaded", space->name,
		      (unsigned long long)loaded);
	BUG_ON(space_unmap(space, 0, half, false) != 0);
	tlb_shadow_destroyed(&space->table);
	frame_free(frame_of(space->table.root));
}

/* ---- Changing ---- */

int space_map(struct space *space, uintptr_t address, uint64_t physical, size_t size,
	      unsigned flags)
{
	unsigned long irq = spinlock_lock_irqsave(&space->lock);
	size_t mapped;
	int error = page_table_map(&space->table, address, physical, size, flags, &mapped);

	/* The new entries before walks: pairs with entry_write in mm/page_table_walk.h. */
	mmu_publish_local(address, size);
	if (error && mapped) {
		struct tlb_gather gather;

		tlb_gather_begin(&gather, space, false);
		/* No page is split: what was mapped ends here. */
		BUG_ON(page_table_unmap(&space->table, address, mapped, &gather) != 0);
		tlb_gather_end(&gather);
	}
	spinlock_unlock_irqrestore(&space->lock, irq);
	return error;
}

int space_unmap(struct space *space, uintptr_t address, size_t size, bool put_frames)
{
	unsigned long irq = spinlock_lock_irqsave(&space->lock);
	struct tlb_gather gather;
	int error;

	tlb_gather_begin(&gather, space, put_frames);
	error = page_table_unmap(&space->table, address, size, &gather);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&space->lock, irq);
	return error;
}

int space_protect(struct space *space, uintptr_t address, size_t size, unsigned flags)
{
	unsigned long irq = spinlock_lock_irqsave(&space->lock);
	struct tlb_gather gather;
	int error;

	tlb_gather_begin(&gather, space, false);
	error = page_table_protect(&space->table, address, size, flags, &gather);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&space->lock, irq);
	return error;
}

int space_collapse(struct space *space, uintptr_t address, unsigned level)
{
	unsigned long irq = spinlock_lock_irqsave(&space->lock);
	struct tlb_gather gather;
	int error;

	tlb_gather_begin(&gather, space, false);
	error = page_table_collapse(&space->table, address, level, &gather);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&space->lock, irq);
	return error;
}

unsigned space_clear_use(struct space *space, uintptr_t address, size_t size, unsigned use)
{
	unsigned long irq = spinlock_lock_irqsave(&space->lock);
	struct tlb_gather gather;
	unsigned found;

	tlb_gather_begin(&gather, space, false);
	found = page_table_clear_use(&space->table, address, size, use, &gather);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&space->lock, irq);
	return found;
}
