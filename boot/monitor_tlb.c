/*
 * `tlb`: what invalidations cost so far, and what each CPU has loaded.
 */
#include <arch/mmu.h>
#include <boot/monitor_commands.h>
#include <dev/console.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/cpus.h>

static void print_row(const char *name, uint64_t value)
{
	console_print("%-42s %12llu\n", name, (unsigned long long)value);
}

bool monitor_tlb(const struct monitor_arguments *arguments)
{
	struct tlb_statistics statistics;

	if (arguments->count != 0)
		return false;
	tlb_statistics(&statistics);
	print_row("invalidations", statistics.requests);
	print_row("  needed on one CPU at most", statistics.local);
	print_row("  broadcast by the machine", statistics.broadcasts);
	print_row("  that dropped a whole id or everything", statistics.full);
	print_row("pages invalidated one by one", statistics.pages);
	print_row("CPUs interrupted for them", statistics.ipis);
	print_row("CPUs left to drop the id at their next load", statistics.deferred);
	print_row("faults on translations that were right", statistics.spurious);
	print_row("rollovers of the ids", statistics.rollovers);
	console_print("ids have %u of the machine's %u bits; a range of more than %u pages drops "
		      "the id\n",
		      space_id_bits(), mmu_id_bits(), tlb_range_pages_max);
#ifdef CONFIG_CHECK
	console_print("detector: %u lost translations pending, %llu forgotten\n",
		      tlb_shadow_pending(), (unsigned long long)tlb_shadow_forgotten());
#endif
	for_each_online_cpu(cpu)
		console_print("CPU %llu has loaded: %s\n", (unsigned long long)cpu,
			      space_name_on((unsigned)cpu));
	return true;
}
