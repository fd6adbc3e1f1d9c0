/*
 * Per-CPU data and spinlocks, as far as the boot stands on them.
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
