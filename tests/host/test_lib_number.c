/* sources: lib/number.c lib/random.c */
/*
 * lib/number.c against the C library's strtoull(), over random texts of digits, suffixes and
 * mistakes, each at the end of its allocation.
 */
#include "host.h"
#include <ctype.h>
#include <errno.h>
#include <lib/number.h>
#include <lib/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 500000

static struct random generator;

/* What the header promises, in terms of strtoull(). */
static int model_parse(const char *text, uint64_t *value)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? text + 2 : text;
	uint64_t factor = 1;
	uint64_t number;
	bool overflow;
	char *end;

	/* strtoull() would take blanks, a sign and a second 0x. */
	if (hexadecimal ? !isxdigit((unsigned char)digits[0]) : !isdigit((unsigned char)digits[0]))
		return -EINVAL;
	if (hexadecimal && digits[0] == '0' && tolower((unsigned char)digits[1]) == 'x')
		return -EINVAL;
	errno = 0;
	number = strtoull(digits, &end, hexadecimal ? 16 : 10);
	overflow = errno == ERANGE;
	if (*end) {
		const char *suffix = strchr("kKmMgG", *end);

		if (!suffix || end[1])
			return -EINVAL;
		factor = 1024;
		if (*suffix == 'm' || *suffix == 'M')
			factor = 1024 * 1024;
		if (*suffix == 'g' || *suffix == 'G')
			factor = 1024 * 1024 * 1024;
	}
	if (overflow || number > UINT64_MAX / factor)
		return -ERANGE;
	*value = number * factor;
	return 0;
}

/* Whether both agree; says where they do not. */
static bool compare(const char *text)
{
	uint64_t ours = 1;
	uint64_t theirs = 1;
	int ours_result = number_parse(text, &ours);
	int theirs_result = model_parse(text, &theirs);

	if (ours_result == theirs_result && ours == theirs)
		return true;
	printf("# \"%s\": %d, %#lx, not %d, %#lx\n", text, ours_result, ours, theirs_result,
	       theirs);
	return false;
}

static char *random_text(const char *letters, size_t length_max)
{
	size_t length = random_below(&generator, length_max + 1);
	char *text = malloc(length + 1);

	for (size_t at = 0; at < length; at++)
		text[at] = letters[random_below(&generator, strlen(letters))];
	text[length] = '\0';
	return text;
}

HOST_TEST(noise)
{
	random_seed(&generator, 1);
	for (int round = 0; round < ROUNDS; round++) {
		char *text = random_text("00123456789abfxXkKmMgG +-.", 6);

		REQUIRE(compare(text));
		free(text);
	}
}

/* Values of every size, about a third of them too large, with and without a suffix. */
HOST_TEST(near_the_limit)
{
	random_seed(&generator, 2);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t value = random_u64(&generator) >> random_below(&generator, 64);
		bool extra = random_below(&generator, 4) == 0;
		char *text = malloc(32);

		snprintf(text, 32, random_below(&generator, 2) ? "%lu%s%.*s" : "0x%lX%s%.*s", value,
			 extra ? "0" : "", (int)random_below(&generator, 2),
			 &"kKmMgG"[random_below(&generator, 6)]);
		text = realloc(text, strlen(text) + 1);
		REQUIRE(compare(text));
		free(text);
	}
	CHECK(compare("18446744073709551615"));
	CHECK(compare("18446744073709551616"));
	CHECK(compare("0xffffffffffffffff"));
	CHECK(compare("0x10000000000000000"));
	CHECK(compare("18014398509481983K"));
	CHECK(compare("18014398509481984K"));
}
