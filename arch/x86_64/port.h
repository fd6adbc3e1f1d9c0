/*
 * What the files of this port say to each other.
 *
 * Interrupt vectors:
 *
 *   0x00 .. 0x1f   exceptions (SDM vol. 3, table 6-1)
 *   0x20 .. 0xef   interrupt lines: GSI 0 and up
 *   0xf0 .. 0xff   the local APIC's own: the highest class, so that no device holds up an IPI
 */
#ifndef X86_64_PORT_H
#define X86_64_PORT_H

#include <arch/smp.h>
#include <arch/trap.h>
#include <stdbool.h>
#include <stdint.h>

#define VECTOR_COUNT 256
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_LINE_FIRST 0x20
#define VECTOR_LINE_COUNT 208
#define VECTOR_TIMER 0xf0
#define VECTOR_IPI 0xf1
#define VECTOR_APIC_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

/* The entry of vector v is at trap_stubs + v * TRAP_STUB_SIZE. */
extern char trap_stubs[];

/* What every stub ends in. Interrupts disabled. */
void trap_dispatch(struct trap_frame *frame);

/*
 * Handles and completes an interrupt of the local or I/O APIC; false when nobody programmed its
 * vector. Interrupts disabled. Handlers of the timer and of IPIs run after the interrupt was
 * completed, a line's handler before.
 */
bool interrupt_dispatch(struct trap_frame *frame, const struct trap_handlers *handlers);

#define APIC_ID_COUNT 256

/*
 * By local APIC id. A CPU looks itself up when it arrives, however late that is, so that it can
 * never take the stack of another. Written before the CPU is started, never cleared.
 */
extern const struct cpu_start *cpu_start_table[APIC_ID_COUNT];

/*
 * The trampoline as linked: position-independent but for the parameters, which are filled in where
 * it was copied to.
 */
extern const char trampoline_start[];
extern const char trampoline_parameters[];
extern const char trampoline_end[];
extern const char trampoline_gdt[];
extern const char trampoline_protected[];
extern const char trampoline_long[];

struct __attribute__((packed)) trampoline_parameters {
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint32_t protected_entry;
	uint16_t protected_selector;
	uint32_t long_entry;
	uint16_t long_selector;
	uint32_t identity_root;
	uint64_t kernel_root;
};

/*
 * mm/early_map.h's early_identity_root, at its link address: start.S hands it down, as a port names
 * nothing above it.
 */
extern uint64_t *const start_identity_root;

#endif
