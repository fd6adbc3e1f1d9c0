/*
 * Monotonic time in nanoseconds since boot, the same on every CPU.
 */
#ifndef DEV_CLOCK_H
#define DEV_CLOCK_H

#include <lib/boot_info.h>
#include <stdint.h>

#define NS_PER_SECOND 1000000000UL
#define NS_PER_MS 1000000UL

/* Finds the counter; time starts here. Boot CPU, once. Errors as clock_counter_init(). */
int clock_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size));

/*
 * Nanoseconds since clock_init(); 0 before. Never goes backwards, on whichever CPUs it is read. Any
 * context.
 */
uint64_t clock_ns(void);

/*

 * The count at which clock_ns() will have reached ns: rounded up, so a wait for it is never short.

 */
uint64_t clock_ns_to_count(uint64_t ns);

#endif
