/*
 * The sum of a per-CPU counter.
 */
#include <sync/spin/cpus.h>
#include <sync/spin/percpu_counter.h>

uint64_t percpu_counter_sum(const struct percpu_counter *counter)
{
	uint64_t sum = 0;

	for_each_online_cpu(cpu)
		sum += atomic_load_relaxed(&per_cpu(*counter, (unsigned)cpu).share);
	return sum;
}
