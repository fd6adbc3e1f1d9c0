/*
 * What start.S, trampoline.S and smp.c have to agree on.
 */
#ifndef X86_64_START_H
#define X86_64_START_H

#define START_PROTOCOL_PVH 1
#define START_PROTOCOL_BOOT_INFO 3

#define APIC_ID_COUNT 256

#ifndef __ASSEMBLER__
#include <arch/smp.h>
#include <lib/boot_info.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(BOOT_PROTOCOL_PVH == START_PROTOCOL_PVH, "start.S passes it");
_Static_assert(BOOT_PROTOCOL_BOOT_INFO == START_PROTOCOL_BOOT_INFO, "start.S passes it");

/*
 * By local APIC id. A CPU looks itself up when it arrives, however late that is, so that it can never take the stack of
 * another. Written before the CPU is started, never cleared.
 */
extern const struct cpu_start *cpu_start_table[APIC_ID_COUNT];

/* The trampoline as linked: position-independent but for the parameters, which are filled in where it was copied to. */
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

/* mm/early_map.h's early_identity_root, at its link address: start.S hands it down, as a port names nothing above it. */
extern uint64_t *const start_identity_root;
#endif

/* Offsets in struct trampoline_parameters; smp.c asserts them. */
#define TRAMPOLINE_PROTECTED_ENTRY 6
#define TRAMPOLINE_LONG_ENTRY 12
#define TRAMPOLINE_IDENTITY_ROOT 18
#define TRAMPOLINE_KERNEL_ROOT 22
#define TRAMPOLINE_PARAMETERS_SIZE 30

#endif
