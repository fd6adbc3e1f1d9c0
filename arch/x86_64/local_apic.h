/*
 * The local APIC: one per CPU, at the same address on each. SDM vol. 3, chapter 11.
 *
 * Driven through its registers in memory (xAPIC), or through MSRs when the firmware has switched to
 * x2APIC already: that cannot be undone without a reset of the APIC. Each function but
 * local_apic_init() acts on the calling CPU's own.
 */
#ifndef X86_64_LOCAL_APIC_H
#define X86_64_LOCAL_APIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Commands of the interrupt command register (SDM vol. 3, 11.6.1); a fixed interrupt is its vector.
 */
#define APIC_COMMAND_NMI 0x04400
#define APIC_COMMAND_INIT 0x04500
#define APIC_COMMAND_STARTUP 0x04600 /* | page number */

enum local_apic_timer_mode { APIC_TIMER_ONE_SHOT, APIC_TIMER_TSC_DEADLINE };

/* Maps it and enables the boot CPU's. Boot CPU, once, interrupts disabled. -ENOMEM. */
int local_apic_init(uint64_t base, void *(*map_device)(uint64_t base, uint64_t size));

/* Enables this CPU's, with every local source masked but errors. Interrupts disabled. */
void local_apic_init_cpu(void);

/* Completes the interrupt being handled. */
void local_apic_complete(void);

/* Logs and clears what the error interrupt reports. */
void local_apic_report_error(void);

/*
 * Sends a command to the CPU with a local APIC id; returns when this APIC has passed it on. Any
 * context. -EIO: it did not within a generous time. Ordering: earlier stores are visible to the CPU
 * that gets the interrupt.
 */
int local_apic_send(uint32_t apic_id, uint32_t command);

/*
 * Lets the timer interrupt on VECTOR_TIMER, or only count (interrupt false). It does not run yet.
 */
void local_apic_timer_init(enum local_apic_timer_mode mode, bool interrupt);

/* One-shot mode: starts the count down to 0, where the interrupt is; 0 stops it. */
void local_apic_timer_start(uint32_t count);
uint32_t local_apic_timer_read(void);

#endif
