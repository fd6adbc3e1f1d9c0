/*
 * What is kept: losses, translations that tables lost and some CPU may still hold; holdings, which
 * CPU may have cached something of which table under which id; and for each CPU what it has loaded.
 *
 *   lost            a loss, with the CPUs that hold anything of the table (of the kernel's: all)
 *   invalidated     takes a CPU out of the losses that the request covers, and with a whole id out
 *                   of holdings
 *   deferred        takes CPUs out of the losses of a table; they may not load it until they have
 *                   dropped the id
 *   rolled over     the same of all tables, but for the id that a CPU keeps
 *   load            a holding; without ids it also drops all that the CPU held
 *   released, mapped: checks
 */
#include <mm/tlb_shadow.h>

#ifdef CONFIG_CHECK
#include <arch/cpu.h>
#include <lib/boot_info.h>
#include <lib/panic.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>

#define HOLDINGS_MAX 512
#define FILTER_SIZE 1024
#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER)
/* Of a lock that is held for some thousand instructions. */
#define PATIENCE (1UL << 32)

struct loss {
	const struct page_table *table;
	uintptr_t first;
	uintptr_t last;
	uint64_t frames_first;
	uint64_t frames_last;
	uint64_t cpus;
	unsigned rights;
	bool is_kernel;
	bool is_table; /* what was lost led to the table, not to a page */
};

struct holding {
	const struct page_table *table; /* &no_more: of one that is destroyed */
	uint64_t id;
	uint64_t cpus;
	uint64_t deferred; /* CPUs that must drop the id before they load the table */
};

/* All under the lock. */
static uint32_t lock_word; /* atomic */
static struct loss losses[TLB_SHADOW_MAX];
static uint32_t loss_count; /* atomic, for who looks without the lock */
static struct holding holdings[HOLDINGS_MAX];
static unsigned holding_count;
static const struct page_table *loaded[CPU_MAX];
static uint64_t drops; /* of whole ids, on any CPU */
static uint64_t last_drop[CPU_MAX];
static uint64_t forgotten;
/* A load of id 0 was seen: the machine has no ids, and each load drops. */
static bool loads_drop;
static const struct page_table no_more;

/*
 * How many losses lead to frames whose number ends so; atomic. Read without the lock: whoever
 * releases a frame has seen it lost, or has it from who did.
 */
static uint32_t filter[FILTER_SIZE];

static unsigned long lock(void)
{
	unsigned long irq = interrupts_save();

	/* Acquire, pairs with unlock in mm/tlb_shadow.c. Not spin_wait_turn(): a call that is
	 * served there may come here. */
	for (uint64_t turns = 0; atomic_exchange_acquire(&lock_word, 1); turns++) {
		cpu_relax();
		BUG_ON(turns == PATIENCE);
	}
	return irq;
}

static void unlock(unsigned long irq)
{
	/* Release, pairs with lock in mm/tlb_shadow.c. */
	atomic_store_release(&lock_word, 0);
	interrupts_restore(irq);
}

static uint64_t bit(unsigned cpu)
{
	return (uint64_t)1 << cpu;
}

/* The last thing that is done: the lock goes, for panic's own sake. */
static _Noreturn void violated(unsigned long irq, const char *what, const struct loss *loss)
{
	struct loss copy = *loss;

	unlock(irq);
	panic("stale translation: %s while CPU %u may still translate 0x%lx to frame 0x%llx", what,
	      (unsigned)__builtin_ctzll(copy.cpus), (unsigned long)copy.first,
	      (unsigned long long)copy.frames_first);
}

/* ---- Losses ---- */

static void filter_add(const struct loss *loss, uint32_t change)
{
	for (uint64_t frame = loss->frames_first >> PAGE_SHIFT;
	     frame <= loss->frames_last >> PAGE_SHIFT; frame++)
		atomic_fetch_add_relaxed(&filter[frame % FILTER_SIZE], change);
}

static void set_loss_count(uint32_t count)
{
	atomic_store_relaxed(&loss_count, count);
}

static void remove_loss(uint32_t index)
{
	filter_add(&losses[index], (uint32_t)-1);
	losses[index] = losses[loss_count - 1];
	set_loss_count(loss_count - 1);
}

static void take_cpus_out(uint32_t *index, uint64_t cpus)
{
	losses[*index].cpus &= ~cpus;
	if (losses[*index].cpus == 0)
		remove_loss((*index)--);
}

/* CPUs that may hold anything of a table, and are not bound to drop it anyway. */
static uint64_t holders_of(const struct page_table *table, bool is_kernel)
{
	uint64_t cpus = 0;

	if (is_kernel)
		/* Early in boot this one is not online yet. */
		return cpus_online() | bit(cpu_current());
	for (unsigned i = 0; i < holding_count; i++)
		if (holdings[i].table == table)
			cpus |= holdings[i].cpus & ~holdings[i].deferred;
	return cpus;
}

