/*
 * The exception table: instructions that may fault, and where to go on when they do.
 *
 * A port marks such an instruction with EXTABLE_ENTRY in its assembly; boot/trap.c looks the
 * faulting address up before it calls a fault an error. Entries are pairs of self-relative 32-bit
 * offsets, so they need no relocation.
 */
#ifndef LIB_EXTABLE_H
#define LIB_EXTABLE_H

#ifdef __ASSEMBLER__
.macro EXTABLE_ENTRY instruction, fixup
	.pushsection .extable, "a"
	.balign 4
	.long \instruction - .
	.long \fixup - .
	.popsection
.endm
#else
#include <stdint.h>

/* The address to continue at after a fault at pc, or 0. Any context. */
uintptr_t extable_find_fixup(uintptr_t pc);

/* EXTABLE_ENTRY for inline assembly: both arguments are labels, in quotes. */
#define EXTABLE_INLINE(instruction, fixup)                                                     \
	".pushsection .extable, \"a\"\n.balign 4\n.long " instruction " - .\n.long " fixup           \
	" - .\n.popsection\n"
#endif

#endif
