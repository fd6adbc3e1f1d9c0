/*
 * Wrapping, and numbers with a unit.
 */
#include <boot/monitor_text.h>
#include <dev/console.h>
#include <lib/format.h>
#include <lib/string.h>

/* How much of text fits into a row: up to the last space in reach, or part of one long word. */
static size_t row_length(const char *text, size_t width)
{
	size_t fits = strlen(text);

	if (fits <= width)
		return fits;
	for (fits = width; fits > 0 && text[fits] != ' '; fits--)
		;
	return fits > 0 ? fits : width;
}

void monitor_print_wrapped(size_t column, size_t indent, const char *text)
{
	if (column > 0 && column >= indent) {
		console_print("\n");
		column = 0;
	}
	do {
		size_t length = row_length(text, MONITOR_COLUMNS - indent);

		console_print("%*s%.*s\n", (int)(indent - column), "", (int)length, text);
		text += length;
		while (*text == ' ')
			text++;
		column = 0;
	} while (*text != '\0');
}

void monitor_format_bytes(char *text, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };

	for (size_t unit = 4; unit-- > 0;) {
		unsigned shift = 10 * (unsigned)(unit + 1);

		/* Less than 9 of this unit take no more than four digits in the next smaller. */
		if (bytes >> shift << shift == bytes && bytes >> shift > 0 &&
		    bytes >> shift < 10000) {
			format_text(text, size, "%u %s", (unsigned)(bytes >> shift), units[unit]);
			return;
		}
		if (bytes >> shift >= 9) {
			format_text(text, size, "%llu.%u %s", (unsigned long long)(bytes >> shift),
				    (unsigned)((bytes >> (shift - 10) & 1023) * 10 >> 10),
				    units[unit]);
			return;
		}
	}
	format_text(text, size, "%u bytes", (unsigned)bytes);
}
