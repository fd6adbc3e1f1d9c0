/*
 * Ways out of the machine, and the last resort for a message before there is a console.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * QEMU's exit status on success and on failure, the same on each machine; any other status is a
 * crash.
 */
#define MACHINE_EXIT_SUCCESS 33
#define MACHINE_EXIT_FAILURE 35

/*
 * Remembers and maps what the functions below need. Boot CPU, once; before it they do their best.
 * -ENOMEM.
 */
int machine_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size));

/* Ends QEMU with an exit status; where there is no QEMU, powers off. Any context. */
_Noreturn void machine_exit(bool success);

/*
 * Powers off (QEMU's exit status 0), restarts. When the machine has no way to, says so and halts.
 * Any context.
 */
_Noreturn void machine_poweroff(void);
_Noreturn void machine_reboot(void);

/*
 * Writes text somewhere a person may see it when no console was found: the fixed COM1, semihosting,
 * SBI's console. For panics during boot. Any context; polls; may have no effect.
 */
void machine_early_write(const char *text, size_t size);

#endif
