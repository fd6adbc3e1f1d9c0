/*
 * Formatted text in a buffer of the caller's, with snprintf's meaning. Keeps no state, allocates
 * nothing, takes no lock: any context, panics included.
 *
 *   conversions  %d %i %u %x %X %o %c %s %p %%; no floating point, no %n
 *   flags        0 - + space #
 *   width        a number, or * for an int argument (a negative one means the flag -)
 *   precision    the same after a dot (a negative argument means none)
 *   lengths      hh h l ll z t j
 *
 * %p prints 0x and 16 hexadecimal digits, whatever its precision; %s of NULL prints (null). An
 * unknown conversion is printed as it stands and takes no argument but those of its stars.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most size bytes, NUL included; the buffer is terminated whenever size > 0, and may be
 * NULL when size is 0. Returns the length of the whole text without its NUL (INT_MAX when it is
 * more than that): a result >= size says that the text was cut.
 */
int format_text(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As format_text. Works on a copy of arguments, so the caller may use it once more. */
int format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
