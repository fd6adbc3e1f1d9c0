/*
 * What each barrier is on this machine, for people: the `barriers` command, docs/barriers.md. First
 * the rows of arch/barrier.h, in its order; then the functions of arch/mmu.h and arch/io.h that are
 * made of them.
 */
#ifndef ARCH_BARRIER_TABLE_H
#define ARCH_BARRIER_TABLE_H

#include <stddef.h>

enum barrier_species {
	BARRIER_COMPILER,
	BARRIER_CPU,
	BARRIER_DEVICE,
	BARRIER_TRANSLATION,
	BARRIER_INSTRUCTION_FETCH,
};

struct barrier_row {
	enum barrier_species species;
	const char *name;        /* smp_mb() */
	const char *instruction; /* dmb ish; what the assembler takes, parted by "; ", or "" for
				    none */
	const char *orders;      /* [rw] -> [rw] */
	const char *reason;      /* why this instruction, and why it is enough */
};

extern const struct barrier_row barrier_table[];
extern const size_t barrier_table_rows;

#endif
