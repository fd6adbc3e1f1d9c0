/* sources: lib/format.c lib/random.c */
/*
 * lib/format.c against the C library's snprintf(), over random formats, values and sizes. Buffers
 * and strings lie in allocations of exactly their size, so that the sanitizer sees one byte too
 * many.
 */
#include "host.h"
#include <lib/format.h>
#include <lib/random.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200000
#define FORMAT_SIZE 64
#define TEXT_SIZE 512

/* The formats are made here; the compiler cannot check them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static struct random generator;

static unsigned int choose(unsigned int limit)
{
	return (unsigned int)random_below(&generator, limit);
}

/* Numbers of every magnitude and sign, and often the ends of the types. */
static uint64_t random_value(void)
{
	static const uint64_t ends[] = {
		0, 1, INT_MAX, (uint64_t)INT_MIN, UINT_MAX, LONG_MAX, (uint64_t)LONG_MIN, ULONG_MAX,
	};
	uint64_t value = random_u64(&generator) >> choose(64);

	if (choose(4) == 0)
		return ends[choose(8)];
	return choose(2) ? value : -value;
}

/* Appends flags, width and precision to a format; stars only when their arguments are passed. */
static void append_layout(char *format, const char *flags, bool stars)
{
	size_t length = strlen(format);

	for (unsigned int count = choose(4); count > 0; count--)
		format[length++] = flags[choose((unsigned int)strlen(flags))];
	format[length] = '\0';
	if (stars) {
		strcat(format, "*.*");
		return;
	}
	if (choose(2))
		sprintf(format + length, "%u", choose(40) + 1);
	switch (choose(4)) {
	case 0:
		strcat(format, ".");
		break;
	case 1:
		sprintf(format + strlen(format), ".%u", choose(40));
		break;
	}
}

/* Prints both ways into size bytes and compares what was returned and written. */
#define COMPARE(format, ...)                                                                       \
	do {                                                                                       \
		size_t size = choose(TEXT_SIZE);                                                   \
		char *ours = malloc(size);                                                         \
		char *theirs = malloc(size);                                                       \
		int ours_length = format_text(ours, size, format, __VA_ARGS__);                    \
		int theirs_length = snprintf(theirs, size, format, __VA_ARGS__);                   \
                                                                                                   \
		if (ours_length != theirs_length || (size > 0 && strcmp(ours, theirs) != 0))       \
			printf("# \"%s\" in %zu bytes: \"%.*s\", not \"%.*s\"\n", format, size,    \
			       size > 0 ? INT_MAX : 0, ours, size > 0 ? INT_MAX : 0, theirs);      \
		REQUIRE(ours_length == theirs_length);                                             \
		REQUIRE(size == 0 || strcmp(ours, theirs) == 0);                                   \
		free(ours);                                                                        \
		free(theirs);                                                                      \
	} while (0)

HOST_TEST(integers)
{
	static const char *const short_lengths[] = { "", "h", "hh" };
	static const char *const long_lengths[] = { "l", "ll", "z", "t", "j" };

	random_seed(&generator, 1);
	for (int round = 0; round < ROUNDS; round++) {
		char format[FORMAT_SIZE] = "<%";
		bool is_long = choose(2);
		bool stars = choose(3) == 0;
		int width = (int)choose(80) - 40;
		int precision = (int)choose(50) - 10;
		uint64_t value = random_value();

		append_layout(format, "0-+ #", stars);
		strcat(format, is_long ? long_lengths[choose(5)] : short_lengths[choose(3)]);
		strncat(format, &"diuxXo"[choose(6)], 1);
		strcat(format, ">");
		if (is_long && stars)
			COMPARE(format, width, precision, value);
		else if (is_long)
			COMPARE(format, value);
		else if (stars)
			COMPARE(format, width, precision, (int)value);
		else
			COMPARE(format, (int)value);
	}
}

HOST_TEST(strings)
{
	random_seed(&generator, 2);
	for (int round = 0; round < ROUNDS; round++) {
		char format[FORMAT_SIZE] = "%";
		size_t length = choose(60);
		char *text = malloc(length + 1);

		memset(text, 'a' + (int)choose(26), length);
		text[length] = '\0';
		append_layout(format, "-", false);
		strcat(format, "s|%c|%%");
		COMPARE(format, text, 'x');
		free(text);
	}
}

/* A string with a precision need not end: no byte behind the precision may be read. */
HOST_TEST(strings_without_end)
{
	for (int length = 0; length < 40; length++) {
		char *text = malloc((size_t)length);
		char buffer[64];

		memset(text, 'x', (size_t)length);
		REQUIRE(format_text(buffer, sizeof(buffer), "%.*s", length, text) == length);
		REQUIRE(strlen(buffer) == (size_t)length);
		free(text);
	}
}

/*
 * Several conversions in one format take their arguments in turn, from registers and from the
 * stack.
 */
HOST_TEST(argument_order)
{
	random_seed(&generator, 3);
	for (int round = 0; round < ROUNDS / 10; round++) {
		uint64_t value = random_value();

		COMPARE("%d %ld %s %hhu %x %c %*d %.*s %lx %o %td %zu", (int)value, (long)value,
			"first", (unsigned char)value, (unsigned int)value, 'c', 12, (int)value, 3,
			"second", value, (unsigned int)value, (ptrdiff_t)value, (size_t)value);
	}
}

/* Any bytes as a format without arguments taken: nothing but output may happen. */
HOST_TEST(noise)
{
	static const char letters[] = "%%%0123456789-+ #.hlztjyq$()&";

	random_seed(&generator, 4);
	for (int round = 0; round < ROUNDS; round++) {
		size_t size = choose(24) + 1;
		char *format = malloc(size);
		char *buffer = malloc(size);

		for (size_t at = 0; at + 1 < size; at++)
			format[at] = letters[choose(sizeof(letters) - 1)];
		format[size - 1] = '\0';
		REQUIRE(format_text(buffer, size, format) >= 0);
		REQUIRE(memchr(buffer, '\0', size) != NULL);
		free(format);
		free(buffer);
	}
}