static void add_loss(struct loss loss)
{
	unsigned long irq = lock();

	loss.cpus = holders_of(loss.table, loss.is_kernel);
	if (loss.cpus && loss_count == TLB_SHADOW_MAX) {
		forgotten++;
	} else if (loss.cpus) {
		filter_add(&loss, 1);
		losses[loss_count] = loss;
		set_loss_count(loss_count + 1);
	}
	unlock(irq);
}

void tlb_shadow_lost(const struct page_table *table, bool is_kernel, uintptr_t address,
		     unsigned level, uint64_t old)
{
	uint64_t physical = pte_address(old) & ~(PAGE_LEVEL_SIZE(level) - 1);

	add_loss((struct loss){ .table = table,
				.first = address,
				.last = address + (PAGE_LEVEL_SIZE(level) - 1),
				.frames_first = physical,
				.frames_last = physical + (PAGE_LEVEL_SIZE(level) - 1),
				.rights = pte_flags(old) & RIGHTS,
				.is_kernel = is_kernel });
}

void tlb_shadow_lost_table(const struct page_table *table, bool is_kernel, uint64_t physical,
			   uintptr_t first, uintptr_t last)
{
	add_loss((struct loss){ .table = table,
				.first = first,
				.last = last,
				.frames_first = physical,
				.frames_last = physical + PAGE_SIZE - 1,
				.is_kernel = is_kernel,
				.is_table = true });
}

/* ---- Holdings ---- */

static struct holding *holding_of(const struct page_table *table, uint64_t id)
{
	struct holding *free = NULL;

	for (unsigned i = 0; i < holding_count; i++) {
		if (holdings[i].table == table && holdings[i].id == id)
			return &holdings[i];
		if (!free && !holdings[i].cpus && !holdings[i].deferred)
			free = &holdings[i];
	}
	if (!free && holding_count < HOLDINGS_MAX)
		free = &holdings[holding_count++];
	if (!free) {
		forgotten++;
		free = &holdings[0];
	}
	*free = (struct holding){ .table = table, .id = id };
	return free;
}

/* No id: holds() takes any. */
#define NO_ID UINT64_MAX

/*
 * Whether a CPU holds something of a table under another id than this, and is not bound to drop it
 * anyway.
 */
static bool holds(unsigned cpu, const struct page_table *table, uint64_t but_id)
{
	for (unsigned i = 0; i < holding_count; i++)
		if (holdings[i].table == table && holdings[i].id != but_id &&
		    (holdings[i].cpus & ~holdings[i].deferred & bit(cpu)))
			return true;
	return false;
}

/* The CPU has dropped all it had under an id, or under every id. */
static void drop_holdings(unsigned cpu, uint64_t id, bool every_id)
{
	for (unsigned i = 0; i < holding_count; i++) {
		if (!every_id && holdings[i].id != id)
			continue;
		holdings[i].deferred &= ~bit(cpu);
		/* What it has loaded it may cache again, as the tables are now. */
		if (loaded[cpu] != holdings[i].table)
			holdings[i].cpus &= ~bit(cpu);
	}
}

/* ---- Invalidations ---- */

static bool covers_range(const struct tlb_request *request, const struct loss *loss)
{
	uintptr_t step = PAGE_LEVEL_SIZE(request->level);
	uintptr_t first = request->address & ~(step - 1);
	uintptr_t last = (request->address + request->size - 1) | (step - 1);

	if (request->size == TLB_EVERYTHING)
		return true;
	/* Of a table any address will do, of a page its own: either way a step must hit it. */
	if (loss->is_table)
		return request->tables && first <= loss->last && last >= loss->first &&
		       step - 1 <= loss->last - loss->first;
	return first <= loss->first && last >= loss->last;
}

static bool covers_id(unsigned cpu, const struct tlb_request *request, const struct loss *loss)
{
	bool everything = request->size == TLB_EVERYTHING;

	if (loss->is_kernel)
		return request->id == TLB_GLOBAL;
	if (request->id == TLB_GLOBAL || request->id == TLB_EVERY_ID)
		return everything;
	return !holds(cpu, loss->table, request->id);
}

void tlb_shadow_invalidated(unsigned cpu, const struct tlb_request *request)
{
	unsigned long irq = lock();

	for (uint32_t i = 0; i < loss_count; i++)
		if ((losses[i].cpus & bit(cpu)) && covers_range(request, &losses[i]) &&
		    covers_id(cpu, request, &losses[i]))
			take_cpus_out(&i, bit(cpu));
	if (request->size == TLB_EVERYTHING) {
		drop_holdings(cpu, request->id,
			      request->id == TLB_GLOBAL || request->id == TLB_EVERY_ID);
		last_drop[cpu] = ++drops;
	}
	unlock(irq);
}

uint64_t tlb_shadow_time(void)
{
	unsigned long irq = lock();
	uint64_t now = drops;

	unlock(irq);
	return now;
}

