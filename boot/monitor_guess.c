/*
 * What a person meant who typed a name that is no command: the name with the fewest slips between
 * them, or one of which the other is the begin.
 */
#include <boot/monitor_commands.h>
#include <dev/console.h>
#include <lib/string.h>

/* A longer word is no misspelt command; the names of commands are shorter. */
#define NAME_LENGTH_MAX 15

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/*
 * How many characters to insert, remove, replace, or swap with a neighbour turn a into b (optimal
 * string alignment, one row of the table for each character of a; the last two rows are enough).
 */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_LENGTH_MAX + 1];
	size_t length_a = strlen(a);
	size_t length_b = strlen(b);

	for (size_t j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *second_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			row[j] = smallest(above[j] + 1, row[j - 1] + 1,
					  above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smallest(row[j], second_above[j - 2] + 1, row[j]);
		}
	}
	return rows[length_a % 3][length_b];
}

static bool begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* The name in lower case. False: too long to be one. */
static bool normalise_name(char normal[NAME_LENGTH_MAX + 1], const char *name)
{
	size_t length = strlen(name);

	if (length > NAME_LENGTH_MAX)
		return false;
	for (size_t i = 0; i <= length; i++)
		normal[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a')
							     : name[i];
	return true;
}

static const struct monitor_command *guess_command(const char *name)
{
	char typed[NAME_LENGTH_MAX + 1];
	const struct monitor_command *best = NULL;

	if (!normalise_name(typed, name))
		return NULL;

	/* One slip in a short word, two in a long one: what needs more is another word. */
	size_t best_distance = strlen(typed) > 5 ? 3 : 2;

	for (size_t i = 0; i < monitor_command_count; i++) {
		size_t distance = edit_distance(typed, monitor_commands[i].name);

		if (distance < best_distance) {
			best = &monitor_commands[i];
			best_distance = distance;
		}
	}
	/* "power", "memory" */
	for (size_t i = 0; i < monitor_command_count && !best; i++)
		if (begins_with(monitor_commands[i].name, typed) ||
		    begins_with(typed, monitor_commands[i].name))
			best = &monitor_commands[i];
	return best;
}

void monitor_print_hint(const char *name)
{
	const struct monitor_command *guess = guess_command(name);

	if (guess)
		console_print("no command %.60s; did you mean %s?\n", name, guess->name);
	else
		console_print("no command %.60s; help lists the commands\n", name);
}
