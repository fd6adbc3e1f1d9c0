/*
 * What happens at a trap: the portable half.
 */
#ifndef BOOT_TRAP_H
#define BOOT_TRAP_H

#include <arch/trap.h>
#include <stdbool.h>

/* Registers the handlers with the port. Boot CPU, once, before cpu_init(). */
void trap_init(void);

/* Whether a trap on this CPU would be handled: after cpu_init(). */
bool trap_is_ready(void);
void trap_set_ready(void);

/* The frame that this CPU's innermost trap or interrupt saved, or NULL outside of one. */
const struct trap_frame *trap_current_frame(void);

/*
 * For tests: sees each exception on any CPU before it is judged; true: handled, resume the frame.
 * NULL takes it away. Ordering: the hook's own data must be written before the call.
 */
void trap_set_hook(bool (*hook)(struct trap *trap));

#endif
