/*
 * The table of commands, how a name finds its row, and the commands that are a line or two.
 */
#include <arch/machine.h>
#include <boot/monitor_commands.h>
#include <boot/monitor_text.h>
#include <boot/test.h>
#include <dev/console.h>
#include <dev/log.h>
#include <lib/format.h>
#include <lib/string.h>

static bool monitor_help(const struct monitor_arguments *arguments)
{
	if (arguments->count > 1)
		return false;
	if (arguments->count == 0) {
		for (size_t i = 0; i < monitor_command_count; i++) {
			const struct monitor_command *command = &monitor_commands[i];

			console_print("  %-8s %-13s %s\n", command->name, command->arguments,
				      command->help);
		}
		return true;
	}

	const struct monitor_command *command = monitor_command_find(arguments->words[0]);

	if (!command) {
		monitor_print_hint(arguments->words[0]);
		return true;
	}
	monitor_print_usage(command);
	monitor_print_wrapped(0, 0, command->details);
	return true;
}

static bool monitor_test(const struct monitor_arguments *arguments)
{
	char globs[256];

	if (arguments->count > 1)
		return false;

	const char *typed = arguments->count == 0 ? "*" : arguments->words[0];
	bool whole_suite = !strchr(typed, '.') && !strchr(typed, '*') && !strchr(typed, ',');

	format_text(globs, sizeof(globs), "%s%s", typed, whole_suite ? ".*" : "");
	if (!test_run(globs))
		console_print("some tests failed\n");
	return true;
}

static bool monitor_log(const struct monitor_arguments *arguments)
{
	if (arguments->count != 0)
		return false;
	log_show();
	return true;
}

static bool monitor_reboot(const struct monitor_arguments *arguments)
{
	if (arguments->count != 0)
		return false;
	console_print("rebooting\n");
	machine_reboot();
}

static bool monitor_poweroff(const struct monitor_arguments *arguments)
{
	if (arguments->count != 0)
		return false;
	console_print("powering off\n");
	machine_poweroff();
}

const struct monitor_command monitor_commands[] = {
	{ "help", "[COMMAND]", "lists the commands, or explains one",
	  "Keys: arrows, Home and End move, and bring back earlier lines; Tab completes; Ctrl-U, "
	  "Ctrl-K and Ctrl-W remove; Ctrl-L clears the screen; Ctrl-C drops the line.",
	  monitor_help },
	{ "test", "[GLOB]", "runs self-tests: all, or those that a pattern selects",
	  "A pattern is compared with suite.name: * stands for anything, commas separate patterns, "
	  "and a name alone means that suite. Output is KTAP. Tests that end the machine on "
	  "purpose are not among them.",
	  monitor_test },
	{ "cpus", "", "shows every CPU: its id, whether it runs, what it is",
	  "The logical number is ours, the hardware id the machine's: local APIC id, MPIDR "
	  "affinity, or hart id. Each CPU describes itself. Timer and calls count interrupts.",
	  monitor_cpus },
	{ "mem", "", "shows the map of physical memory and what is free",
	  "One row for each range, in the order of addresses, as it was when the frame allocator "
	  "took over; what no range covers is not memory. Then frames by what they are for, and "
	  "free blocks by their order.",
	  monitor_mem },
	{ "pt", "ADDRESS", "walks the page tables of an address, level by level",
	  "ADDRESS is a number (0x for hexadecimal) or the name of a function. One row for each "
	  "level: which entry of its table is used, the physical address of that entry, its value, "
	  "and what its bits say on this machine.",
	  monitor_pt },
	{ "layout", "", "shows the regions of the kernel's address space",
	  "What lies where, on this machine, and what kernel space holds: pieces freed and waiting "
	  "are invalidated together.",
	  monitor_layout },
	{ "maps", "", "shows what the kernel's address space maps",
	  "One row for each stretch of addresses with the same rights and page size. (RISC-V's "
	  "entries do not say what is device memory.)",
	  monitor_maps },
	{ "tlb", "", "counts invalidations of cached translations",
	  "How many there were, what they cost other CPUs, and which space each CPU has loaded.",
	  monitor_tlb },
	{ "irqs", "", "counts interrupts, by line and by CPU",
	  "Lines are numbered as the interrupt controller does. Below them stand the interrupts "
	  "that no device sends: the timer, calls between CPUs, urgent calls, and those that "
	  "nobody wanted.",
	  monitor_irqs },
	{ "log", "", "shows the kernel log from the oldest line kept",
	  "Each line has the seconds since boot, the CPU, and the first letter of the level: "
	  "error, warning, information or debugging.",
	  monitor_log },
	{ "barriers", "[run [SHAPE]]", "shows what each memory barrier is here, or tries them out",
	  "One row for each name: the instructions it becomes, what they order, and why they are "
	  "enough. The source is arch/barrier.h of each port: compare the three. run: two to four "
	  "CPUs at once store to x and y and load them, with and without each barrier, and what "
	  "they "
	  "saw is held against the machine's memory model; with a SHAPE such as SB only that one, "
	  "with all outcomes.",
	  monitor_barriers },
	{ "reboot", "", "restarts the machine", "The machine starts anew from its firmware.",
	  monitor_reboot },
	{ "poweroff", "", "turns the machine off", "QEMU ends with exit status 0.",
	  monitor_poweroff },
};

const size_t monitor_command_count = sizeof(monitor_commands) / sizeof(monitor_commands[0]);

const struct monitor_command *monitor_command_find(const char *name)
{
	for (size_t i = 0; i < monitor_command_count; i++)
		if (strcmp(monitor_commands[i].name, name) == 0)
			return &monitor_commands[i];
	return NULL;
}

void monitor_print_usage(const struct monitor_command *command)
{
	console_print("usage: %s%s%s\n", command->name, command->arguments[0] ? " " : "",
		      command->arguments);
}
