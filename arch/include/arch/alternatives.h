/*
 * Code that is compiled for every CPU of the architecture, and made better at boot for the one at
 * hand. On machines with nothing to gain, nothing is done.
 */
#ifndef ARCH_ALTERNATIVES_H
#define ARCH_ALTERNATIVES_H

/*
 * Replaces instruction sequences by better ones that this CPU has. Boot CPU, once, when the page
 * tables stand, interrupts disabled, before other CPUs start. map_code gives the kernel's text,
 * from text_start on, a second time, writable and not executable, or NULL; unmap_code ends that.
 * -ENOMEM: map_code gave NULL; the code stays as it was, which is right on every CPU.
 */
int cpu_patch_code(void *(*map_code)(void), void (*unmap_code)(void *code));

/* What read-modify-writes of 32 bits are made of now: "lock prefix", "LSE", …; for people. */
const char *cpu_atomics_name(void);

#endif
