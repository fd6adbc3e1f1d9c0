/*
 * The set of online CPUs, one atomic word; bits are only ever added.
 */
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu.h>

DEFINE_PER_CPU(uint32_t, current_cpu);
static uint64_t online;

unsigned cpu_current(void)
{
	return this_cpu(current_cpu);
}

void cpu_set_current(unsigned cpu)
{
	this_cpu(current_cpu) = cpu;
}

uint64_t cpus_online(void)
{
	/*
	 * Acquire, pairs with cpu_set_online in sync/spin/cpus.c: a CPU's own set-up is visible to
	 * who sees its bit.
	 */
	return atomic_load_acquire(&online);
}

bool cpu_is_online(unsigned cpu)
{
	return cpu < CPU_MAX && (cpus_online() >> cpu & 1);
}

unsigned cpus_online_count(void)
{
	return (unsigned)__builtin_popcountll(cpus_online());
}

void cpu_set_online(void)
{
	/* Release, pairs with cpus_online in sync/spin/cpus.c: this CPU's set-up before its bit. */
	atomic_fetch_or_release(&online, (uint64_t)1 << cpu_current());
}
