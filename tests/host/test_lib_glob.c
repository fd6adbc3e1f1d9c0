/* sources: lib/glob.c lib/random.c */
/*
 * lib/glob.c against the C library's fnmatch(), which has the same wildcards when backslashes are
 * ordinary characters. Both strings end their allocations.
 */
#include "host.h"
#include <fnmatch.h>
#include <lib/glob.h>
#include <lib/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 300000

static struct random generator;

static char *random_string(const char *letters, size_t length_max)
{
	size_t length = random_below(&generator, length_max + 1);
	char *text = malloc(length + 1);

	for (size_t at = 0; at < length; at++)
		text[at] = letters[random_below(&generator, strlen(letters))];
	text[length] = '\0';
	return text;
}

static void compare(const char *pattern_letters, size_t pattern_max, const char *letters,
		    size_t text_max)
{
	for (int round = 0; round < ROUNDS; round++) {
		char *pattern = random_string(pattern_letters, pattern_max);
		char *text = random_string(letters, text_max);
		bool wanted = fnmatch(pattern, text, FNM_NOESCAPE) == 0;

		if (glob_match(pattern, text) != wanted)
			printf("# \"%s\" and \"%s\": %d, not %d\n", pattern, text, !wanted, wanted);
		REQUIRE(glob_match(pattern, text) == wanted);
		free(pattern);
		free(text);
	}
}

HOST_TEST(stars)
{
	random_seed(&generator, 1);
	compare("ab*?", 10, "ab", 14);
}

HOST_TEST(sets)
{
	random_seed(&generator, 2);
	compare("abcd[[]]-!*", 9, "abcd]-![", 5);
}

/* A list fits when one of its items, cut out, does. */
HOST_TEST(lists)
{
	random_seed(&generator, 3);
	for (int round = 0; round < ROUNDS; round++) {
		char *list = random_string("ab*?,,", 12);
		char *text = random_string("ab", 4);
		char *rest = strdup(list);
		bool wanted = false;
		char *state;

		for (char *item = strtok_r(rest, ",", &state); item;
		     item = strtok_r(NULL, ",", &state))
			wanted |= glob_match(item, text);
		REQUIRE(glob_match_list(list, text) == wanted);
		free(list);
		free(text);
		free(rest);
	}
}