void tlb_shadow_deferred(const struct page_table *table, uint64_t cpus, uint64_t since)
{
	unsigned long irq = lock();
	uint64_t bound = cpus;

	for_each_cpu(cpu, cpus)
		if (last_drop[cpu] > since)
			bound &= ~bit((unsigned)cpu);
	for (uint32_t i = 0; i < loss_count; i++)
		if (losses[i].table == table && !losses[i].is_kernel)
			take_cpus_out(&i, cpus);
	for (unsigned i = 0; i < holding_count; i++)
		if (holdings[i].table == table)
			holdings[i].deferred |= bound & holdings[i].cpus;
	unlock(irq);
}

void tlb_shadow_rolled_over(unsigned cpu, uint64_t kept_id)
{
	unsigned long irq = lock();

	for (unsigned i = 0; i < holding_count; i++)
		if (holdings[i].id != kept_id)
			holdings[i].deferred |= holdings[i].cpus & bit(cpu);
	for (uint32_t i = 0; i < loss_count; i++)
		if (!losses[i].is_kernel && (losses[i].cpus & bit(cpu)) &&
		    !holds(cpu, losses[i].table, NO_ID))
			take_cpus_out(&i, bit(cpu));
	unlock(irq);
}

/* ---- Loads ---- */

/* A machine without ids drops all that is not global. */
static void drop_by_load(unsigned cpu)
{
	for (uint32_t i = 0; i < loss_count; i++)
		if (!losses[i].is_kernel && (losses[i].cpus & bit(cpu)))
			take_cpus_out(&i, bit(cpu));
	loaded[cpu] = NULL;
	drop_holdings(cpu, 0, true);
}

static void check_load(unsigned long irq, unsigned cpu, const struct page_table *table, uint64_t id)
{
	for (unsigned i = 0; i < holding_count; i++) {
		const struct holding *holding = &holdings[i];

		if (holding->table == table && (holding->deferred & bit(cpu))) {
			unlock(irq);
			panic("stale translation: CPU %u loads a space and has not dropped id "
			      "%llu, "
			      "under which it missed an invalidation",
			      cpu, (unsigned long long)holding->id);
		}
		if (holding->id == id && holding->table != table && (holding->cpus & bit(cpu))) {
			unlock(irq);
			panic("stale translation: CPU %u loads a space under id %llu, under which "
			      "it "
			      "may hold another's",
			      cpu, (unsigned long long)id);
		}
	}
}

void tlb_shadow_load(unsigned cpu, const struct page_table *table, uint64_t id)
{
	unsigned long irq = lock();

	loads_drop |= table && id == 0;
	if (loads_drop)
		drop_by_load(cpu);
	if (table) {
		check_load(irq, cpu, table, id);
		holding_of(table, id)->cpus |= bit(cpu);
	}
	loaded[cpu] = table;
	unlock(irq);
}

void tlb_shadow_destroyed(const struct page_table *table)
{
	unsigned long irq = lock();

	for (unsigned i = 0; i < holding_count; i++)
		if (holdings[i].table == table) {
			holdings[i].table = &no_more;
			holdings[i].deferred = 0;
		}
	unlock(irq);
}

/* ---- Checks ---- */

void tlb_shadow_mapped(const struct page_table *table, uintptr_t address, unsigned level,
		       uint64_t entry)
{
	uint64_t physical = pte_address(entry) & ~(PAGE_LEVEL_SIZE(level) - 1);
	uintptr_t last = address + (PAGE_LEVEL_SIZE(level) - 1);
	unsigned long irq;

	/* Relaxed: what was lost of this table was lost under its lock, which the caller has. */
	if (atomic_load_relaxed(&loss_count) == 0)
		return;
	irq = lock();
	for (uint32_t i = 0; i < loss_count; i++) {
		const struct loss *loss = &losses[i];

		if (loss->table != table || loss->is_table || address > loss->last ||
		    last < loss->first)
			continue;
		/* What agrees with it does no harm. */
		if (physical - address == loss->frames_first - loss->first &&
		    loss->rights == (pte_flags(entry) & RIGHTS))
			continue;
		violated(irq, "address mapped anew", loss);
	}
	unlock(irq);
}

void tlb_shadow_released(uint64_t physical, unsigned order)
{
	uint64_t last = physical + (PAGE_SIZE << order) - 1;
	unsigned long irq;

	/* Relaxed, both: see filter. */
	if (atomic_load_relaxed(&loss_count) == 0 ||
	    (order == 0 &&
	     atomic_load_relaxed(&filter[(physical >> PAGE_SHIFT) % FILTER_SIZE]) == 0))
		return;
	irq = lock();
	for (uint32_t i = 0; i < loss_count; i++)
		if (losses[i].frames_first <= last && losses[i].frames_last >= physical)
			violated(irq, "frame released", &losses[i]);
	unlock(irq);
}

unsigned tlb_shadow_pending(void)
{
	return atomic_load_relaxed(&loss_count);
}

uint64_t tlb_shadow_forgotten(void)
{
	unsigned long irq = lock();
	uint64_t count = forgotten;

	unlock(irq);
	return count;
}
#endif
