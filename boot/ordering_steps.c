/*
 * The steps: each is a few instructions, and which ones is the whole point. All accesses to the two
 * locations are atomic and, where the name says no more, relaxed.
 *
 * What a fence leaves unordered is part of the experiment: half of the store-buffering steps have
 * one that is too weak.
 */
#include <boot/ordering_steps.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spinlock.h>

void ordering_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
}

/* ---- Store, then load: only a full fence keeps the load behind ---- */

void ordering_store_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_smp_rmb_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/* Loads before loads: of no use to a store. Pairs with itself. */
	smp_rmb();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_smp_wmb_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/* Stores before stores: of no use to a load. Pairs with itself. */
	smp_wmb();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_fence_acquire_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/* Earlier loads before all: of no use to a store. Pairs with itself. */
	smp_fence_acquire();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_fence_release_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * All before later stores: of no use to a load, but on AArch64 the fence happens to be
	 * a full one. Pairs with itself.
	 */
	smp_fence_release();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_fence_acq_rel_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * All but stores before later loads, and on AArch64 those as well. Pairs with itself
	 * and ordering_store_fence_acq_rel_store in boot/ordering_steps.c.
	 */
	smp_fence_acq_rel();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_fence_seq_cst_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/* The store before the load. Pairs with itself. */
	smp_fence_seq_cst();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_smp_mb_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The store before the load. Pairs with itself and ordering_store_smp_mb_store in
	 * boot/ordering_steps.c.
	 */
	smp_mb();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_mb_load(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * A device's full barrier, which is one among CPUs, too: the store before the load.
	 * Pairs with itself.
	 */
	mb();
	step->reads[0] = atomic_load_relaxed(step->second);
}

void ordering_store_release_load_acquire(struct ordering_step *step)
{
	/*
	 * Release and acquire: nothing earlier behind the store, nothing later before the
	 * load, and the two themselves in no order, but on AArch64. Pairs with itself.
	 */
	atomic_store_release(step->first, step->value);
	/* Pairs with itself. */
	step->reads[0] = atomic_load_acquire(step->second);
}

void ordering_store_load_seq_cst(struct ordering_step *step)
{
	/*
	 * The store before the load: all seq_cst accesses stand in one order. Pairs with
	 * itself.
	 */
	atomic_store_seq_cst(step->first, step->value);
	/* Pairs with itself. */
	step->reads[0] = atomic_load_seq_cst(step->second);
}

void ordering_store_load_locked(struct ordering_step *step)
{
	static struct spinlock lock = SPINLOCK_INITIALISER("ordering shapes");

	/* Whoever comes second sees all that was done under the lock before. */
	spinlock_lock(&lock);
	atomic_store_relaxed(step->first, step->value);
	step->reads[0] = atomic_load_relaxed(step->second);
	spinlock_unlock(&lock);
}

/* ---- Store, then store ---- */

void ordering_store_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	atomic_store_relaxed(step->second, 1);
}

void ordering_store_smp_wmb_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The first store before the second. Pairs with itself, ordering_load_smp_rmb_load in
	 * boot/ordering_steps.c and ordering_load_fence_acquire_store in
	 * boot/ordering_steps.c.
	 */
	smp_wmb();
	atomic_store_relaxed(step->second, 1);
}

void ordering_store_fence_release_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The first store before the second. Pairs with ordering_load_fence_acquire_load in
	 * boot/ordering_steps.c.
	 */
	smp_fence_release();
	atomic_store_relaxed(step->second, 1);
}

void ordering_store_fence_acq_rel_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The first store before the second. Pairs with ordering_store_fence_acq_rel_load in
	 * boot/ordering_steps.c.
	 */
	smp_fence_acq_rel();
	atomic_store_relaxed(step->second, 1);
}

void ordering_store_smp_mb_store(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The first store before the second. Pairs with itself, ordering_store_smp_mb_load in
	 * boot/ordering_steps.c, ordering_load_smp_mb_load in boot/ordering_steps.c and
	 * ordering_load_smp_mb_store in boot/ordering_steps.c.
	 */
	smp_mb();
	atomic_store_relaxed(step->second, 1);
}

void ordering_store_store_release(struct ordering_step *step)
{
	atomic_store_relaxed(step->first, step->value);
	/*
	 * The first store before this one. Pairs with itself, ordering_load_acquire_load in
	 * boot/ordering_steps.c and ordering_load_acquire_store in boot/ordering_steps.c.
	 */
	atomic_store_release(step->second, 1);
}

/* ---- Load, then load ---- */

void ordering_load_load(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	step->reads[1] = atomic_load_relaxed(step->second);
}

void ordering_load_smp_rmb_load(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	/*
	 * The first load before the second. Pairs with itself and ordering_store_smp_wmb_store
	 * in boot/ordering_steps.c.
	 */
	smp_rmb();
	step->reads[1] = atomic_load_relaxed(step->second);
}

void ordering_load_fence_acquire_load(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	/*
	 * The first load before the second. Pairs with ordering_store_fence_release_store in
	 * boot/ordering_steps.c and ordering_load_fence_acquire_store in
	 * boot/ordering_steps.c.
	 */
	smp_fence_acquire();
	step->reads[1] = atomic_load_relaxed(step->second);
}

void ordering_load_smp_mb_load(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	/*
	 * The first load before the second. Pairs with itself, ordering_store_smp_mb_store in
	 * boot/ordering_steps.c and ordering_load_smp_mb_store in boot/ordering_steps.c.
	 */
	smp_mb();
	step->reads[1] = atomic_load_relaxed(step->second);
}

void ordering_load_acquire_load(struct ordering_step *step)
{
	/*
	 * This load before the second. Pairs with itself, ordering_store_store_release in
	 * boot/ordering_steps.c and ordering_load_acquire_store in boot/ordering_steps.c.
	 */
	step->reads[0] = atomic_load_acquire(step->first);
	step->reads[1] = atomic_load_relaxed(step->second);
}

/* ---- Load, then store ---- */

void ordering_load_store(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	atomic_store_relaxed(step->second, 1);
}

void ordering_load_fence_acquire_store(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	/*
	 * The load before the store. Pairs with itself, ordering_store_smp_wmb_store in
	 * boot/ordering_steps.c and ordering_load_fence_acquire_load in boot/ordering_steps.c.
	 */
	smp_fence_acquire();
	atomic_store_relaxed(step->second, 1);
}

void ordering_load_smp_mb_store(struct ordering_step *step)
{
	step->reads[0] = atomic_load_relaxed(step->first);
	/*
	 * The load before the store. Pairs with itself, ordering_store_smp_mb_store in
	 * boot/ordering_steps.c and ordering_load_smp_mb_load in boot/ordering_steps.c.
	 */
	smp_mb();
	atomic_store_relaxed(step->second, 1);
}

void ordering_load_acquire_store(struct ordering_step *step)
{
	/*
	 * The load before the store. Pairs with itself, ordering_store_store_release in
	 * boot/ordering_steps.c and ordering_load_acquire_load in boot/ordering_steps.c.
	 */
	step->reads[0] = atomic_load_acquire(step->first);
	atomic_store_relaxed(step->second, 1);
}
