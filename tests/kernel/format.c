/*
 * lib/format.c against the texts that C's snprintf gives. Each case is printed into a buffer of
 * every size from 0 to more than enough, between guard bytes.
 */
#include <boot/test.h>
#include <stdarg.h>

#define BUFFER_SIZE 128
#define GUARD '#'

/* Checks one size of buffer: the length returned, the text kept, the NUL, nothing else written. */
static bool check_size(const char *wanted, size_t size, const char *format, va_list arguments)
{
	char buffer[BUFFER_SIZE + 2];
	size_t wanted_length = strlen(wanted);
	size_t kept = wanted_length < size ? wanted_length : size - 1;
	int length;

	memset(buffer, GUARD, sizeof(buffer));
	length = format_text_v(buffer + 1, size, format, arguments);
	if (length != (int)wanted_length || buffer[0] != GUARD)
		return false;
	if (size == 0)
		return buffer[1] == GUARD;
	if (memcmp(buffer + 1, wanted, kept) != 0 || buffer[1 + kept] != '\0')
		return false;
	for (size_t at = kept + 2; at < sizeof(buffer); at++) {
		if (buffer[at] != GUARD)
			return false;
	}
	return true;
}

/* No format attribute: some cases are meant to be odd, and the compiler would say so. */
static void check_format(int line, const char *wanted, const char *format, ...)
{
	size_t longest = strlen(wanted) + 3;

	for (size_t size = 0; size <= longest; size++) {
		char buffer[BUFFER_SIZE];
		va_list arguments;
		bool good;

		va_start(arguments, format);
		good = check_size(wanted, size, format, arguments);
		format_text_v(buffer, sizeof(buffer), format, arguments);
		va_end(arguments);
		if (!good) {
			test_fail(__FILE__, line, "\"%s\" in %zu bytes: \"%s\", not \"%s\"", format,
				  size, buffer, wanted);
			return;
		}
	}
}

#define CHECK(wanted, ...) check_format(__LINE__, wanted, __VA_ARGS__)

TEST(format, plain_text)
{
	CHECK("", "");
	CHECK("no conversion", "no conversion");
	CHECK("100%", "100%%");
	CHECK("%d", "%%d");
	CHECK("a1b2c", "a%db%dc", 1, 2);
}

TEST(format, decimal)
{
	CHECK("0", "%d", 0);
	CHECK("-1", "%i", -1);
	CHECK("2147483647", "%d", 0x7fffffff);
	CHECK("-2147483648", "%d", -0x7fffffff - 1);
	CHECK("4294967295", "%u", -1);
	CHECK("9223372036854775807", "%ld", 0x7fffffffffffffffL);
	CHECK("-9223372036854775808", "%ld", -0x7fffffffffffffffL - 1);
	CHECK("18446744073709551615", "%lu", -1L);
	CHECK("18446744073709551615", "%llu", -1LL);
}

TEST(format, hexadecimal_and_octal)
{
	CHECK("0", "%x", 0);
	CHECK("deadbeef", "%x", 0xdeadbeef);
	CHECK("DEADBEEF", "%X", 0xdeadbeef);
	CHECK("0xffffffff80000000", "%#lx", 0xffffffff80000000UL);
	CHECK("0XAB", "%#X", 0xab);
	CHECK("0", "%#x", 0);
	CHECK("1777777777777777777777", "%lo", -1L);
	CHECK("0644", "%#o", 0644);
	CHECK("0", "%#o", 0);
	CHECK("0", "%#.0o", 0);
	CHECK("0017", "%#.4o", 017);
}

TEST(format, signs)
{
	CHECK("+5", "%+d", 5);
	CHECK("+0", "%+d", 0);
	CHECK("-5", "%+d", -5);
	CHECK(" 5", "% d", 5);
	CHECK("-5", "% d", -5);
	CHECK("+5", "% +d", 5);
	CHECK("5", "%+u", 5);
}

TEST(format, width)
{
	CHECK("    7", "%5d", 7);
	CHECK("   -7", "%5d", -7);
	CHECK("7    |", "%-5d|", 7);
	CHECK("-7   |", "%-5d|", -7);
	CHECK("00007", "%05d", 7);
	CHECK("-0007", "%05d", -7);
	CHECK("+0007", "%+05d", 7);
	CHECK("7    |", "%-05d|", 7);
	CHECK("0x00ff", "%#06x", 0xff);
	CHECK("  0xff", "%#6x", 0xff);
	CHECK("123456", "%3d", 123456);
	CHECK("    7", "%*d", 5, 7);
	CHECK("7    |", "%*d|", -5, 7);
	CHECK("   x", "%4c", 'x');
	CHECK("x   |", "%-4c|", 'x');
}

