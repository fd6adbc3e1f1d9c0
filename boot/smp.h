/*
 * Bringing up the other CPUs.
 */
#ifndef BOOT_SMP_H
#define BOOT_SMP_H

#include <lib/boot_info.h>

/*
 * Starts every CPU of boot_info but the boot CPU and waits for them. One that does not come up in
 * SMP_PATIENCE_NS is reported by name and left out: should it come later, it finds itself abandoned
 * and halts. Boot CPU, once.
 */
void smp_start_cpus(const struct boot_info *info);

/*
 * Gives the boot CPU emergency stacks with guard pages, as all others have. Once, when there is
 * memory. -ENOMEM.
 */
int smp_guard_boot_cpu(void);

#define SMP_PATIENCE_NS 20000000000UL

#endif
