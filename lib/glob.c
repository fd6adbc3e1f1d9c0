/*
 * Wildcards (lib/glob.h). When a character does not fit, only the latest star need take one more:
 * whatever an earlier star could take, the later one can too. So there is one place to go back to,
 * and no recursion.
 */
#include <lib/glob.h>
#include <lib/string.h>
#include <stddef.h>
#include <stdint.h>

/* The ] that closes the set opened at set, or NULL. */
static const char *set_end(const char *set, const char *end)
{
	const char *at = set + 1;

	if (at < end && *at == '!')
		at++;
	if (at < end && *at == ']')
		at++;
	while (at < end && *at != ']')
		at++;
	return at < end ? at : NULL;
}

/* Whether the set between its brackets [ at set and ] at close contains the character. */
static bool set_contains(const char *set, const char *close, char character)
{
	const char *at = set + 1;
	uint8_t wanted = (uint8_t)character;
	bool found = false;
	bool negated = *at == '!';

	if (negated)
		at++;
	while (at < close) {
		uint8_t low = (uint8_t)*at++;
		uint8_t high = low;

		if (close - at >= 2 && *at == '-') {
			high = (uint8_t)at[1];
			at += 2;
		}
		if (low <= wanted && wanted <= high)
			found = true;
	}
	return found != negated;
}

/*
 * Whether one character fits the element of the pattern at at; returns the element behind it, or
 * NULL. Not for a star.
 */
static const char *element_match(const char *at, const char *end, char character)
{
	if (*at == '[') {
		const char *close = set_end(at, end);

		if (close)
			return set_contains(at, close, character) ? close + 1 : NULL;
	}
	return *at == '?' || *at == character ? at + 1 : NULL;
}

static bool glob_match_range(const char *pattern, const char *end, const char *text)
{
	const char *star = NULL;      /* behind the latest star */
	const char *star_text = NULL; /* the text that it leaves to the rest of the pattern */

	while (*text || pattern < end) {
		const char *next = NULL;

		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			star_text = text;
			continue;
		}
		if (pattern < end && *text)
			next = element_match(pattern, end, *text);
		if (next) {
			pattern = next;
			text++;
		} else if (star && *star_text) {
			pattern = star;
			text = ++star_text;
		} else {
			return false;
		}
	}
	return true;
}

bool glob_match(const char *pattern, const char *text)
{
	return glob_match_range(pattern, pattern + strlen(pattern), text);
}

bool glob_match_list(const char *patterns, const char *text)
{
	for (;;) {
		const char *comma = strchr(patterns, ',');
		const char *end = comma ? comma : patterns + strlen(patterns);

		if (end > patterns && glob_match_range(patterns, end, text))
			return true;
		if (!comma)
			return false;
		patterns = comma + 1;
	}
}
