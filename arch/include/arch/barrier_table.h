/*
 * What each barrier is on this machine, for the `barriers` command: one row per name of
 * arch/barrier.h.
 */
#ifndef ARCH_BARRIER_TABLE_H
#define ARCH_BARRIER_TABLE_H

#include <stddef.h>

struct barrier_row {
	const char *name;        /* smp_mb() */
	const char *instruction; /* dmb ish */
	const char *reason;      /* what it orders, and why this is enough */
};

extern const struct barrier_row barrier_table[];
extern const size_t barrier_table_rows;

#endif
