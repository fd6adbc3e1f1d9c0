/*
 * `maps`: an address space, line by line.
 */
#include <boot/monitor_commands.h>
#include <dev/console.h>
#include <mm/kspace.h>
#include <mm/page_table_dump.h>
#include <mm/space.h>

static bool print_stretch(const struct page_table_stretch *stretch, void *argument)
{
	char line[128];
	unsigned *lines = argument;

	page_table_format_stretch(stretch, line, sizeof(line));
	console_print("%s\n", line);
	(*lines)++;
	return true;
}

bool monitor_maps(const struct monitor_arguments *arguments)
{
	unsigned lines = 0;

	if (arguments->count != 0)
		return false;
	page_table_dump(kspace_page_table(), print_stretch, &lines);
	console_print("%u stretches\n", lines);
	return true;
}
