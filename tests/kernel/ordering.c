/*
 * Memory ordering, seen on this machine: the litmus shapes of boot/ordering_shapes.c. A forbidden
 * outcome that is seen fails; store buffering without a fence must be seen, or the rest would prove
 * nothing.
 */
#include <boot/ordering.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <sync/spin/cpus.h>

/*
 * For each shape: a hundred times the tries that the weak outcome of SB takes. A crowded host may
 * keep two virtual CPUs on one core for a second; a shape that waited in vain takes the others'
 * patience.
 */
static struct ordering_effort effort = {
	.met = 50000,
	.ns = 250 * NS_PER_MS,
	.patience_ns = 3 * NS_PER_SECOND,
};

/*
 * Until it is seen. Where CPUs run side by side that is a matter of milliseconds. A million tries
 * side by side without it are a failure; so long without a million, and the host is too crowded or
 * has one core.
 */
#define SEARCH_MET 1000000
static const struct ordering_effort search = {
	.met = SEARCH_MET,
	.ns = 30 * NS_PER_SECOND,
	.patience_ns = 30 * NS_PER_SECOND,
	.until_weak = true,
};

static const struct ordering_shape *find_shape(const char *family, const char *means)
{
	for (size_t i = 0; i < ordering_shape_count; i++)
		if (strcmp(ordering_shapes[i].family->name, family) == 0 &&
		    strcmp(ordering_shapes[i].means, means) == 0)
			return &ordering_shapes[i];
	return NULL;
}

static void note_result(const struct ordering_shape *shape, const struct ordering_result *result)
{
	char text[ORDERING_TEXT_MAX];

	ordering_format_result(text, shape, ordering_machine(), result);
	test_note("%s", text);
	if (ordering_judge(shape, ordering_machine(), result) == ORDERING_DEVIATION_SEEN)
		test_note("    %s", ordering_deviation(shape, ordering_machine()));
}

static void note_family(const struct ordering_family *family)
{
	char text[ORDERING_TEXT_MAX];

	ordering_format_family(text, family);
	test_note("%s", text);
}

/* False, and the test is skipped: too few CPUs. */
static bool has_cpus(const struct ordering_family *family)
{
	if (cpus_online_count() >= family->cpus)
		return true;
	test_skip("%s needs %u CPUs", family->name, family->cpus);
	return false;
}

/* All rows of a family. One that could not be tried is named so; if none could, the test is
 * skipped. */
static void run_family(const char *name)
{
	const struct ordering_family *family = find_shape(name, "nothing")->family;
	unsigned tried = 0;

	if (!has_cpus(family))
		return;
	note_family(family);
	for (size_t i = 0; i < ordering_shape_count; i++) {
		const struct ordering_shape *shape = &ordering_shapes[i];
		struct ordering_result result;
		enum ordering_verdict verdict;

		if (shape->family != family)
			continue;
		ASSERT_EQ(ordering_run(shape, &effort, test_random(), &result), 0);
		note_result(shape, &result);
		verdict = ordering_judge(shape, ordering_machine(), &result);
		EXPECT_NE(verdict, ORDERING_FORBIDDEN_SEEN);
		if (verdict == ORDERING_NOT_TRIED)
			effort.patience_ns = effort.ns;
		else
			tried++;
	}
	if (tried == 0)
		test_skip("the CPUs hardly ever ran side by side: a crowded host, or one core");
}

/* Looks for the weak outcome of SB without a fence. False, and the test has failed or is skipped.
 */
static bool search_store_buffering(const struct ordering_shape *shape,
				   struct ordering_result *result)
{
	if (!has_cpus(shape->family))
		return false;
	ordering_run(shape, &search, test_random(), result);
	note_family(shape->family);
	note_result(shape, result);
	test_note("%llu of %llu tries side by side", (unsigned long long)result->met,
		  (unsigned long long)result->tries);
	if (result->weak > 0)
		return true;
	if (result->met < SEARCH_MET)
		test_skip("not seen: the CPUs hardly ever ran side by side: a crowded host, or one "
			  "core");
	else
		test_fail(__FILE__, __LINE__,
			  "no store was passed by a load in %llu tries side by side",
			  (unsigned long long)result->met);
	return false;
}

TEST(ordering, store_buffering_is_seen)
{
	const struct ordering_shape *shape = find_shape("SB", "nothing");
	struct ordering_result result;

	if (!search_store_buffering(shape, &result))
		return;
	EXPECT_EQ(ordering_judge(shape, ordering_machine(), &result), ORDERING_ALLOWED_SEEN);
	for (unsigned i = 0; i < ordering_outcome_count(shape->family); i++) {
		char text[ORDERING_TEXT_MAX];

		ordering_format_outcome(text, shape->family, i, result.outcomes[i]);
		if (result.outcomes[i])
			test_note("%s", text);
	}
}

