/*
 * What one CPU of a litmus shape does: two accesses, first then second, and between them or with
 * them the means that keeps them in order. Named after both: store_smp_mb_load() stores, has
 * smp_mb(), loads.
 *
 * Every fence here is paired with the one that stands in the other CPU's step of the same row of
 * boot/ordering_shapes.c.
 */
#ifndef BOOT_ORDERING_STEPS_H
#define BOOT_ORDERING_STEPS_H

#include <boot/ordering.h>

/* One access alone. */
void ordering_store(struct ordering_step *step);

/* Store, then load. */
void ordering_store_load(struct ordering_step *step);
void ordering_store_smp_rmb_load(struct ordering_step *step);
void ordering_store_smp_wmb_load(struct ordering_step *step);
void ordering_store_fence_acquire_load(struct ordering_step *step);
void ordering_store_fence_release_load(struct ordering_step *step);
void ordering_store_fence_acq_rel_load(struct ordering_step *step);
void ordering_store_fence_seq_cst_load(struct ordering_step *step);
void ordering_store_smp_mb_load(struct ordering_step *step);
void ordering_store_mb_load(struct ordering_step *step);
void ordering_store_release_load_acquire(struct ordering_step *step);
void ordering_store_load_seq_cst(struct ordering_step *step);
void ordering_store_load_locked(struct ordering_step *step);

/* Store, then store. */
void ordering_store_store(struct ordering_step *step);
void ordering_store_smp_wmb_store(struct ordering_step *step);
void ordering_store_fence_release_store(struct ordering_step *step);
void ordering_store_fence_acq_rel_store(struct ordering_step *step);
void ordering_store_smp_mb_store(struct ordering_step *step);
void ordering_store_store_release(struct ordering_step *step);

/* Load, then load. */
void ordering_load_load(struct ordering_step *step);
void ordering_load_smp_rmb_load(struct ordering_step *step);
void ordering_load_fence_acquire_load(struct ordering_step *step);
void ordering_load_smp_mb_load(struct ordering_step *step);
void ordering_load_acquire_load(struct ordering_step *step);

/* Load, then store. */
void ordering_load_store(struct ordering_step *step);
void ordering_load_fence_acquire_store(struct ordering_step *step);
void ordering_load_smp_mb_store(struct ordering_step *step);
void ordering_load_acquire_store(struct ordering_step *step);

#endif
