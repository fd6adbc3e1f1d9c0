/*
 * Who holds which lock: the checking build's bookkeeping and its messages.
 *
 * This CPU's list needs no lock, but it may be interrupted anywhere. Hence the order in which an
 * entry and the count are written: an entry beyond the count is empty, and one within it is either
 * a lock that is held or empty. barrier() keeps the compiler to that order; no other CPU looks.
 */
#include <arch/barrier.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/symbols.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/lock_label.h>
#include <sync/spin/percpu.h>

#ifdef CONFIG_CHECK

#define SITE_MAX 64

struct held_lock {
	const struct lock_label *label;
	uintptr_t site;
};

struct held_locks {
	unsigned count;
	struct held_lock locks[LOCKS_HELD_MAX];
};

static DEFINE_PER_CPU(struct held_locks, held_locks);

#define CALL_SITE ((uintptr_t)__builtin_return_address(0))

/* This CPU's entry of a lock, the newest first; NULL when it does not hold it. */
static struct held_lock *find_held(const struct lock_label *label)
{
	struct held_locks *held = &this_cpu(held_locks);

	for (unsigned i = held->count; i > 0; i--)
		if (held->locks[i - 1].label == label)
			return &held->locks[i - 1];
	return NULL;
}

static void push_held(const struct lock_label *label, uintptr_t site)
{
	struct held_locks *held = &this_cpu(held_locks);
	unsigned index = held->count;

	if (index == LOCKS_HELD_MAX)
		panic("CPU %u holds %u locks and takes %s too", cpu_current(), index, label->name);
	held->count = index + 1;
	barrier();
	held->locks[index].site = site;
	held->locks[index].label = label;
}

static void remove_held(struct held_lock *entry)
{
	struct held_locks *held = &this_cpu(held_locks);
	struct held_lock *last = &held->locks[held->count - 1];

	*entry = *last;
	barrier();
	last->label = NULL;
	barrier();
	held->count--;
}

void lock_label_describe_holder(const struct lock_label *label, char *text, unsigned size)
{
	/* Relaxed: a message about a moment; holder and site may be of two. */
	uint32_t holder = atomic_load_relaxed(&label->holder);
	char site[SITE_MAX];

	if (holder == 0) {
		format_text(text, size, "nobody holds it exclusively");
		return;
	}
	symbol_describe(site, sizeof(site), (uintptr_t)atomic_load_relaxed(&label->site));
	format_text(text, size, "CPU %u holds it, taken in %s", holder - 1, site);
}

void lock_label_check_free(const struct lock_label *label, const char *kind)
{
	const struct held_lock *held = find_held(label);
	char before[SITE_MAX];
	char now[SITE_MAX];

	if (__builtin_expect(!held, 1))
		return;
	symbol_describe(before, sizeof(before), held->site);
	symbol_describe(now, sizeof(now), CALL_SITE);
	panic("%s %s: CPU %u takes it twice: in %s, and now in %s", kind, label->name,
	      cpu_current(), before, now);
}

void lock_label_note_taken(struct lock_label *label)
{
	push_held(label, CALL_SITE);
	/* Relaxed, both: for messages of other CPUs. */
	atomic_store_relaxed(&label->site, (uint64_t)CALL_SITE);
	atomic_store_relaxed(&label->holder, cpu_current() + 1);
}

void lock_label_note_shared(const struct lock_label *label)
{
	push_held(label, CALL_SITE);
}

static _Noreturn void panic_not_held(const struct lock_label *label, const char *kind,
				     uintptr_t site)
{
	char holder[SITE_MAX + 40];
	char where[SITE_MAX];

	symbol_describe(where, sizeof(where), site);
	lock_label_describe_holder(label, holder, sizeof(holder));
	panic("%s %s: CPU %u unlocks it in %s without holding it; %s", kind, label->name,
	      cpu_current(), where, holder);
}

void lock_label_note_release(struct lock_label *label, const char *kind)
{
	struct held_lock *held = find_held(label);

	/* A reader that releases as a writer is in the list, but does not hold it alone. */
	if (!held || atomic_load_relaxed(&label->holder) != cpu_current() + 1)
		panic_not_held(label, kind, CALL_SITE);
	atomic_store_relaxed(&label->holder, 0);
	remove_held(held);
}

void lock_label_note_release_shared(const struct lock_label *label, const char *kind)
{
	struct held_lock *held = find_held(label);

	if (!held || atomic_load_relaxed(&label->holder) == cpu_current() + 1)
		panic_not_held(label, kind, CALL_SITE);
	remove_held(held);
}

bool lock_label_held_here(const struct lock_label *label)
{
	return find_held(label) != NULL;
}

unsigned spinlocks_held(void)
{
	return this_cpu(held_locks).count;
}

void spinlocks_check_held(unsigned expected, const char *when)
{
	struct held_locks *held = &this_cpu(held_locks);
	char site[SITE_MAX];

	if (__builtin_expect(held->count == expected, 1))
		return;
	if (held->count < expected)
		panic("CPU %u %s with %u locks held, not the %u of before", cpu_current(), when,
		      held->count, expected);
	symbol_describe(site, sizeof(site), held->locks[held->count - 1].site);
	panic("CPU %u %s with lock %s held, taken in %s", cpu_current(), when,
	      held->locks[held->count - 1].label->name, site);
}

#endif
