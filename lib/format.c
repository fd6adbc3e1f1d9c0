/*
 * Formatted text (lib/format.h): reads the format once, from left to right. Each conversion is
 * first parsed into a struct conversion, then printed; what does not fit in the buffer is counted
 * only, so a great width costs no time.
 */
#include <lib/format.h>
#include <lib/string.h>
#include <stdbool.h>
#include <stdint.h>

/* 64 bits in octal: the longest number. */
#define DIGITS_MAX 22

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text; more than size when it is cut */
	va_list arguments;
};

enum argument_length {
	LENGTH_CHAR,
	LENGTH_SHORT,
	LENGTH_INT,
	LENGTH_64, /* l, ll, z, t and j: one type on each of our machines */
};

struct conversion {
	bool left;
	bool zeros;
	bool plus;
	bool space;
	bool alternate;
	bool has_precision;
	size_t width;
	size_t precision;
	enum argument_length length;
	bool has_length;
	char letter;
};

/* Where the next byte goes, and how many of count still fit before the place of the NUL. */
static size_t output_room(const struct output *output, size_t count)
{
	if (output->length >= output->size)
		return 0;
	if (count > output->size - 1 - output->length)
		return output->size - 1 - output->length;
	return count;
}

static void output_bytes(struct output *output, const char *bytes, size_t count)
{
	size_t room = output_room(output, count);

	if (room > 0)
		memcpy(output->buffer + output->length, bytes, room);
	output->length += count;
}

static void output_fill(struct output *output, char byte, size_t count)
{
	size_t room = output_room(output, count);

	if (room > 0)
		memset(output->buffer + output->length, byte, room);
	output->length += count;
}

/* count zeros, then the text, with prefix before both, in a field of the conversion's width. */
static void output_field(struct output *output, const struct conversion *conversion,
			 const char *prefix, size_t zeros, const char *text, size_t text_length)
{
	size_t prefix_length = strlen(prefix);
	size_t used = prefix_length + zeros + text_length;
	size_t padding = conversion->width > used ? conversion->width - used : 0;

	if (!conversion->left)
		output_fill(output, ' ', padding);
	output_bytes(output, prefix, prefix_length);
	output_fill(output, '0', zeros);
	output_bytes(output, text, text_length);
	if (conversion->left)
		output_fill(output, ' ', padding);
}

/* A number in the format, limited to what an int may be there. */
static const char *parse_number(const char *at, size_t *number)
{
	size_t value = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (value <= __INT_MAX__)
			value = value * 10 + (size_t)(*at - '0');
	}
	*number = value <= __INT_MAX__ ? value : __INT_MAX__;
	return at;
}

static const char *parse_flags(const char *at, struct conversion *conversion)
{
	for (;; at++) {
		switch (*at) {
		case '0':
			conversion->zeros = true;
			break;
		case '-':
			conversion->left = true;
			break;
		case '+':
			conversion->plus = true;
			break;
		case ' ':
			conversion->space = true;
			break;
		case '#':
			conversion->alternate = true;
			break;
		default:
			return at;
		}
	}
}

static const char *parse_width(struct output *output, const char *at, struct conversion *conversion)
{
	int64_t width;

	if (*at != '*')
		return parse_number(at, &conversion->width);
	width = va_arg(output->arguments, int);
	if (width < 0)
		conversion->left = true;
	conversion->width = (size_t)(width < 0 ? -width : width);
	return at + 1;
}

static const char *parse_precision(struct output *output, const char *at,
				   struct conversion *conversion)
{
	int precision;

	if (*at != '.')
		return at;
	at++;
	conversion->has_precision = true;
	if (*at != '*')
		return parse_number(at, &conversion->precision);
	precision = va_arg(output->arguments, int);
	conversion->has_precision = precision >= 0;
	conversion->precision = precision >= 0 ? (size_t)precision : 0;
	return at + 1;
}

static const char *parse_length(const char *at, struct conversion *conversion)
{
	conversion->length = LENGTH_INT;
	switch (*at) {
	case 'h':
		conversion->has_length = true;
		conversion->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return at[1] == 'h' ? at + 2 : at + 1;
	case 'l':
		conversion->has_length = true;
		conversion->length = LENGTH_64;
		return at[1] == 'l' ? at + 2 : at + 1;
	case 'z':
	case 't':
	case 'j':
		conversion->has_length = true;
		conversion->length = LENGTH_64;
		return at + 1;
	default:
		return at;
	}
}

/* Reads what follows a percent sign; returns where the format goes on. */
static const char *parse_conversion(struct output *output, const char *at,
				    struct conversion *conversion)
{
	*conversion = (struct conversion){ 0 };
	at = parse_flags(at, conversion);
	at = parse_width(output, at, conversion);
	at = parse_precision(output, at, conversion);
	at = parse_length(at, conversion);
	conversion->letter = *at;
	return *at ? at + 1 : at;
}

static uint64_t next_unsigned(struct output *output, enum argument_length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (unsigned char)va_arg(output->arguments, unsigned int);
	case LENGTH_SHORT:
		return (unsigned short)va_arg(output->arguments, unsigned int);
	case LENGTH_INT:
		return va_arg(output->arguments, unsigned int);
	case LENGTH_64:
		break;
	}
	return va_arg(output->arguments, uint64_t);
}

