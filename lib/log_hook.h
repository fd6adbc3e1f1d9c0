/*
 * A line for the log. Declared on the lowest floor so that ports and libraries may speak; dev/log.c
 * keeps the ring and shows the lines on the console.
 */
#ifndef LIB_LOG_HOOK_H
#define LIB_LOG_HOOK_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * One line, without the newline; time and CPU are added. Any context; lines of over 200 characters
 * are cut.
 */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Who gets the lines, formatted and cut, from any context; until then they are dropped. Called
 * once, at boot, while only the boot CPU runs.
 */
void log_set_sink(void (*sink)(enum log_level level, const char *text));

#endif
