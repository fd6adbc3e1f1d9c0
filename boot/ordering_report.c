/*
 * What the outcomes of a litmus shape mean, and how they are printed. No state.
 */
#include <arch/cpu.h>
#include <boot/ordering.h>
#include <lib/bits.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/string.h>

const char *const ordering_machines[ORDERING_MACHINES] = { "x86_64", "aarch64", "riscv64" };

/*
 * What emulators are known to do wrong, each for one litmus test on one machine and nothing else.
 *
 * QEMU 7.2 on an x86 host translates STLR to a fence and a plain store, LDAR to a plain load and a
 * fence, so that the load may pass the store. Arm forbids it (DDI 0487, B2
 * "Barrier-ordered-before": a Load-Acquire stays behind an earlier Store-Release), and the seq_cst
 * accesses of arch/aarch64/include/arch/atomic.h, which are these two, rely on that alone. Hence no
 * code of ours may need a seq_cst store before a seq_cst load to be ordered: it says smp_mb(),
 * which QEMU heeds. The kernel cannot see whether it is emulated: on a real core a sighting would
 * be the core's.
 */
static const struct {
	const char *machine;
	const char *litmus;
	const char *why;
} deviations[] = {
	{ "aarch64", "SB+relacq",
	  "the emulator's: QEMU 7.2 on x86 lets LDAR pass an earlier STLR (QEMU issue 4872)" },
};

unsigned ordering_machine(void)
{
	for (unsigned machine = 0; machine < ORDERING_MACHINES; machine++)
		if (strcmp(ordering_machines[machine], ARCH_NAME) == 0)
			return machine;
	panic("no column of verdicts for %s", ARCH_NAME);
}

const char *ordering_deviation(const struct ordering_shape *shape, unsigned machine)
{
	const struct ordering_ruling *ruling = &shape->rulings[machine];

	for (size_t i = 0; i < ARRAY_SIZE(deviations); i++)
		if (ruling->exact &&
		    strcmp(deviations[i].machine, ordering_machines[machine]) == 0 &&
		    strcmp(deviations[i].litmus, ruling->litmus) == 0)
			return deviations[i].why;
	return NULL;
}

enum ordering_verdict ordering_judge(const struct ordering_shape *shape, unsigned machine,
				     const struct ordering_result *result)
{
	bool forbidden = shape->rulings[machine].forbidden;

	if (result->weak == 0 && result->met < ORDERING_MET_MIN)
		return ORDERING_NOT_TRIED;
	if (result->weak == 0)
		return forbidden ? ORDERING_FORBIDDEN_NOT_SEEN : ORDERING_ALLOWED_NOT_SEEN;
	if (!forbidden)
		return ORDERING_ALLOWED_SEEN;
	return ordering_deviation(shape, machine) ? ORDERING_DEVIATION_SEEN
						  : ORDERING_FORBIDDEN_SEEN;
}

const char *ordering_verdict_text(enum ordering_verdict verdict)
{
	switch (verdict) {
	case ORDERING_FORBIDDEN_NOT_SEEN:
		return "forbidden, not seen";
	case ORDERING_ALLOWED_SEEN:
		return "allowed, seen";
	case ORDERING_ALLOWED_NOT_SEEN:
		return "allowed, not seen";
	case ORDERING_FORBIDDEN_SEEN:
		return "FORBIDDEN, SEEN";
	case ORDERING_DEVIATION_SEEN:
		return "emulator's deviation, seen";
	case ORDERING_NOT_TRIED:
		return "not tried: CPUs took turns";
	}
	panic("verdict %d", (int)verdict);
}

/* "1:r0=0" for what CPU 1 loaded, "x=2" for what a location held at the end. */
static int format_observed(char *text, size_t size, unsigned source, unsigned value)
{
	if (source < ORDERING_FINAL(ORDERING_X))
		return format_text(text, size, "%u:r%u=%u", source / 2, source % 2, value);
	return format_text(text, size, "%c=%u", source == ORDERING_FINAL(ORDERING_X) ? 'x' : 'y',
			   value);
}

static void format_values(char *text, size_t size, const struct ordering_family *family,
			  const uint8_t *values)
{
	size_t length = 0;

	for (unsigned i = 0; i < family->observed_count && length + 1 < size; i++) {
		if (i > 0)
			text[length++] = ' ';
		length += (size_t)format_observed(text + length, size - length, family->observed[i],
						  values[i]);
	}
}

void ordering_format_family(char *text, const struct ordering_family *family)
{
	char weak[48];

	format_values(weak, sizeof(weak), family, family->weak);
	format_text(text, ORDERING_TEXT_MAX, "%-5s %-38s weak: %s", family->name, family->program,
		    weak);
}

void ordering_format_result(char *text, const struct ordering_shape *shape, unsigned machine,
			    const struct ordering_result *result)
{
	const struct ordering_ruling *ruling = &shape->rulings[machine];
	enum ordering_verdict verdict = ordering_judge(shape, machine, result);

	format_text(text, ORDERING_TEXT_MAX, "  %-21s %-26s %7llu of %-7llu %s%s", shape->means,
		    ordering_verdict_text(verdict), (unsigned long long)result->weak,
		    (unsigned long long)result->tries, ruling->exact ? "" : "cf. ", ruling->litmus);
}

unsigned ordering_outcome_count(const struct ordering_family *family)
{
	unsigned count = 1;

	for (unsigned i = 0; i < family->observed_count; i++)
		count *= ORDERING_VALUES;
	return count;
}

void ordering_format_outcome(char *text, const struct ordering_family *family, unsigned index,
			     uint64_t count)
{
	uint8_t values[ORDERING_OBSERVED_MAX] = { 0 };
	bool weak = true;
	char outcome[48];

	for (unsigned i = family->observed_count; i-- > 0; index /= ORDERING_VALUES) {
		values[i] = (uint8_t)(index % ORDERING_VALUES);
		weak &= values[i] == family->weak[i];
	}
	format_values(outcome, sizeof(outcome), family, values);
	format_text(text, ORDERING_TEXT_MAX, "  %9llu  %s%s", (unsigned long long)count, outcome,
		    weak ? "  (weak)" : "");
}
