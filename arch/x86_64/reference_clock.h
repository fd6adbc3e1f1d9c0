/*
 * Clocks of a known rate, against which clock.c measures the TSC and the local APIC timer: HPET,
 * ACPI power-management timer, PIT. Used once, at boot, by the boot CPU.
 */
#ifndef X86_64_REFERENCE_CLOCK_H
#define X86_64_REFERENCE_CLOCK_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stdint.h>

struct reference_clock {
	const char *name;
	uint64_t hz;
	uint64_t mask; /* counts modulo mask + 1 */

	/* Starts it; before each window of measurement. */
	void (*start)(void);
	/* The count; false when it has run out since the start, and the window is lost. */
	bool (*read)(uint64_t *count);
};

/*
 * The index-th of the clocks that this machine has, the best first; NULL when index is past the
 * last.
 */
const struct reference_clock *reference_clock_get(const struct boot_info *info, unsigned index,
						  void *(*map_device)(uint64_t base,
								      uint64_t size));

#endif
