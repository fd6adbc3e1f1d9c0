/*
 * Who uses which of the 256 interrupt vectors, and how a trap travels from trap_entry.S to the handlers.
 *
 *   0x00 .. 0x1f   exceptions (SDM vol. 3, table 6-1)
 *   0x20 .. 0xef   interrupt lines: GSI 0 and up
 *   0xf0 .. 0xff   the local APIC's own: highest priority class, so that a busy device never holds up an IPI
 */
#ifndef X86_64_VECTORS_H
#define X86_64_VECTORS_H

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

#define TRAP_STUB_SIZE 16    /* bytes from one vector's entry to the next */
#define TRAP_FRAME_RIP 0x88  /* offsetof(struct trap_frame, rip) */

#ifndef __ASSEMBLER__
#include <arch/trap.h>
#include <stdbool.h>

/* The entry of vector v is at trap_stubs + v * TRAP_STUB_SIZE. */
extern char trap_stubs[];

/* What every stub ends in. Interrupts disabled. */
void trap_dispatch(struct trap_frame *frame);

/*
 * Handles and completes an interrupt of the local or I/O APIC; false when nobody programmed its vector. Interrupts
 * disabled. Handlers of the timer and of IPIs run after the interrupt was completed, a line's handler before.
 */
bool interrupt_dispatch(struct trap_frame *frame, const struct trap_handlers *handlers);
#endif

#endif
