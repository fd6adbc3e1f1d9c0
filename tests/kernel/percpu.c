/*
 * Per-CPU data, atomics and spinlocks, as far as the boot stands on them.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>
#include <sync/spin/spinlock.h>

static DEFINE_PER_CPU(uint64_t, cell);
static DEFINE_PER_CPU(char, padding)[3];
static DEFINE_PER_CPU(uint64_t, second_cell);

static void write_cells(void *argument)
{
	uint64_t key = *(const uint64_t *)argument;

	this_cpu(cell) = key + cpu_current();
	this_cpu(second_cell) = ~key - cpu_current();
	this_cpu(padding)[1] = (char)cpu_current();
}

TEST(percpu, each_cpu_has_its_own_copy)
{
	uint64_t key = random_u64(test_random());

	on_each_cpu(write_cells, &key);
	for_each_online_cpu(cpu) {
		EXPECT_EQ(per_cpu(cell, (unsigned)cpu), key + cpu);
		EXPECT_EQ(per_cpu(second_cell, (unsigned)cpu), ~key - cpu);
		EXPECT_EQ(per_cpu(padding, (unsigned)cpu)[1], (char)cpu);
	}
	EXPECT_EQ((uintptr_t)&this_cpu(cell), (uintptr_t)&cell);
}

static void check_offset(void *argument)
{
	(void)argument;
	EXPECT_EQ(cpu_percpu_offset(), percpu_offset_of(cpu_current()));
	EXPECT_EQ((uintptr_t)&this_cpu(cell), (uintptr_t)&per_cpu(cell, cpu_current()));
}

TEST(percpu, offsets_agree)
{
	on_each_cpu(check_offset, NULL);
	for_each_online_cpu(a)
		for_each_online_cpu(b)
			if (a != b)
				EXPECT_GE((percpu_offset_of((unsigned)a) >
							   percpu_offset_of((unsigned)b)
						   ? percpu_offset_of((unsigned)a) -
							     percpu_offset_of((unsigned)b)
						   : percpu_offset_of((unsigned)b) -
							     percpu_offset_of((unsigned)a)),
					  percpu_area_size());
}

/* Each operation against what C's own arithmetic gives, in both widths. */
#define CHECK_ATOMICS(bits)                                                                        \
	static void check_atomics_##bits(void)                                                     \
	{                                                                                          \
		for (unsigned i = 0; i < 1000; i++) {                                              \
			uint##bits##_t a = (uint##bits##_t)random_u64(test_random());              \
			uint##bits##_t b = (uint##bits##_t)random_u64(test_random());              \
			uint##bits##_t word = a;                                                   \
			uint##bits##_t expected = b;                                               \
                                                                                                   \
			EXPECT_EQ(atomic_load_relaxed(&word), a);                                  \
			EXPECT_EQ(atomic_load_acquire(&word), a);                                  \
			EXPECT_EQ(atomic_fetch_add_relaxed(&word, b), a);                          \
			EXPECT_EQ(word, (uint##bits##_t)(a + b));                                  \
			EXPECT_EQ(atomic_fetch_add_acq_rel(&word, (uint##bits##_t) - b),           \
				  (uint##bits##_t)(a + b));                                        \
			EXPECT_EQ(atomic_fetch_or_acq_rel(&word, b), a);                           \
			EXPECT_EQ(word, a | b);                                                    \
			EXPECT_EQ(atomic_fetch_and_release(&word, b), a | b);                      \
			EXPECT_EQ(word, b);                                                        \
			EXPECT_EQ(atomic_exchange_acquire(&word, a), b);                           \
			EXPECT_EQ(atomic_exchange_acq_rel(&word, a), a);                           \
			EXPECT_EQ(atomic_compare_exchange_acq_rel(&word, &expected, b), a == b);   \
			EXPECT_EQ(expected, a);                                                    \
			EXPECT(atomic_compare_exchange_release(&word, &expected, b));              \
			EXPECT_EQ(word, b);                                                        \
			atomic_store_release(&word, a);                                            \
			EXPECT_EQ(word, a);                                                        \
			atomic_store_relaxed(&word, b);                                            \
			EXPECT_EQ(word, b);                                                        \
		}                                                                                  \
	}

CHECK_ATOMICS(32)
CHECK_ATOMICS(64)

TEST(atomic, values)
{
	check_atomics_32();
	check_atomics_64();
}

#define STORM_ROUNDS 20000

static struct {
	uint32_t narrow;
	uint64_t wide;
	uint64_t by_compare;
	uint64_t bits_set;
} storm;

static void storm_here(void *argument)
{
	uint64_t self = (uint64_t)1 << cpu_current();

	(void)argument;
	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		uint64_t old = atomic_load_relaxed(&storm.by_compare);

		atomic_fetch_add_relaxed(&storm.narrow, (uint32_t)3);
		atomic_fetch_add_acq_rel(&storm.wide, (uint64_t)5);
		while (!atomic_compare_exchange_relaxed(&storm.by_compare, &old, old + 7))
			cpu_relax();
		/* Each CPU sets and clears its own bit: it must find it as it left it. */
		if (atomic_fetch_or_acq_rel(&storm.bits_set, self) & self)
			test_fail(__FILE__, __LINE__, "CPU %u found its bit set", cpu_current());
		if (!(atomic_fetch_and_acq_rel(&storm.bits_set, ~self) & self))
			test_fail(__FILE__, __LINE__, "CPU %u found its bit clear", cpu_current());
	}
}

TEST(atomic, storm_totals_are_exact)
{
	uint64_t rounds = (uint64_t)STORM_ROUNDS * cpus_online_count();

	memset(&storm, 0, sizeof(storm));
	on_each_cpu(storm_here, NULL);
	EXPECT_EQ(storm.narrow, (uint32_t)(3 * rounds));
	EXPECT_EQ(storm.wide, 5 * rounds);
	EXPECT_EQ(storm.by_compare, 7 * rounds);
	EXPECT_EQ(storm.bits_set, 0);
}

#define LOCK_ROUNDS 5000

/* Protects: guarded. */
static struct spinlock test_lock = SPINLOCK_INITIALISER("test");

/* Plain words, changed in several steps: without the lock, updates get lost. */
static volatile uint64_t guarded[2];

static void lock_here(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < LOCK_ROUNDS; i++) {
		spinlock_lock(&test_lock);
		uint64_t value = guarded[0];

		if (guarded[1] != ~value)
			test_fail(__FILE__, __LINE__, "CPU %u found the words apart",
				  cpu_current());
		guarded[0] = value + 1;
		cpu_relax();
		guarded[1] = ~(value + 1);
		spinlock_unlock(&test_lock);
	}
}

TEST(spinlock, no_update_is_lost)
{
	guarded[0] = 0;
	guarded[1] = ~(uint64_t)0;
	on_each_cpu(lock_here, NULL);
	EXPECT_EQ(guarded[0], (uint64_t)LOCK_ROUNDS * cpus_online_count());
}

TEST(spinlock, try_lock_says_who_holds)
{
	EXPECT(spinlock_try_lock(&test_lock));
	EXPECT(spinlock_held_here(&test_lock));
	EXPECT(!spinlock_try_lock(&test_lock));
	spinlock_unlock(&test_lock);
	EXPECT(!spinlock_held_here(&test_lock));

	unsigned long flags = spinlock_lock_irqsave(&test_lock);

	EXPECT(!interrupts_enabled());
	spinlock_unlock_irqrestore(&test_lock, flags);
	EXPECT(interrupts_enabled());
}
