/*
 * panic(): each call formats on its own stack, so that several CPUs may fail at once; which of
 * them is heard is for the reporter to decide. The reporter is set once, while only the boot CPU
 * runs, and constant afterwards.
 */
#include <lib/format.h>
#include <lib/panic.h>
#include <stdarg.h>

#define MESSAGE_SIZE 256

static void (*panic_reporter)(const char *message);

void panic_set_reporter(void (*reporter)(const char *message))
{
	panic_reporter = reporter;
}

_Noreturn void panic(const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	format_text_v(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (panic_reporter)
		panic_reporter(message);
	for (;;)
		;
}