TEST(format, precision)
{
	CHECK("007", "%.3d", 7);
	CHECK("-007", "%.3d", -7);
	CHECK("  007", "%5.3d", 7);
	CHECK("007  |", "%-5.3d|", 7);
	CHECK("  007", "%05.3d", 7); /* a precision turns the flag 0 off */
	CHECK("", "%.0d", 0);
	CHECK("", "%.d", 0);
	CHECK("   ", "%3.0u", 0);
	CHECK("+", "%+.0d", 0);
	CHECK("0x00ab", "%#.4x", 0xab);
	CHECK("00012", "%.*d", 5, 12);
	CHECK("12", "%.*d", -5, 12); /* a negative one counts as none */
	CHECK("000000000000000000000000000001", "%.30d", 1);
}

TEST(format, argument_lengths)
{
	CHECK("-1", "%hhd", 0xff);
	CHECK("255", "%hhu", 0x1ff);
	CHECK("-1", "%hd", 0xffff);
	CHECK("65535", "%hu", -1);
	CHECK("ff", "%hhx", -1);
	CHECK("1311768467463790320", "%lld", 0x123456789abcdef0LL);
	CHECK("1311768467463790320", "%zu", (size_t)0x123456789abcdef0);
	CHECK("-1311768467463790320", "%td", (ptrdiff_t)-0x123456789abcdef0);
	CHECK("123456789abcdef0", "%jx", (uintmax_t)0x123456789abcdef0);
}

TEST(format, strings)
{
	const char open[3] = { 'a', 'b', 'c' }; /* not terminated */

	CHECK("frame", "%s", "frame");
	CHECK("  frame", "%7s", "frame");
	CHECK("frame  |", "%-7s|", "frame");
	CHECK("fra", "%.3s", "frame");
	CHECK("  fra", "%5.3s", "frame");
	CHECK("frame", "%.9s", "frame");
	CHECK("", "%.0s", "frame");
	CHECK("abc", "%.3s", open);
	CHECK("ab", "%.*s", 2, open);
	CHECK("(null)", "%s", (char *)NULL);
	CHECK("z", "%c", 'z');
}

TEST(format, pointers)
{
	CHECK("0x0000000000000000", "%p", NULL);
	CHECK("0xffffffff80001234", "%p", (void *)0xffffffff80001234UL);
	CHECK("  0x000000000000000a", "%20p", (void *)10);
	CHECK("0x000000000000000a  |", "%-20p|", (void *)10);
}

TEST(format, unknown_stands)
{
	CHECK("%q 1", "%q %d", 1);
	CHECK("%5.3y|", "%5.3y|");
	CHECK("%ls", "%ls");
	CHECK("%f", "%f");
	CHECK("%", "%");
	CHECK("50%", "50%");
	CHECK("%-08l", "%-08l");
}

/* Measures only; no format attribute, as above. */
static int format_length(const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_text_v(NULL, 0, format, arguments);
	va_end(arguments);
	return length;
}

/* The text need not fit to be measured; a great width takes no time. */
TEST(format, length_needed)
{
	EXPECT_EQ(format_length("%s-%d", "abc", 12), 6);
	EXPECT_EQ(format_length("%2000000000d", 1), 2000000000);
	EXPECT_EQ(format_length("%2000000000d%2000000000d", 1, 1), __INT_MAX__);
	EXPECT_EQ(format_length("%99999999999999999999d", 1), __INT_MAX__);
}

/* Reads a number back, digit by digit. */
static uint64_t model_value(const char *text, unsigned int base)
{
	uint64_t value = 0;

	for (; *text; text++)
		value = value * base + (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return value;
}

TEST(format, numbers_read_back)
{
	for (int round = 0; round < 2000; round++) {
		uint64_t value = random_u64(test_random()) >> random_below(test_random(), 64);
		char buffer[32];

		format_text(buffer, sizeof(buffer), "%lu", value);
		ASSERT_EQ(model_value(buffer, 10), value);
		format_text(buffer, sizeof(buffer), "%lx", value);
		ASSERT_EQ(model_value(buffer, 16), value);
		format_text(buffer, sizeof(buffer), "%lo", value);
		ASSERT_EQ(model_value(buffer, 8), value);
		format_text(buffer, sizeof(buffer), "%ld", -(int64_t)(value >> 1));
		if (value >> 1)
			ASSERT_EQ(buffer[0], '-');
		ASSERT_EQ(model_value(buffer + (value >> 1 ? 1 : 0), 10), value >> 1);
	}
}