/* The broken twin: SB without a fence, said to be forbidden. What judges all other rows must see
 * it. */
TEST(ordering, forbidden_outcome_is_caught)
{
	struct ordering_shape twin = *find_shape("SB", "nothing");
	struct ordering_result result;

	for (unsigned machine = 0; machine < ORDERING_MACHINES; machine++)
		twin.rulings[machine].forbidden = true;
	if (!search_store_buffering(&twin, &result))
		return;
	EXPECT_EQ(ordering_judge(&twin, ordering_machine(), &result), ORDERING_FORBIDDEN_SEEN);
	EXPECT_STR_EQ(ordering_verdict_text(ORDERING_FORBIDDEN_SEEN), "FORBIDDEN, SEEN");
}

TEST(ordering, store_buffering)
{
	run_family("SB");
}

TEST(ordering, message_passing)
{
	run_family("MP");
}

TEST(ordering, load_buffering)
{
	run_family("LB");
}

TEST(ordering, s)
{
	run_family("S");
}

TEST(ordering, r)
{
	run_family("R");
}

TEST(ordering, two_plus_two_writes)
{
	run_family("2+2W");
}

TEST(ordering, write_to_read_causality)
{
	run_family("WRC");
}

TEST(ordering, independent_reads)
{
	run_family("IRIW");
}

TEST(ordering, coherence_of_reads)
{
	run_family("CoRR");
}

TEST(ordering, coherence_of_writes)
{
	run_family("CoWW");
}

/* The emulator is excused for one litmus test on one machine, and for nothing else. */
TEST(ordering, deviations_excuse_nothing_else)
{
	struct ordering_result seen = { .tries = 2000, .met = 2000, .weak = 1 };
	unsigned excused = 0;

	for (size_t i = 0; i < ordering_shape_count; i++) {
		for (unsigned machine = 0; machine < ORDERING_MACHINES; machine++) {
			const struct ordering_ruling *ruling = &ordering_shapes[i].rulings[machine];
			enum ordering_verdict verdict = ordering_judge(&ordering_shapes[i], machine,
								       &seen);

			if (!ruling->forbidden) {
				EXPECT_EQ(verdict, ORDERING_ALLOWED_SEEN);
			} else if (verdict == ORDERING_DEVIATION_SEEN) {
				EXPECT_STR_EQ(ordering_machines[machine], "aarch64");
				EXPECT_STR_EQ(ruling->litmus, "SB+relacq");
				excused++;
			} else {
				EXPECT_EQ(verdict, ORDERING_FORBIDDEN_SEEN);
			}
		}
	}
	/* Release with acquire, and seq_cst with seq_cst: the same two instructions. */
	EXPECT_EQ(excused, 2);
}

TEST(ordering, verdicts_need_tries)
{
	const struct ordering_shape *forbidden = find_shape("SB", "smp_mb()");
	const struct ordering_shape *allowed = find_shape("SB", "nothing");
	struct ordering_result few = { .tries = 1000000, .met = ORDERING_MET_MIN - 1 };
	struct ordering_result many = { .tries = 1000000, .met = ORDERING_MET_MIN };

	EXPECT_EQ(ordering_judge(forbidden, 0, &few), ORDERING_NOT_TRIED);
	EXPECT_EQ(ordering_judge(allowed, 0, &few), ORDERING_NOT_TRIED);
	EXPECT_EQ(ordering_judge(forbidden, 0, &many), ORDERING_FORBIDDEN_NOT_SEEN);
	EXPECT_EQ(ordering_judge(allowed, 0, &many), ORDERING_ALLOWED_NOT_SEEN);
	few.weak = 1;
	EXPECT_EQ(ordering_judge(forbidden, 0, &few), ORDERING_FORBIDDEN_SEEN);
}

TEST(ordering, rows_fit_and_are_told_apart)
{
	struct ordering_result most = { .tries = 9999999, .met = 9999999, .weak = 9999999 };

	for (size_t i = 0; i < ordering_shape_count; i++) {
		const struct ordering_shape *shape = &ordering_shapes[i];

		EXPECT(find_shape(shape->family->name, shape->means) == shape);
		for (unsigned machine = 0; machine < ORDERING_MACHINES; machine++) {
			char text[ORDERING_TEXT_MAX];

			ordering_format_result(text, shape, machine, &most);
			EXPECT_LE(strlen(text), (size_t)94);
			ordering_format_family(text, shape->family);
			EXPECT_LE(strlen(text), (size_t)94);
		}
	}
}
