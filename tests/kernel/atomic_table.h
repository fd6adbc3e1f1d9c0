/*
 * Every atomic operation of sync/spin/atomic.h, in every width and order, as a row of a table: each
 * row's function does that one operation, so a disassembly of atomic_table.c shows what it becomes.
 */
#ifndef TESTS_KERNEL_ATOMIC_TABLE_H
#define TESTS_KERNEL_ATOMIC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum atomic_kind {
	ATOMIC_KIND_LOAD,
	ATOMIC_KIND_STORE,
	ATOMIC_KIND_EXCHANGE,
	ATOMIC_KIND_ADD,
	ATOMIC_KIND_SUB,
	ATOMIC_KIND_AND,
	ATOMIC_KIND_OR,
	ATOMIC_KIND_XOR,
	ATOMIC_KIND_COMPARE,
	ATOMIC_KIND_COMPARE_WEAK,
};

/* Values are those of the width, zero-extended; the other member functions are NULL. */
struct atomic_row {
	const char *name; /* "fetch_add_acq_rel", 8 */
	unsigned bits;
	enum atomic_kind kind;
	uint64_t (*load)(const void *p);
	void (*store)(void *p, uint64_t value);
	uint64_t (*modify)(void *p, uint64_t value); /* exchange, fetch_…: the old value */
	bool (*compare)(void *p, uint64_t *expected, uint64_t desired);
};

extern const struct atomic_row atomic_table[];
extern const size_t atomic_table_rows;

/* The largest value of a width. */
static inline uint64_t atomic_row_mask(const struct atomic_row *row)
{
	return ~(uint64_t)0 >> (64 - row->bits);
}

#endif
