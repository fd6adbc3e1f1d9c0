/*
 * The rows of tests/kernel/atomic_table.h. Constant; no lock.
 */
#include <sync/spin/atomic.h>
#include <tests/kernel/atomic_table.h>

#define DEFINE_LOAD(bits, order)                                                                   \
	static uint64_t load_##order##_##bits(const void *p)                                       \
	{                                                                                          \
		return atomic_load_##order((const uint##bits##_t *)p);                             \
	}

#define DEFINE_STORE(bits, order)                                                                  \
	static void store_##order##_##bits(void *p, uint64_t value)                                \
	{                                                                                          \
		atomic_store_##order((uint##bits##_t *)p, (uint##bits##_t)value);                  \
	}

#define DEFINE_MODIFY(bits, name)                                                                  \
	static uint64_t name##_##bits(void *p, uint64_t value)                                     \
	{                                                                                          \
		return atomic_##name((uint##bits##_t *)p, (uint##bits##_t)value);                  \
	}

#define DEFINE_COMPARE(bits, name)                                                                 \
	static bool name##_##bits(void *p, uint64_t *expected, uint64_t desired)                   \
	{                                                                                          \
		uint##bits##_t found = (uint##bits##_t) * expected;                                \
		bool done = atomic_##name((uint##bits##_t *)p, &found, (uint##bits##_t)desired);   \
                                                                                                   \
		*expected = found;                                                                 \
		return done;                                                                       \
	}

#define DEFINE_ORDER(bits, order)                                                                  \
	DEFINE_MODIFY(bits, exchange_##order)                                                      \
	DEFINE_MODIFY(bits, fetch_add_##order)                                                     \
	DEFINE_MODIFY(bits, fetch_sub_##order)                                                     \
	DEFINE_MODIFY(bits, fetch_and_##order)                                                     \
	DEFINE_MODIFY(bits, fetch_or_##order)                                                      \
	DEFINE_MODIFY(bits, fetch_xor_##order)                                                     \
	DEFINE_COMPARE(bits, compare_exchange_##order)                                             \
	DEFINE_COMPARE(bits, compare_exchange_weak_##order)

#define DEFINE_WIDTH(bits)                                                                         \
	DEFINE_LOAD(bits, relaxed)                                                                 \
	DEFINE_LOAD(bits, acquire)                                                                 \
	DEFINE_LOAD(bits, seq_cst)                                                                 \
	DEFINE_STORE(bits, relaxed)                                                                \
	DEFINE_STORE(bits, release)                                                                \
	DEFINE_STORE(bits, seq_cst)                                                                \
	DEFINE_ORDER(bits, relaxed)                                                                \
	DEFINE_ORDER(bits, acquire)                                                                \
	DEFINE_ORDER(bits, release)                                                                \
	DEFINE_ORDER(bits, acq_rel)                                                                \
	DEFINE_ORDER(bits, seq_cst)

DEFINE_WIDTH(8)
DEFINE_WIDTH(16)
DEFINE_WIDTH(32)
DEFINE_WIDTH(64)

#define ROW(width, kind_, member, function)                                                        \
	{                                                                                          \
		.name = #function, .bits = width, .kind = ATOMIC_KIND_##kind_,                     \
		.member = function##_##width                                                       \
	}

#define ROWS_OF_ORDER(bits, order)                                                                 \
	ROW(bits, EXCHANGE, modify, exchange_##order), ROW(bits, ADD, modify, fetch_add_##order),  \
		ROW(bits, SUB, modify, fetch_sub_##order),                                         \
		ROW(bits, AND, modify, fetch_and_##order),                                         \
		ROW(bits, OR, modify, fetch_or_##order),                                           \
		ROW(bits, XOR, modify, fetch_xor_##order),                                         \
		ROW(bits, COMPARE, compare, compare_exchange_##order),                             \
		ROW(bits, COMPARE_WEAK, compare, compare_exchange_weak_##order)

#define ROWS_OF_WIDTH(bits)                                                                        \
	ROW(bits, LOAD, load, load_relaxed), ROW(bits, LOAD, load, load_acquire),                  \
		ROW(bits, LOAD, load, load_seq_cst), ROW(bits, STORE, store, store_relaxed),       \
		ROW(bits, STORE, store, store_release), ROW(bits, STORE, store, store_seq_cst),    \
		ROWS_OF_ORDER(bits, relaxed), ROWS_OF_ORDER(bits, acquire),                        \
		ROWS_OF_ORDER(bits, release), ROWS_OF_ORDER(bits, acq_rel),                        \
		ROWS_OF_ORDER(bits, seq_cst)

const struct atomic_row atomic_table[] = {
	ROWS_OF_WIDTH(8),
	ROWS_OF_WIDTH(16),
	ROWS_OF_WIDTH(32),
	ROWS_OF_WIDTH(64),
};

const size_t atomic_table_rows = sizeof(atomic_table) / sizeof(atomic_table[0]);
