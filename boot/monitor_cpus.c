/*
 * `cpus` and `irqs`: what each CPU is, and what has interrupted it.
 */
#include <arch/clock.h>
#include <arch/interrupt.h>
#include <arch/smp.h>
#include <boot/machine_info.h>
#include <boot/monitor_commands.h>
#include <boot/monitor_text.h>
#include <dev/console.h>
#include <dev/interrupt.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

#define DESCRIPTION_MAX 256
/* Columns of counts that fit beside each other. */
#define CPUS_PER_BLOCK 7

static void describe_this_cpu(void *argument)
{
	cpu_describe(argument, DESCRIPTION_MAX);
}

/* Prints "CPU 0-3: text"; the number of the last CPU only when it is another one. */
static void print_description(unsigned first, unsigned last, const char *text)
{
	char label[32];
	int length = first == last ? format_text(label, sizeof(label), "CPU %u:", first)
				   : format_text(label, sizeof(label), "CPU %u-%u:", first, last);

	console_print("%s", label);
	monitor_print_wrapped((size_t)length, 12, text);
}

/* One row for each run of CPUs that describe themselves alike. */
static void print_descriptions(unsigned cpu_count)
{
	char shown[DESCRIPTION_MAX];
	char text[DESCRIPTION_MAX];
	unsigned first = 0;

	on_cpu(0, describe_this_cpu, shown);
	for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
		if (on_cpu(cpu, describe_this_cpu, text) != 0)
			strlcpy(text, "did not come up", sizeof(text));
		if (strcmp(shown, text) == 0)
			continue;
		print_description(first, cpu - 1, shown);
		strlcpy(shown, text, sizeof(shown));
		first = cpu;
	}
	print_description(first, cpu_count - 1, shown);
}

bool monitor_cpus(const struct monitor_arguments *arguments)
{
	const struct boot_info *info = machine_boot_info();

	if (arguments->count != 0)
		return false;
	console_print("cpu  hardware id  state   %12s %12s\n", "timer", "calls");
	for (unsigned cpu = 0; cpu < info->cpu_count; cpu++) {
		char hardware_id[24];

		format_text(hardware_id, sizeof(hardware_id), "0x%llx",
			    (unsigned long long)info->cpus[cpu].hardware_id);
		console_print("%3u  %11s  ", cpu, hardware_id);
		if (cpu_is_online(cpu))
			console_print(
				"online  %12llu %12llu\n",
				(unsigned long long)interrupt_event_count(INTERRUPT_TIMER, cpu),
				(unsigned long long)interrupt_event_count(INTERRUPT_IPI, cpu));
		else
			console_print("absent\n");
	}
	console_print("%u of %u online\n", cpus_online_count(), info->cpu_count);
	print_descriptions(info->cpu_count);
	if (info->cpus_ignored)
		console_print("%u more are not used: Trefoil counts to %u\n", info->cpus_ignored,
			      CPU_MAX);
	return true;
}

/* The counts of one row of `irqs`, for the CPUs of a block that are online. */
static void print_counts(unsigned first_cpu, uint64_t (*count)(unsigned which, unsigned cpu),
			 unsigned which)
{
	for_each_online_cpu(cpu)
		if (cpu >= first_cpu && cpu < first_cpu + CPUS_PER_BLOCK)
			console_print(" %9llu", (unsigned long long)count(which, (unsigned)cpu));
	console_print("\n");
}

static uint64_t event_count(unsigned which, unsigned cpu)
{
	return interrupt_event_count((enum interrupt_event)which, cpu);
}

static void print_block(unsigned first_cpu)
{
	static const char *const events[INTERRUPT_EVENTS] = {
		[INTERRUPT_TIMER] = "timer",
		[INTERRUPT_IPI] = "calls (IPI)",
		[INTERRUPT_URGENT] = "urgent",
		[INTERRUPT_SPURIOUS] = "spurious",
	};
	unsigned line;
	const char *name;
	char label[16];

	console_print("%6s  %-16s", "line", "name");
	for_each_online_cpu(cpu) {
		if (cpu < first_cpu || cpu >= first_cpu + CPUS_PER_BLOCK)
			continue;
		format_text(label, sizeof(label), "CPU %u", (unsigned)cpu);
		console_print(" %9s", label);
	}
	console_print("\n");
	for (unsigned i = 0; interrupt_describe(i, &line, &name); i++) {
		console_print("%6u  %-16s", line, name);
		print_counts(first_cpu, interrupt_line_count, i);
	}
	for (unsigned event = 0; event < INTERRUPT_EVENTS; event++) {
		console_print("%6s  %-16s", "", events[event]);
		print_counts(first_cpu, event_count, event);
	}
}

bool monitor_irqs(const struct monitor_arguments *arguments)
{
	if (arguments->count != 0)
		return false;
	console_print("%s; %s, %llu counts per second\n", interrupt_controller_name(),
		      clock_counter_name(), (unsigned long long)clock_counter_hz());
	for (unsigned first_cpu = 0; first_cpu < CPU_MAX; first_cpu += CPUS_PER_BLOCK)
		if (cpus_online() >> first_cpu & ((1U << CPUS_PER_BLOCK) - 1))
			print_block(first_cpu);
	return true;
}
