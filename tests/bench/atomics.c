/*
 * What each atomic operation and each fence costs: every width and order, on a word of its own.
 *
 * The operand is read from a volatile word once, outside the loop; the result is dropped, so what
 * is counted is the operation alone.
 */
#include <boot/bench.h>
#include <sync/spin/atomic.h>

static volatile uint64_t operand = 1;

#define BENCH_ATOMIC(bits, name, operation)                                                        \
	BENCH(atomic, name##_##bits)                                                               \
	{                                                                                          \
		static uint##bits##_t word __attribute__((aligned(64)));                           \
		uint##bits##_t value = (uint##bits##_t)operand;                                    \
                                                                                                   \
		(void)value;                                                                       \
		BENCH_LOOP                                                                         \
			operation;                                                                 \
	}

#define BENCH_LOAD(bits, order)                                                                    \
	BENCH_ATOMIC(bits, load_##order, (void)atomic_load_##order(&word))
#define BENCH_STORE(bits, order)                                                                   \
	BENCH_ATOMIC(bits, store_##order, atomic_store_##order(&word, value))

/* The comparison succeeds each time: the word holds what is expected and gets the same again. */
#define BENCH_COMPARE(bits, name)                                                                  \
	BENCH(atomic, name##_##bits)                                                               \
	{                                                                                          \
		static uint##bits##_t word __attribute__((aligned(64)));                           \
		uint##bits##_t expected = 0;                                                       \
                                                                                                   \
		BENCH_LOOP                                                                         \
			(void)atomic_##name(&word, &expected, (uint##bits##_t)0);                        \
	}

#define BENCH_MODIFY(bits, order)                                                                  \
	BENCH_ATOMIC(bits, exchange_##order, (void)atomic_exchange_##order(&word, value))                \
	BENCH_ATOMIC(bits, fetch_add_##order, (void)atomic_fetch_add_##order(&word, value))              \
	BENCH_ATOMIC(bits, fetch_sub_##order, (void)atomic_fetch_sub_##order(&word, value))              \
	BENCH_ATOMIC(bits, fetch_and_##order, (void)atomic_fetch_and_##order(&word, value))              \
	BENCH_ATOMIC(bits, fetch_or_##order, (void)atomic_fetch_or_##order(&word, value))                \
	BENCH_ATOMIC(bits, fetch_xor_##order, (void)atomic_fetch_xor_##order(&word, value))              \
	BENCH_COMPARE(bits, compare_exchange_##order)                                              \
	BENCH_COMPARE(bits, compare_exchange_weak_##order)

#define BENCH_WIDTH(bits)                                                                          \
	BENCH_LOAD(bits, relaxed)                                                                  \
	BENCH_LOAD(bits, acquire)                                                                  \
	BENCH_LOAD(bits, seq_cst)                                                                  \
	BENCH_STORE(bits, relaxed)                                                                 \
	BENCH_STORE(bits, release)                                                                 \
	BENCH_STORE(bits, seq_cst)                                                                 \
	BENCH_MODIFY(bits, relaxed)                                                                \
	BENCH_MODIFY(bits, acquire)                                                                \
	BENCH_MODIFY(bits, release)                                                                \
	BENCH_MODIFY(bits, acq_rel)                                                                \
	BENCH_MODIFY(bits, seq_cst)

BENCH_WIDTH(8)
BENCH_WIDTH(16)
BENCH_WIDTH(32)
BENCH_WIDTH(64)

#define BENCH_FENCE(name)                                                                          \
	BENCH(fence, name)                                                                         \
	{                                                                                          \
		BENCH_LOOP                                                                         \
			name();                                                                    \
	}

BENCH_FENCE(barrier)
BENCH_FENCE(smp_mb)
BENCH_FENCE(smp_rmb)
BENCH_FENCE(smp_wmb)
BENCH_FENCE(smp_fence_acquire)
BENCH_FENCE(smp_fence_release)
BENCH_FENCE(smp_fence_acq_rel)
BENCH_FENCE(smp_fence_seq_cst)
BENCH_FENCE(mb)
BENCH_FENCE(rmb)
BENCH_FENCE(wmb)
BENCH_FENCE(dma_mb)
BENCH_FENCE(dma_rmb)
BENCH_FENCE(dma_wmb)
