/*
 * The monitor: a prompt on the console, to look at the machine and poke it.
 */
#ifndef BOOT_MONITOR_H
#define BOOT_MONITOR_H

/* Reads and runs commands until one of them ends the machine. Boot CPU, interrupts enabled. */
_Noreturn void monitor_run(void);

#endif
