/*
 * Waiting for the queued lock. The word stands in spinlock_queued.h.
 *
 * A newcomer looks at the word a few times and takes it whenever it is free (it steals), then
 * queues: it puts a node of its CPU behind the last one's and spins on that node until it is the
 * head. The head spins on the word, takes it when it is free, takes itself out of the queue and
 * tells the one behind that it is the head now. So the lock is never handed to a certain CPU;
 * whoever runs takes it. That is what keeps it live when virtual CPUs outnumber the host's cores:
 * with a FIFO hand-over (ticket, MCS) each release may give the lock to a CPU that the host does
 * not run, and all wait out its turn in the host's scheduler, again and again: a convoy.
 *
 * Fairness. Newcomers may pass the queue, but not for ever: a head that has looked
 * SPINLOCK_QUEUED_HEAD_LOOKS times in vain sets CLAIMED, and while that is set nobody but the head
 * takes the lock. So a head waits, in time that it runs, for its patience and at most one more
 * section: the present holder's. In the queue it is first come, first served. Hence a waiter behind
 * n others waits for n + 1 patiences, the n + 1 sections in progress when they end, and the n
 * sections of the others: nobody starves. What the host's scheduler adds is not the lock's to
 * bound; a head that claims and is then not run holds up the others for that one turn.
 *
 * Nodes. A CPU waits for one lock at a time, but may be interrupted while it waits, and the handler
 * may wait, and be interrupted by one that cannot be masked: a node per nesting level. A level
 * deeper than that (a trap within all of them) does not queue and steals like a newcomer until it
 * gets the lock. A node is in use only while its CPU waits, not while it holds the lock.
 *
 * Measured by `make bench ARCH=… SMP=8 BENCH='sync.contended_*'`, QEMU 7.2 on a host of 2 cores:
 * nanoseconds per section, of all CPUs together, on 2, 4 and 8 virtual CPUs, median of 5 runs; in
 * brackets what the worst-off of 8 got, in percent of an equal share. Only to be compared with each
 * other, and only within a column; SPINLOCK_QUEUED_HEAD_LOOKS from 32 to 2048 makes no difference
 * beyond the noise.
 *
 *             x86_64                    AArch64                   RISC-V
 *   queued     558   598   615 (88)       44    94   199 (49)       75   127   234 (67)
 *   mcs        559  5100  6603 (57)       98  6758 16462  (0)       86  2151  3892  (0)
 *   ticket     556  1086   571 (80)       62  2382  9978  (0)       61  3597  8410  (0)
 *   tas        535   567   550 (84)       47    82   132 (22)       47    69   109 (57)
 *
 * Of the FIFO locks single runs lie ten times apart: 0.5 to 27 us for the ticket lock on x86_64.
 *
 * Others' locks, read for comparison. Linux' paravirtual qspinlock
 * (kernel/locking/qspinlock_paravirt.h) lets a newcomer steal once, and only while the head sleeps;
 * it stands on a hypervisor that puts virtual CPUs to sleep and wakes them, which we have not. CK
 * has strictly ordered queues (Anderson, CLH, MCS, ticket) and test-and-set words (cas, dec, fas)
 * side by side, not mixed. HelenOS' lock (kernel/generic/src/synch/spinlock.c) is test-and-set.
 *
 * What a waiter with interrupts disabled does for other CPUs: see sync/spin/spinlock.h.
 */
#include <arch/barrier.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu.h>
#include <sync/spin/spinlock_queued.h>

#define FLAGS (SPINLOCK_QUEUED_LOCKED | SPINLOCK_QUEUED_CLAIMED)
#define TAIL_SHIFT 8
#define LEVEL_BITS 2
/* Task, interrupt, unmaskable interrupt, and an exception in one of them. */
#define LEVELS (1U << LEVEL_BITS)

struct queue_node {
	uint32_t next;    /* atomic: the tail code of the node behind, 0: none yet */
	uint32_t is_head; /* atomic: written by the node in front */
} __attribute__((aligned(64)));

static DEFINE_PER_CPU(struct queue_node, queue_nodes)[LEVELS];
static DEFINE_PER_CPU(uint32_t, waits); /* of this CPU, one in the other: the level of the next */

/* A node as bits of the word. */
static uint32_t tail_code(unsigned cpu, uint32_t level)
{
	return ((cpu + 1) << LEVEL_BITS | level) << TAIL_SHIFT;
}

