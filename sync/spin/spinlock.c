/*
 * Spinlocks by test and test-and-set; sync/spin/spinlock.h has the rules.
 */
#include <arch/cpu.h>
#include <dev/clock.h>
#include <lib/panic.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/spinlock.h>

/* Reads between two looks at the clock. */
#define SPINS_PER_LOOK (1 << 16)

bool spinlock_try_lock(struct spinlock *lock)
{
	/*
	 * Acquire: the section's accesses stay behind it. Pairs with the release in
	 * spinlock_unlock.
	 */
	if (atomic_exchange_acquire(&lock->locked, 1) != 0)
		return false;
	atomic_store_relaxed(&lock->holder, cpu_current() + 1);
	return true;
}

static void spinlock_check_patience(const struct spinlock *lock, uint64_t since)
{
	if (clock_ns() - since > SPINLOCK_PATIENCE_NS)
		panic("spinlock %s: CPU %u waits for more than %llu s; held by CPU %d", lock->name,
		      cpu_current(), (unsigned long long)(SPINLOCK_PATIENCE_NS / 1000000000UL),
		      (int)atomic_load_relaxed(&lock->holder) - 1);
}

void spinlock_lock(struct spinlock *lock)
{
	if (__builtin_expect(spinlock_try_lock(lock), 1))
		return;
	if (spinlock_held_here(lock))
		panic("spinlock %s: CPU %u takes it twice", lock->name, cpu_current());

	uint64_t since = clock_ns();

	for (unsigned spins = 1;; spins++) {
		/* Relaxed: only try_lock's exchange decides, and it acquires. */
		if (atomic_load_relaxed(&lock->locked) == 0 && spinlock_try_lock(lock))
			return;
		if (spins % SPINS_PER_LOOK == 0)
			spinlock_check_patience(lock, since);
		cpu_relax();
	}
}

void spinlock_unlock(struct spinlock *lock)
{
	ASSERT(spinlock_held_here(lock));
	atomic_store_relaxed(&lock->holder, 0);
	/*
	 * Release: the section's accesses stay before it. Pairs with the acquire in
	 * spinlock_try_lock.
	 */
	atomic_store_release(&lock->locked, 0);
}

unsigned long spinlock_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags = interrupts_save();

	spinlock_lock(lock);
	return flags;
}

void spinlock_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	spinlock_unlock(lock);
	interrupts_restore(flags);
}

bool spinlock_held_here(const struct spinlock *lock)
{
	return atomic_load_relaxed(&lock->holder) == cpu_current() + 1;
}
