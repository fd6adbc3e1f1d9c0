/*
 * arch/alternatives.h: read-modify-writes are compiled as loops of exclusives, which every CPU has.
 * Where there are the LSE instructions of Armv8.1, they take the loops' places; arch/atomic.h
 * leaves a record of each loop and of what to put there in the section .alternatives.
 *
 * The kernel's text is never writable where it is executable: the stores go through a second
 * mapping. It is done while one CPU runs, with interrupts disabled, and nothing here is itself
 * replaced: the code between the first and the last store has no atomics. Other CPUs start with
 * empty pipelines, after the caches were made to agree. lse_in_use: constant when other CPUs start.
 */
#include <arch/aarch64/port.h>
#include <arch/alternatives.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/log_hook.h>
#include <lib/panic.h>
#include <lib/string.h>

#define INSTRUCTION_NOP 0xd503201f
/* b, to so many instructions behind itself (DDI 0487, C6.2). */
#define INSTRUCTION_BRANCH(distance) (0x14000000 | (uint32_t)(distance))

/* Written by LSE_ALTERNATIVE; the next one follows the instructions. */
struct alternative {
	int32_t site;    /* from this member to the first instruction to replace */
	uint16_t length; /* instructions there */
	uint16_t count;  /* instructions to put there */
	uint32_t instructions[];
};

extern const char alternatives_start[];
extern const char alternatives_end[];

static bool lse_in_use;

/* ID_AA64ISAR0_EL1.Atomic */
static bool cpu_has_lse(void)
{
	return id_field(system_register_read(id_aa64isar0_el1), 20) >= 2;
}

/* The rest of the loop's place is jumped over, or, when it is one instruction, executed. */
static void alternative_apply(const struct alternative *alternative, char *code)
{
	uintptr_t site = (uintptr_t)&alternative->site + (uintptr_t)(intptr_t)alternative->site;
	uint32_t *place = (uint32_t *)(code + (site - (uintptr_t)text_start));
	unsigned rest = (unsigned)alternative->length - alternative->count;

	BUG_ON(site < (uintptr_t)text_start || site >= (uintptr_t)text_end);
	BUG_ON(alternative->count > alternative->length);
	memcpy(place, alternative->instructions, alternative->count * sizeof(place[0]));
	if (rest == 1)
		place[alternative->count] = INSTRUCTION_NOP;
	else if (rest > 1)
		place[alternative->count] = INSTRUCTION_BRANCH(rest);
	icache_synchronise(site, alternative->length * sizeof(place[0]));
}

int cpu_patch_code(void *(*map_code)(void), void (*unmap_code)(void *code))
{
	const struct alternative *next = (const struct alternative *)alternatives_start;
	unsigned applied = 0;
	char *code;

	if (!cpu_has_lse())
		return 0;
	code = map_code();
	if (!code)
		return -ENOMEM;
	while ((const char *)next < alternatives_end) {
		alternative_apply(next, code);
		next = (const struct alternative *)&next->instructions[next->count];
		applied++;
	}
	lse_in_use = true;
	unmap_code(code);
	log_print(LOG_INFO, "code: LSE instructions in %u places", applied);
	return 0;
}

const char *cpu_atomics_name(void)
{
	return lse_in_use ? "LSE" : "load and store exclusive";
}

/* Clusters may differ. The boot CPU says that this one did not come up. */
void cpu_check_code(void)
{
	if (lse_in_use && !cpu_has_lse())
		cpu_halt_forever();
}
