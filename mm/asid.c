/*
 * Why a CPU never runs under an id that a rollover has given to another space.
 *
 * active[cpu] is what the CPU runs. A rollover, under the lock, exchanges each with 0 and reserves
 * what it found: those ids go to nobody else in the new generation. A CPU that loads a space
 * without the lock replaces a value of active[cpu] that is not 0 by the new number, by one
 * compare-exchange. Either that comes before the rollover's exchange, which then finds and reserves
 * the new number; or it comes after, finds 0 and fails, and the CPU takes the lock. The order of
 * changes of one word decides, so both are relaxed.
 *
 * Ids that are handed out again in a generation may be cached from the last one: so each CPU drops
 * everything when it first comes for an id in the new one (flush_pending).
 */
#include <arch/barrier.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/asid.h>
#include <sync/spin/atomic.h>

static uint64_t id_mask(const struct asid_allocator *allocator)
{
	return (1UL << allocator->bits) - 1;
}

void asid_init(struct asid_allocator *allocator, unsigned bits)
{
	BUG_ON(bits == 0 || bits > ASID_BITS_MAX);
	memset(allocator, 0, sizeof(*allocator));
	allocator->bits = bits;
	allocator->generation = 1UL << bits;
	allocator->lock = (struct spinlock)SPINLOCK_INITIALISER("asid");
	allocator->next = 1;
	bit_set(allocator->used, 0);
}

static bool is_of_this_generation(const struct asid_allocator *allocator, uint64_t number)
{
	/* Relaxed: see the head of this file. */
	return ((number ^ atomic_load_relaxed(&allocator->generation)) & ~id_mask(allocator)) == 0;
}

/* From here on the lock is held. */
static void roll_over(struct asid_allocator *allocator)
{
	memset(allocator->used, 0, sizeof(allocator->used));
	bit_set(allocator->used, 0);
	atomic_store_relaxed(&allocator->generation,
			     allocator->generation + (1UL << allocator->bits));
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		uint64_t number = atomic_exchange_relaxed(&allocator->active[cpu], (uint64_t)0);

		/* A CPU that has loaded nothing since the last one still runs what it did then. */
		if (number)
			allocator->reserved[cpu] = number;
		bit_set(allocator->used, allocator->reserved[cpu] & id_mask(allocator));
		if (allocator->rolled_over && allocator->reserved[cpu])
			allocator->rolled_over(cpu, allocator->reserved[cpu] & id_mask(allocator));
	}
	allocator->flush_pending = UINT64_MAX;
	allocator->next = 1;
	allocator->rollovers++;
}

/* Whether some CPU has run it since before the rollover; if so, it becomes the new number there. */
static bool keep_reserved(struct asid_allocator *allocator, uint64_t number, uint64_t new_number)
{
	bool found = false;

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		if (allocator->reserved[cpu] == number) {
			allocator->reserved[cpu] = new_number;
			found = true;
		}
	return found;
}

static uint64_t take_free(struct asid_allocator *allocator)
{
	size_t count = (size_t)1 << allocator->bits;
	size_t id = bit_find_next_clear(allocator->used, count, allocator->next);

	if (id == count) {
		roll_over(allocator);
		id = bit_find_next_clear(allocator->used, count, 1);
		BUG_ON(id == count);
	}
	bit_set(allocator->used, id);
	allocator->next = id + 1;
	return allocator->generation | id;
}

static uint64_t new_number(struct asid_allocator *allocator, uint64_t old)
{
	uint64_t id = old & id_mask(allocator);
	uint64_t same = allocator->generation | id;

	if (old == 0)
		return take_free(allocator);
	if (keep_reserved(allocator, old, same))
		return same;
	if (!bit_is_set(allocator->used, id)) {
		bit_set(allocator->used, id);
		return same;
	}
	return take_free(allocator);
}

static uint64_t use_slowly(struct asid_allocator *allocator, unsigned cpu, uint64_t *number,
			   bool *drop)
{
	uint64_t value;

	spinlock_lock(&allocator->lock);
	value = atomic_load_relaxed(number);
	if (!is_of_this_generation(allocator, value)) {
		value = new_number(allocator, value);
		atomic_store_relaxed(number, value);
		/*
		 * The number before this CPU's walks, which come after its mmu_load_root(). Pairs
		 * with tlb_invalidate in mm/tlb.c: its stores to the tables before it reads the
		 * number. Either it reads this one, or the walks see its stores.
		 */
		smp_mb();
	}
	*drop = allocator->flush_pending >> cpu & 1;
	allocator->flush_pending &= ~(1UL << cpu);
	atomic_store_relaxed(&allocator->active[cpu], value);
	spinlock_unlock(&allocator->lock);
	return value;
}

uint64_t asid_use(struct asid_allocator *allocator, unsigned cpu, uint64_t *number, bool *drop)
{
	uint64_t value = atomic_load_relaxed(number);
	uint64_t active = atomic_load_relaxed(&allocator->active[cpu]);

	*drop = false;
	/* Relaxed: see the head of this file. */
	if (!active || !is_of_this_generation(allocator, value) ||
	    !atomic_compare_exchange_relaxed(&allocator->active[cpu], &active, value))
		value = use_slowly(allocator, cpu, number, drop);
	return value & id_mask(allocator);
}

uint64_t asid_of(const struct asid_allocator *allocator, const uint64_t *number)
{
	return atomic_load_relaxed(number) & id_mask(allocator);
}