static struct queue_node *node_of(uint32_t code)
{
	return &per_cpu(queue_nodes,
			(code >> (TAIL_SHIFT + LEVEL_BITS)) - 1)[code >> TAIL_SHIFT & (LEVELS - 1)];
}

/* Takes the word when it is free, others waiting or not. */
static bool try_steal(struct spinlock_queued *lock)
{
	uint32_t word = atomic_load_relaxed(&lock->word);

	if (word & FLAGS)
		return false;
	/*
	 * Acquire, pairs with spinlock_queued_unlock in sync/spin/spinlock_queued.h: the sections
	 * before ours.
	 */
	return atomic_compare_exchange_acquire(&lock->word, &word, word | SPINLOCK_QUEUED_LOCKED);
}

/* Makes the node the last in the queue; returns the code of the one before it, or 0. */
static uint32_t join_queue(struct spinlock_queued *lock, uint32_t code)
{
	uint32_t word = atomic_load_relaxed(&lock->word);

	/*
	 * Release and acquire, pairs with join_queue in sync/spin/spinlock_queued.c: a node is made
	 * empty before the next to join finds it.
	 */
	while (!atomic_compare_exchange_weak_acq_rel(&lock->word, &word, (word & FLAGS) | code))
		cpu_relax();
	return word & ~FLAGS;
}

/* As the head: takes the lock and leaves the queue; true when that leaves nobody in it. */
static bool take_as_head(struct spinlock_queued *lock, uint32_t code, struct spin_wait *wait)
{
	for (uint32_t looks = 1;; looks++) {
		uint32_t word = atomic_load_relaxed(&lock->word);
		bool is_last = (word & ~FLAGS) == code;
		uint32_t taken = SPINLOCK_QUEUED_LOCKED | (is_last ? 0 : word & ~FLAGS);

		/*
		 * Acquire, pairs with spinlock_queued_unlock in sync/spin/spinlock_queued.h: the
		 * sections before ours.
		 */
		if (!(word & SPINLOCK_QUEUED_LOCKED) &&
		    atomic_compare_exchange_acquire(&lock->word, &word, taken))
			return is_last;
		if (looks == SPINLOCK_QUEUED_HEAD_LOOKS)
			/* Relaxed: it keeps others out, and lets nobody in. */
			atomic_fetch_or_relaxed(&lock->word, SPINLOCK_QUEUED_CLAIMED);
		spin_wait_turn(wait);
	}
}

static void wait_in_queue(struct spinlock_queued *lock, uint32_t level, struct spin_wait *wait)
{
	uint32_t code = tail_code(cpu_current(), level);
	struct queue_node *node = node_of(code);
	uint32_t before;
	uint32_t next;

	atomic_store_relaxed(&node->next, 0);
	atomic_store_relaxed(&node->is_head, 0);
	before = join_queue(lock, code);
	if (before) {
		/*
		 * Release, pairs with wait_in_queue in sync/spin/spinlock_queued.c: our node is
		 * empty before it is found.
		 */
		atomic_store_release(&node_of(before)->next, code);
		/*
		 * Acquire, pairs with wait_in_queue in sync/spin/spinlock_queued.c: who was head
		 * has left the queue.
		 */
		while (!atomic_load_acquire(&node->is_head))
			spin_wait_turn(wait);
	}
	if (take_as_head(lock, code, wait))
		return;
	/*
	 * Acquire, pairs with wait_in_queue in sync/spin/spinlock_queued.c: its node is empty
	 * before we write to it.
	 */
	while (!(next = atomic_load_acquire(&node->next)))
		spin_wait_turn(wait);
	/* Release, pairs with wait_in_queue in sync/spin/spinlock_queued.c: we are out of it. */
	atomic_store_release(&node_of(next)->is_head, 1);
}

void spinlock_queued_wait(struct spinlock_queued *lock, struct spin_wait *wait)
{
	uint32_t level;

	for (unsigned look = 0; look < SPINLOCK_QUEUED_NEWCOMER_LOOKS; look++) {
		if (try_steal(lock))
			return;
		spin_wait_turn(wait);
	}
	level = this_cpu(waits);
	if (level >= LEVELS) {
		while (!try_steal(lock))
			spin_wait_turn(wait);
		return;
	}
	/*
	 * An interrupt finds the level as it leaves it; barrier(): and taken before the node is
	 * used, free only after.
	 */
	this_cpu(waits) = level + 1;
	barrier();
	wait_in_queue(lock, level, wait);
	barrier();
	this_cpu(waits) = level;
}
