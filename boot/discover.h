/*
 * From whatever the entry protocol left to one struct boot_info and one memory map.
 */
#ifndef BOOT_DISCOVER_H
#define BOOT_DISCOVER_H

#include <boot/machine_info.h>

/*
 * Reads the protocol's structures and the hardware description; refuses to boot (boot_refuse())
 * when they make no sense or no memory is left. Afterwards machine_boot_info() and
 * machine_memory_map() are valid. Boot CPU, once.
 */
void discover_machine(enum boot_protocol protocol, uint64_t root);

/* Physical memory, whole pages, with what is taken marked as such; for early_alloc_init(). */
struct memory_map *machine_memory_map(void);

#endif