static int64_t next_signed(struct output *output, enum argument_length length)
{
	switch (length) {
	case LENGTH_CHAR:
		return (signed char)va_arg(output->arguments, int);
	case LENGTH_SHORT:
		return (short)va_arg(output->arguments, int);
	case LENGTH_INT:
		return va_arg(output->arguments, int);
	case LENGTH_64:
		break;
	}
	return va_arg(output->arguments, int64_t);
}

/* Writes the digits so that they end at end; returns the first. No digits at all for 0. */
static char *write_digits(char *end, uint64_t value, unsigned int base, const char *digits)
{
	for (; value > 0; value /= base)
		*--end = digits[value % base];
	return end;
}

static void print_number(struct output *output, const struct conversion *conversion,
			 const char *prefix, uint64_t value, unsigned int base)
{
	char digits[DIGITS_MAX];
	char *end = digits + DIGITS_MAX;
	bool upper = conversion->letter == 'X';
	char *first = write_digits(end, value, base,
				   upper ? "0123456789ABCDEF" : "0123456789abcdef");
	size_t length = (size_t)(end - first);
	size_t least = conversion->has_precision ? conversion->precision : 1;

	if (base == 8 && conversion->alternate && least <= length)
		least = length + 1; /* an octal number shows itself by its first 0 */
	if (conversion->zeros && !conversion->left && !conversion->has_precision) {
		size_t prefix_length = strlen(prefix);

		if (conversion->width > prefix_length + least)
			least = conversion->width - prefix_length;
	}
	output_field(output, conversion, prefix, least > length ? least - length : 0, first,
		     length);
}

static void print_signed(struct output *output, const struct conversion *conversion)
{
	int64_t value = next_signed(output, conversion->length);
	uint64_t magnitude = (uint64_t)value;
	const char *prefix = "";

	if (value < 0) {
		magnitude = -magnitude;
		prefix = "-";
	} else if (conversion->plus) {
		prefix = "+";
	} else if (conversion->space) {
		prefix = " ";
	}
	print_number(output, conversion, prefix, magnitude, 10);
}

static void print_hexadecimal(struct output *output, const struct conversion *conversion)
{
	uint64_t value = next_unsigned(output, conversion->length);
	const char *prefix = "";

	if (conversion->alternate && value != 0)
		prefix = conversion->letter == 'X' ? "0X" : "0x";
	print_number(output, conversion, prefix, value, 16);
}

static void print_string(struct output *output, const struct conversion *conversion)
{
	const char *text = va_arg(output->arguments, const char *);
	size_t length;

	if (!text)
		text = "(null)";
	/* With a precision the text need not be terminated. */
	length = conversion->has_precision ? strnlen(text, conversion->precision) : strlen(text);
	output_field(output, conversion, "", 0, text, length);
}

static void print_pointer(struct output *output, const struct conversion *conversion)
{
	struct conversion digits = {
		.left = conversion->left,
		.width = conversion->width,
		.has_precision = true,
		.precision = 16,
	};

	print_number(output, &digits, "0x", (uintptr_t)va_arg(output->arguments, void *), 16);
}

static void print_character(struct output *output, const struct conversion *conversion)
{
	char character = (char)va_arg(output->arguments, int);

	output_field(output, conversion, "", 0, &character, 1);
}

/* False when the conversion is none of ours; no argument has been taken for its letter then. */
static bool print_conversion(struct output *output, const struct conversion *conversion)
{
	switch (conversion->letter) {
	case 'd':
	case 'i':
		print_signed(output, conversion);
		return true;
	case 'u':
		print_number(output, conversion, "", next_unsigned(output, conversion->length), 10);
		return true;
	case 'o':
		print_number(output, conversion, "", next_unsigned(output, conversion->length), 8);
		return true;
	case 'x':
	case 'X':
		print_hexadecimal(output, conversion);
		return true;
	}
	if (conversion->has_length)
		return false; /* no wide characters */
	switch (conversion->letter) {
	case 'c':
		print_character(output, conversion);
		return true;
	case 's':
		print_string(output, conversion);
		return true;
	case 'p':
		print_pointer(output, conversion);
		return true;
	case '%':
		output_bytes(output, "%", 1);
		return true;
	}
	return false;
}

int format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct output output = { .buffer = buffer, .size = size };
	const char *at = format;

	va_copy(output.arguments, arguments);
	while (*at) {
		struct conversion conversion;
		const char *start = at;

		while (*at && *at != '%')
			at++;
		output_bytes(&output, start, (size_t)(at - start));
		if (!*at)
			break;
		start = at;
		at = parse_conversion(&output, at + 1, &conversion);
		if (!print_conversion(&output, &conversion))
			output_bytes(&output, start, (size_t)(at - start));
	}
	va_end(output.arguments);
	if (size > 0)
		buffer[output.length < size ? output.length : size - 1] = '\0';
	return output.length <= __INT_MAX__ ? (int)output.length : __INT_MAX__;
}

int format_text(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_text_v(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
