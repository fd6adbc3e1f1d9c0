/*
 * Per-CPU data.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

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
