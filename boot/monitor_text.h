/*
 * Text for a terminal of MONITOR_COLUMNS columns.
 */
#ifndef BOOT_MONITOR_TEXT_H
#define BOOT_MONITOR_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define MONITOR_COLUMNS 100

/*
 * Ends the row on which `column` characters stand already: text follows at column indent, broken
 * between words, each further row indented as well. A row that reaches up to indent is ended first.
 */
void monitor_print_wrapped(size_t column, size_t indent, const char *text);

/*
 * "639 KiB", "2 MiB", "254.9 MiB": a whole number where four digits are enough for it, else cut
 * after one decimal, not rounded. 16 bytes of text are enough.
 */
void monitor_format_bytes(char *text, size_t size, uint64_t bytes);

#endif
