/*
 * The kernel log: a ring of lines with time, CPU and level; those important enough also go to the
 * console.
 */
#ifndef DEV_LOG_H
#define DEV_LOG_H

#include <lib/log_hook.h>

/* Makes log_print() keep its lines here. First thing at boot. */
void log_init(void);

/* Shows on the console the lines kept so far, and each later one, up to a level. */
void log_start_console(void);
void log_set_console_level(enum log_level level);

/* Writes the whole ring to the console, oldest line first. */
void log_show(void);

#endif
