/*
 * Where a port's start.S goes: the only two names of an upper floor that a port knows.
 *
 * start.S of each port enters at physical addresses with the MMU off (or under the firmware's
 * identity map), calls early_map_image(), turns the MMU on with the identity root, jumps to the
 * link address, and calls kernel_start() on the boot stack. Other CPUs reach secondary_start() the
 * same way, through cpu_start().
 */
#ifndef BOOT_ENTRY_H
#define BOOT_ENTRY_H

#include <lib/boot_info.h>
#include <mm/early_map.h>
#include <stdint.h>

/*
 * The kernel's first C function at its link address: boot CPU, boot stack, interrupts disabled,
 * kernel image and its direct map mapped and nothing else, per-CPU offset 0. root: what the
 * protocol says, a physical address.
 */
_Noreturn void kernel_start(enum boot_protocol protocol, uint64_t root);

/*

 * The first C function of every other CPU: its own stack and per-CPU offset, interrupts disabled.

 */
_Noreturn void secondary_start(uint64_t cpu);

#endif
