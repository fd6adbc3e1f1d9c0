/*
 * Spinlocks: mutual exclusion among CPUs, for sections of a few hundred instructions that never
 * block.
 *
 *	static struct spinlock lock = SPINLOCK_INITIALISER("what it protects");
 *
 * Rules for the user
 * - The CPU that took it releases it. It is not taken twice by a CPU, whatever is interrupted by
 *   what: a lock that an interrupt handler takes is taken with interrupts disabled everywhere:
 *   spinlock_lock_irqsave().
 * - Nothing blocks, returns from an interrupt, or ends a test with a lock held. At most
 *   LOCKS_HELD_MAX at a time.
 * - No cross-CPU call (sync/spin/on_cpu.h) with a lock held that another CPU may wait for with
 *   interrupts disabled.
 * - In the checking build a breach ends in a panic that names lock, holder and call sites
 *   (sync/spin/lock_label.h). In both builds so does a wait of more than SPIN_PATIENCE_NS
 *   (sync/spin/spin_wait.h).
 *
 * Ordering: lock is an acquire, unlock a release: what was done under the lock is visible to every
 * later holder. Neither is a full barrier, and unlock followed by lock of another lock is none
 * either.
 *
 * Implementations: the build variable SPINLOCK picks one of four, all of them always compiled,
 * under their own names
 *   queued  the default; waiters queue, newcomers may pass, within a bound
 *   mcs     waiters queue, strictly in order
 *   ticket  strictly in order, one shared line
 *   tas     test and test-and-set with back-off, no order
 * in sync/spin/spinlock_<name>.h. Each defines try_lock, wait (takes it after a try has failed),
 * unlock and is_locked.
 *
 * Why a waiter with interrupts disabled serves no ordinary cross-CPU call meanwhile: the function
 * served may take a lock, and the waiter may hold that very lock, taken in good order with
 * interrupts disabled. Without the serving no interrupt could have come there, and the code is
 * right; with it, the CPU waits for itself. Hence the third rule, which keeps callers and waiters
 * from waiting for each other. Immediate calls, whose functions take no lock, may be made with
 *locks held (a TLB shoot-down is one): waiters serve those in spin_wait_turn().
 */
#ifndef SYNC_SPIN_SPINLOCK_H
#define SYNC_SPIN_SPINLOCK_H

#include <arch/cpu.h>
#include <stdbool.h>
#include <stdint.h>
#include <sync/spin/lock_label.h>
#include <sync/spin/spin_wait.h>
#include <sync/spin/spinlock_mcs.h>
#include <sync/spin/spinlock_queued.h>
#include <sync/spin/spinlock_tas.h>
#include <sync/spin/spinlock_ticket.h>

#ifndef CONFIG_SPINLOCK
#define CONFIG_SPINLOCK queued
#endif

#define SPINLOCK_JOIN_NAMES(implementation, operation) spinlock_##implementation##_##operation
#define SPINLOCK_JOIN(implementation, operation) SPINLOCK_JOIN_NAMES(implementation, operation)
#define SPINLOCK_TYPE_NAME(implementation) spinlock_##implementation
#define SPINLOCK_TYPE_OF(implementation) SPINLOCK_TYPE_NAME(implementation)

/* The chosen implementation's type, and its operations. */
#define SPINLOCK_TYPE SPINLOCK_TYPE_OF(CONFIG_SPINLOCK)
#define SPINLOCK_DO(operation) SPINLOCK_JOIN(CONFIG_SPINLOCK, operation)

struct spinlock {
	struct SPINLOCK_TYPE raw;
	struct lock_label label;
};

#define SPINLOCK_INITIALISER(name_)                                                                \
	{                                                                                          \
		.label = LOCK_LABEL(name_)                                                         \
	}

/* "queued", "mcs", "ticket" or "tas". */
const char *spinlock_implementation_name(void);

/* The second half of spinlock_lock(): waits for it and takes it. */
void spinlock_wait(struct spinlock *lock);

/*
 * Inlined in every build, so that return addresses lie in the user's function
 * (sync/spin/lock_label.h).
 */
#define SPINLOCK_INLINE static inline __attribute__((always_inline))

/* Takes it. Any context that keeps the rules above. */
SPINLOCK_INLINE void spinlock_lock(struct spinlock *lock)
{
	lock_label_check_free(&lock->label, "spinlock");
	if (__builtin_expect(!SPINLOCK_DO(try_lock)(&lock->raw), 0))
		spinlock_wait(lock);
	lock_label_note_taken(&lock->label);
	LOCK_LABEL_KEEP_SITE();
}

SPINLOCK_INLINE void spinlock_unlock(struct spinlock *lock)
{
	lock_label_note_release(&lock->label, "spinlock");
	SPINLOCK_DO(unlock)(&lock->raw);
}

/*
 * Takes it if that needs no waiting; true when it did. Acquire when it did, else no order. May fail
 * for a free lock that others wait for. A CPU that holds it may ask, and fails.
 */
SPINLOCK_INLINE bool spinlock_try_lock(struct spinlock *lock)
{
	if (!SPINLOCK_DO(try_lock)(&lock->raw))
		return false;
	lock_label_note_taken(&lock->label);
	LOCK_LABEL_KEEP_SITE();
	return true;
}

/* The same with interrupts disabled on this CPU; unlock takes what lock returned. */
SPINLOCK_INLINE unsigned long spinlock_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags = interrupts_save();

	spinlock_lock(lock);
	return flags;
}

SPINLOCK_INLINE void spinlock_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	spinlock_unlock(lock);
	interrupts_restore(flags);
}

/*
 * For assertions: whether the calling CPU holds it. The release build only knows whether anybody
 * does, so there the answer may be true for another CPU's.
 */
static inline bool spinlock_held_here(const struct spinlock *lock)
{
#ifdef CONFIG_CHECK
	return lock_label_held_here(&lock->label);
#else
	return SPINLOCK_DO(is_locked)(&lock->raw);
#endif
}

#endif
