/*
 * The monitor's commands: one row each in the table of boot/monitor_commands.c, one function each
 * in boot/monitor_*.c.
 */
#ifndef BOOT_MONITOR_COMMANDS_H
#define BOOT_MONITOR_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#define MONITOR_WORDS_MAX 16

/* The words behind the command's name. Those beyond MONITOR_WORDS_MAX are counted and not kept. */
struct monitor_arguments {
	size_t count;
	const char *words[MONITOR_WORDS_MAX];
};

struct monitor_command {
	const char *name;
	const char *arguments; /* as the usage line shows them */
	const char *help;      /* one line for the list */
	const char *details;   /* what `help COMMAND` adds */
	/* Boot CPU, interrupts enabled. False: wrong arguments, and nothing was done. */
	bool (*function)(const struct monitor_arguments *arguments);
};

extern const struct monitor_command monitor_commands[];
extern const size_t monitor_command_count;

/* The command of that name, or NULL. */
const struct monitor_command *monitor_command_find(const char *name);

/* Prints "usage: name arguments". */
void monitor_print_usage(const struct monitor_command *command);

/* Prints which command was likely meant by a name that is none: boot/monitor_guess.c. */
void monitor_print_hint(const char *name);

/* boot/monitor_barriers.c */
bool monitor_barriers(const struct monitor_arguments *arguments);

/* boot/monitor_cpus.c */
bool monitor_cpus(const struct monitor_arguments *arguments);
bool monitor_irqs(const struct monitor_arguments *arguments);

/* boot/monitor_layout.c, boot/monitor_maps.c, boot/monitor_tlb.c */
bool monitor_layout(const struct monitor_arguments *arguments);
bool monitor_maps(const struct monitor_arguments *arguments);
bool monitor_tlb(const struct monitor_arguments *arguments);

/* boot/monitor_memory.c */
bool monitor_mem(const struct monitor_arguments *arguments);
bool monitor_pt(const struct monitor_arguments *arguments);

#endif
