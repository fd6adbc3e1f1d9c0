/*
 * log_print() formats on the caller's stack and hands the line to the sink. The sink is set once,
 * while only the boot CPU runs, and constant afterwards.
 */
#include <lib/format.h>
#include <lib/log_hook.h>
#include <stdarg.h>
#include <stddef.h>

/*
 * 200 characters and the NUL, rounded up to a multiple of 16: the stack stays small in interrupt
 * handlers.
 */
#define LINE_SIZE 208

static void (*log_sink)(enum log_level level, const char *text);

void log_set_sink(void (*sink)(enum log_level level, const char *text))
{
	log_sink = sink;
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	if (!log_sink)
		return;
	va_start(arguments, format);
	format_text_v(line, sizeof(line), format, arguments);
	va_end(arguments);
	log_sink(level, line);
}
