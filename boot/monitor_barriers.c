/*
 * barriers: what each barrier is on this machine, and `barriers run`: litmus shapes with and
 * without them, on all CPUs, now.
 */
#include <arch/barrier_table.h>
#include <boot/monitor_commands.h>
#include <boot/monitor_text.h>
#include <boot/ordering.h>
#include <dev/clock.h>
#include <dev/console.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/spin/cpus.h>

/* For a person who waits: a second or two for all when the host is quiet. */
static const struct ordering_effort effort = {
	.met = 50000,
	.ns = 250 * NS_PER_MS,
	.patience_ns = NS_PER_SECOND,
};

static const char *const species_names[] = {
	[BARRIER_COMPILER] = "Compiler:",
	[BARRIER_CPU] = "CPU to CPU:",
	[BARRIER_DEVICE] = "CPU to device:",
	[BARRIER_TRANSLATION] = "Translation:",
	[BARRIER_INSTRUCTION_FETCH] = "Instruction fetch:",
};

#define REASON_COLUMN 34

static void print_row(const struct barrier_row *row)
{
	char text[400];

	console_print("  %-*s%s\n", REASON_COLUMN - 2, row->name, row->instruction);
	format_text(text, sizeof(text), "%s: %s", row->orders, row->reason);
	monitor_print_wrapped(0, REASON_COLUMN, text);
}

static void print_table(void)
{
	for (size_t i = 0; i < barrier_table_rows; i++) {
		const struct barrier_row *row = &barrier_table[i];

		if (i == 0 || row->species != row[-1].species)
			console_print("%s\n", species_names[row->species]);
		print_row(row);
	}
}

static void print_outcomes(const struct ordering_family *family,
			   const struct ordering_result *result)
{
	char text[ORDERING_TEXT_MAX];

	for (unsigned i = 0; i < ordering_outcome_count(family); i++) {
		if (result->outcomes[i] == 0)
			continue;
		ordering_format_outcome(text, family, i, result->outcomes[i]);
		console_print("%s\n", text);
	}
}

static void run_shape(const struct ordering_shape *shape, struct random *random, bool outcomes)
{
	struct ordering_result result;
	char text[ORDERING_TEXT_MAX];

	if (ordering_run(shape, &effort, random, &result) != 0) {
		console_print("  %-21s needs %u CPUs, and %u are online\n", shape->means,
			      shape->family->cpus, cpus_online_count());
		return;
	}
	ordering_format_result(text, shape, ordering_machine(), &result);
	console_print("%s\n", text);
	if (ordering_judge(shape, ordering_machine(), &result) == ORDERING_DEVIATION_SEEN)
		console_print("    %s\n", ordering_deviation(shape, ordering_machine()));
	if (outcomes)
		print_outcomes(shape->family, &result);
}

/* All families, or the one of that name with its outcomes. False: there is none. */
static bool run_shapes(const char *name)
{
	const struct ordering_family *last = NULL;
	struct random random;
	char text[ORDERING_TEXT_MAX];

	random_seed(&random, clock_ns());
	for (size_t i = 0; i < ordering_shape_count; i++) {
		const struct ordering_shape *shape = &ordering_shapes[i];

		if (name && strcmp(shape->family->name, name) != 0)
			continue;
		if (shape->family != last) {
			ordering_format_family(text, shape->family);
			console_print("%s\n", text);
			last = shape->family;
		}
		run_shape(shape, &random, name != NULL);
	}
	return last != NULL;
}

bool monitor_barriers(const struct monitor_arguments *arguments)
{
	const char *name = arguments->count == 2 ? arguments->words[1] : NULL;

	if (arguments->count == 0) {
		print_table();
		return true;
	}
	if (arguments->count > 2 || strcmp(arguments->words[0], "run") != 0)
		return false;
	if (!run_shapes(name))
		return false;
	monitor_print_wrapped(
		0, 0,
		"Seen of tries, then the litmus test whose verdict it is. Allowed and not seen "
		"is no proof: QEMU's TCG on an x86 host shows only stores passed by later loads "
		"(SB, R).");
	return true;
}
