/*
 * The monitor's loop: a line, its words, a command. Runs on the boot CPU alone; waits for input
 * idle.
 */
#include <boot/line_editor.h>
#include <boot/monitor.h>
#include <boot/monitor_commands.h>
#include <dev/console.h>
#include <lib/string.h>

#define PROMPT "trefoil> "

static struct line_editor editor;

/* Names of commands, as the first word and as what `help` takes. */
static const char *candidate(const char *line, size_t start, size_t index)
{
	static const char help[] = "help ";

	while (*line == ' ' && start > 0) {
		line++;
		start--;
	}
	if (start != 0 && (start != sizeof(help) - 1 || strncmp(line, help, sizeof(help) - 1) != 0))
		return NULL;
	return index < monitor_command_count ? monitor_commands[index].name : NULL;
}

/* The next word of the text at *rest, cut off in place, or NULL. */
static char *next_word(char **rest)
{
	char *word = *rest;

	while (*word == ' ')
		word++;
	if (*word == '\0')
		return NULL;

	char *end = strchr(word, ' ');

	if (end)
		*end++ = '\0';
	*rest = end ? end : word + strlen(word);
	return word;
}

static void execute(char *line)
{
	struct monitor_arguments arguments = { 0 };
	char *name = next_word(&line);
	char *word;

	if (!name)
		return;
	while ((word = next_word(&line)) != NULL) {
		if (arguments.count < MONITOR_WORDS_MAX)
			arguments.words[arguments.count] = word;
		arguments.count++;
	}

	const struct monitor_command *command = monitor_command_find(name);

	if (!command)
		monitor_print_hint(name);
	else if (!command->function(&arguments))
		monitor_print_usage(command);
}

void monitor_run(void)
{
	line_editor_init(&editor, console_write, PROMPT, candidate);
	console_print("\nThis is Trefoil's monitor: help lists the commands, Tab completes their "
		      "names.\n");
	for (;;) {
		char *line;

		line_editor_begin(&editor);
		do
			line = line_editor_feed(&editor, console_read());
		while (!line);
		execute(line);
	}
}
