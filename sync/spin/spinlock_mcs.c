/*
 * The MCS lock; sync/spin/spinlock_mcs.h has the algorithm.
 *
 * A node is taken from and given back to its CPU's own set with plain operations. An interrupt in
 * between finds and leaves the set as it was, because its handler releases all it takes; barrier()
 * makes sure that a node is marked as taken before it is used.
 */
#include <arch/barrier.h>
#include <lib/panic.h>
#include <sync/spin/percpu.h>
#include <sync/spin/spinlock_mcs.h>

struct mcs_node {
	struct mcs_node *next; /* atomic: the node behind; NULL: none yet */
	uint32_t granted;      /* atomic: the lock is this node's */
} __attribute__((aligned(64)));

static DEFINE_PER_CPU(struct mcs_node, mcs_nodes)[LOCKS_HELD_MAX];
static DEFINE_PER_CPU(uint32_t, mcs_nodes_taken); /* bit n: node n */

static struct mcs_node *take_node(void)
{
	uint32_t taken = this_cpu(mcs_nodes_taken);
	uint32_t index = 0;
	struct mcs_node *node;

	while (taken >> index & 1)
		index++;
	BUG_ON(index >= LOCKS_HELD_MAX);
	this_cpu(mcs_nodes_taken) = taken | 1U << index;
	barrier();
	node = &this_cpu(mcs_nodes)[index];
	atomic_store_relaxed(&node->next, NULL);
	atomic_store_relaxed(&node->granted, 0);
	return node;
}

static void give_back_node(struct mcs_node *node)
{
	barrier();
	this_cpu(mcs_nodes_taken) &= ~(1U << (node - this_cpu(mcs_nodes)));
}

bool spinlock_mcs_try_lock(struct spinlock_mcs *lock)
{
	struct mcs_node *node = take_node();
	struct mcs_node *tail = NULL;

	/*
	 * Acquire, pairs with spinlock_mcs_unlock in sync/spin/spinlock_mcs.c: the sections before
	 * ours. Release, pairs with spinlock_mcs_wait in sync/spin/spinlock_mcs.c: who finds our
	 * node finds it empty.
	 */
	if (!atomic_compare_exchange_acq_rel(&lock->tail, &tail, node)) {
		give_back_node(node);
		return false;
	}
	atomic_store_relaxed(&lock->holder, node);
	return true;
}

void spinlock_mcs_wait(struct spinlock_mcs *lock, struct spin_wait *wait)
{
	struct mcs_node *node = take_node();
	/*
	 * Release and acquire, pairs with spinlock_mcs_wait in sync/spin/spinlock_mcs.c: a node was
	 * made empty before the next links to it. Acquire, pairs with spinlock_mcs_unlock in
	 * sync/spin/spinlock_mcs.c, for a lock just freed.
	 */
	struct mcs_node *before = atomic_exchange_acq_rel(&lock->tail, node);

	if (before) {
		/*
		 * Release, pairs with spinlock_mcs_unlock in sync/spin/spinlock_mcs.c: our node is
		 * empty before it is found.
		 */
		atomic_store_release(&before->next, node);
		/*
		 * Acquire, pairs with spinlock_mcs_unlock in sync/spin/spinlock_mcs.c: the sections
		 * before ours.
		 */
		while (!atomic_load_acquire(&node->granted))
			spin_wait_turn(wait);
	}
	atomic_store_relaxed(&lock->holder, node);
}

/* Hands the lock to the node behind, which has queued but may not have linked itself yet. */
static void hand_over(struct mcs_node *node)
{
	static const struct lock_label link_label = LOCK_LABEL("link to the next waiter");
	struct spin_wait wait = SPIN_WAIT("MCS lock's", &link_label);
	struct mcs_node *next;

	/*
	 * Acquire, pairs with spinlock_mcs_wait in sync/spin/spinlock_mcs.c: the node is empty
	 * before we grant it.
	 */
	while (!(next = atomic_load_acquire(&node->next)))
		spin_wait_turn(&wait);
	/*
	 * Release, pairs with spinlock_mcs_wait in sync/spin/spinlock_mcs.c: our section before the
	 * next.
	 */
	atomic_store_release(&next->granted, 1);
}

void spinlock_mcs_unlock(struct spinlock_mcs *lock)
{
	struct mcs_node *node = atomic_load_relaxed(&lock->holder);
	struct mcs_node *tail = node;

	/*
	 * Release, pairs with spinlock_mcs_try_lock in sync/spin/spinlock_mcs.c: our section before
	 * the free lock.
	 */
	if (!atomic_compare_exchange_release(&lock->tail, &tail, NULL))
		hand_over(node);
	give_back_node(node);
}
