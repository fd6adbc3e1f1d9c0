/*
 * The end of a spin that lasts too long.
 */
#include <dev/clock.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/symbols.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/spin_wait.h>

static uint64_t patience_ns = SPIN_PATIENCE_NS; /* atomic */

void spin_wait_set_patience(uint64_t patience)
{
	atomic_store_relaxed(&patience_ns, patience);
}

static void describe_holder(const struct lock_label *label, char *text, unsigned size)
{
#ifdef CONFIG_CHECK
	lock_label_describe_holder(label, text, size);
#else
	(void)label;
	format_text(text, size, "BUILD=check knows who holds it");
#endif
}

void spin_wait_look(struct spin_wait *wait)
{
	uint64_t now = clock_ns();
	char where[64];
	char holder[104];

	if (wait->since_ns == 0)
		wait->since_ns = now;
	if (now - wait->since_ns <= atomic_load_relaxed(&patience_ns))
		return;
	symbol_describe(where, sizeof(where), wait->site);
	describe_holder(wait->label, holder, sizeof(holder));
	panic("%s %s: CPU %u waits in %s for more than %llu ms; %s", wait->kind, wait->label->name,
	      cpu_current(), where,
	      (unsigned long long)(atomic_load_relaxed(&patience_ns) / NS_PER_MS), holder);
}
