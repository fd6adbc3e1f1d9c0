/*
 * Interrupts between CPUs, and calls over them.
 */
#include <arch/cpu.h>
#include <arch/interrupt.h>
#include <boot/test.h>
#include <dev/interrupt.h>
#include <lib/errno.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

TEST(interrupts, disable_and_restore_nest)
{
	ASSERT_TRUE(interrupts_enabled());
	unsigned long outer = interrupts_save();

	EXPECT(!interrupts_enabled());
	unsigned long inner = interrupts_save();

	EXPECT(!interrupts_enabled());
	interrupts_restore(inner);
	EXPECT(!interrupts_enabled());
	interrupts_restore(outer);
	EXPECT(interrupts_enabled());
}

/* Sends one interrupt from the CPU it runs on, remembering how many the target had before. */
struct shot {
	unsigned target;
	uint64_t before;
};

static void shoot(void *argument)
{
	struct shot *shot = argument;

	shot->before = interrupt_event_count(INTERRUPT_IPI, shot->target);
	ipi_send(shot->target);
}

TEST(interrupts, every_cpu_interrupts_every_cpu)
{
	unsigned pairs = 0;

	for_each_online_cpu(from) {
		for_each_online_cpu(to) {
			struct shot shot = { .target = (unsigned)to };

			EXPECT_EQ(on_cpu((unsigned)from, shoot, &shot), 0);
			/* The test's deadline ends a wait in vain. */
			while (interrupt_event_count(INTERRUPT_IPI, (unsigned)to) == shot.before)
				cpu_relax();
			pairs++;
		}
	}
	EXPECT_EQ(pairs, cpus_online_count() * cpus_online_count());
	test_note("%u pairs of CPUs", pairs);
}

static void note_cpu(void *argument)
{
	EXPECT(!interrupts_enabled());
	/* Relaxed: read after the call, which orders. */
	atomic_fetch_or_relaxed((uint64_t *)argument, (uint64_t)1 << cpu_current());
}

TEST(interrupts, calls_run_where_they_should)
{
	uint64_t seen = 0;

	for_each_online_cpu(cpu) {
		seen = 0;
		EXPECT_EQ(on_cpu((unsigned)cpu, note_cpu, &seen), 0);
		EXPECT_EQ(seen, (uint64_t)1 << cpu);
	}
	seen = 0;
	on_each_cpu(note_cpu, &seen);
	EXPECT_EQ(seen, cpus_online());
	seen = 0;
	on_cpus(cpus_online() & ~(uint64_t)1, note_cpu, &seen);
	EXPECT_EQ(seen, cpus_online() & ~(uint64_t)1);
	EXPECT_EQ(on_cpu(CPU_MAX, note_cpu, &seen), -EINVAL);
	EXPECT(interrupts_enabled());
}

/*
 * Each CPU calls everyone this often: the more CPUs, the fewer, for the whole grows with their
 * square.
 */
static unsigned storm_calls(void)
{
	return 1600 / cpus_online_count() + 1;
}

/* One word per CPU, counted up on that CPU by everyone's calls. */
static uint64_t storm_counts[CPU_MAX];

static void count_here(void *argument)
{
	(void)argument;
	/* Not atomic: calls to one CPU never overlap there, and that is part of what is tested. */
	storm_counts[cpu_current()]++;
}

/*
 * Runs on every CPU at once, with interrupts disabled: everyone calls everyone and serves the
 * others while it waits.
 */
static void call_everyone(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < storm_calls(); i++)
		on_each_cpu(count_here, NULL);
}

TEST(interrupts, storm_of_calls_with_interrupts_disabled)
{
	memset(storm_counts, 0, sizeof(storm_counts));
	on_each_cpu(call_everyone, NULL);
	for_each_online_cpu(cpu)
		EXPECT_EQ(storm_counts[cpu], (uint64_t)storm_calls() * cpus_online_count());
}

/* What on_cpu() promises about memory: plain data goes over and comes back. */
struct message {
	uint64_t question[64];
	uint64_t answer[64];
};

static void answer(void *argument)
{
	struct message *message = argument;

	for (unsigned i = 0; i < 64; i++)
		message->answer[i] = ~message->question[i];
}

TEST(interrupts, calls_carry_memory)
{
	struct message message;

	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 64; i++)
			message.question[i] = random_u64(test_random());
		on_cpu(round % cpus_online_count(), answer, &message);
		for (unsigned i = 0; i < 64; i++)
			ASSERT_EQ(message.answer[i], ~message.question[i]);
	}
}
