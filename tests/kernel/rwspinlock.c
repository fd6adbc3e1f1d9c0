/*
 * Reader-writer spinlocks: never a writer with anyone, readers together, neither starved.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>
#include <sync/spin/rwspinlock.h>
#include <tests/kernel/storm.h>

#define LINGER_NS 500
#define READS_PER_WRITE 6

struct rw_kind {
	void (*read_lock)(void);
	void (*read_unlock)(void);
	void (*write_lock)(void);
	void (*write_unlock)(void);
};

static struct rwspinlock lock = RWSPINLOCK_INITIALISER("read and written");

static void read_lock(void)
{
	rwspinlock_read_lock(&lock);
}

static void read_unlock(void)
{
	rwspinlock_read_unlock(&lock);
}

static void write_lock(void)
{
	rwspinlock_write_lock(&lock);
}

static void write_unlock(void)
{
	rwspinlock_write_unlock(&lock);
}

static const struct rw_kind real = { read_lock, read_unlock, write_lock, write_unlock };

/* Twin: a writer keeps writers and new readers out, but does not wait for the readers that are in.
 */
static uint32_t twin_writer;

static void twin_read_lock(void)
{
	while (atomic_load_relaxed(&twin_writer))
		cpu_relax();
}

static void twin_read_unlock(void)
{
}

static void twin_write_lock(void)
{
	while (atomic_exchange_relaxed(&twin_writer, 1))
		cpu_relax();
}

static void twin_write_unlock(void)
{
	atomic_store_relaxed(&twin_writer, 0);
}

static const struct rw_kind twin = { twin_read_lock, twin_read_unlock, twin_write_lock,
				     twin_write_unlock };

/* Who is in; all atomic, but for the words that only writers change. */
static struct {
	uint32_t readers;
	uint32_t writers;
	uint32_t readers_most;
	uint32_t broken; /* times that somebody was with a writer */
	uint64_t writes;
	volatile uint64_t value;
	volatile uint64_t complement;
} seen;

static DEFINE_PER_CPU(uint32_t, turn_number);

static void note_most(uint32_t readers)
{
	uint32_t most = atomic_load_relaxed(&seen.readers_most);

	while (readers > most &&
	       !atomic_compare_exchange_relaxed(&seen.readers_most, &most, readers))
		cpu_relax();
}

/* What the words say is read at both ends of the section. */
static bool words_are_apart(void)
{
	return seen.value != ~seen.complement;
}

static void read_turn(const struct rw_kind *kind)
{
	bool broken;

	kind->read_lock();
	note_most(atomic_fetch_add_relaxed(&seen.readers, 1) + 1);
	broken = words_are_apart() || atomic_load_relaxed(&seen.writers);
	storm_linger(LINGER_NS);
	broken |= words_are_apart() || atomic_load_relaxed(&seen.writers);
	atomic_fetch_sub_relaxed(&seen.readers, 1);
	kind->read_unlock();
	if (broken)
		atomic_fetch_add_relaxed(&seen.broken, 1);
}

static void write_turn(const struct rw_kind *kind)
{
	bool broken;

	kind->write_lock();
	broken = atomic_fetch_add_relaxed(&seen.writers, 1) != 0 ||
		 atomic_load_relaxed(&seen.readers);
	seen.value++;
	storm_linger(LINGER_NS);
	seen.complement = ~seen.value;
	broken |= atomic_load_relaxed(&seen.readers) != 0;
	atomic_fetch_sub_relaxed(&seen.writers, 1);
	kind->write_unlock();
	atomic_fetch_add_relaxed(&seen.writes, 1);
	if (broken)
		atomic_fetch_add_relaxed(&seen.broken, 1);
}

static void mixed_turn(void *argument)
{
	if (this_cpu(turn_number)++ % (READS_PER_WRITE + 1) == 0)
		write_turn(argument);
	else
		read_turn(argument);
}

static struct storm storm;

/* The test body: whether somebody was seen together with a writer, or a write was lost. */
static bool exclusion_broke(const struct rw_kind *kind, uint64_t ms)
{
	memset(&seen, 0, sizeof(seen));
	seen.complement = ~(uint64_t)0;
	storm = (struct storm){ .turn = mixed_turn, .argument = (void *)(uintptr_t)kind, .ms = ms };
	storm_run(&storm);
	return seen.broken || seen.value != seen.writes;
}

TEST(rwspinlock, writers_are_alone)
{
	uint32_t most = 0;

	/* That readers were together must be seen; a busy host may need several storms for it. */
	for (unsigned i = 0; i < 3 || (i < 100 && most < 2 && cpus_online_count() > 1); i++) {
		EXPECT(!exclusion_broke(&real, 200));
		most = seen.readers_most > most ? seen.readers_most : most;
	}
	if (cpus_online_count() > 1)
		EXPECT_GT(most, 1);
	test_note("%u readers together at most; %llu writes in the last storm", most,
		  (unsigned long long)seen.writes);
}

static bool catch_twin(void *argument)
{
	return exclusion_broke(argument, 100);
}

TEST(rwspinlock, broken_twin_lets_them_meet)
{
	if (cpus_online_count() == 1) {
		test_skip("one CPU excludes itself");
		return;
	}
	EXPECT(storm_catches(catch_twin, (void *)(uintptr_t)&twin,
			     "a writer that does not wait for readers"));
}

/* The boot CPU writes, the others read without a pause; and the other way round. */
static void one_against_all(void *argument)
{
	bool boot_cpu_writes = *(const bool *)argument;

	if ((cpu_current() == 0) == boot_cpu_writes)
		write_turn(&real);
	else
		read_turn(&real);
}

TEST(rwspinlock, neither_kind_starves_the_other)
{
	bool boot_cpu_writes = true;

	for (unsigned i = 0; i < 2; i++, boot_cpu_writes = !boot_cpu_writes) {
		memset(&seen, 0, sizeof(seen));
		seen.complement = ~(uint64_t)0;
		storm = (struct storm){ .turn = one_against_all,
					.argument = &boot_cpu_writes,
					.turns_each = 10 };
		storm_run(&storm);
		EXPECT_EQ(seen.broken, 0);
		test_note("%s: %llu turns in all until each CPU had 10",
			  boot_cpu_writes ? "one writer" : "one reader",
			  (unsigned long long)storm_total(&storm));
	}
}

static void try_beside_reader(void *argument)
{
	(void)argument;
	EXPECT(!rwspinlock_write_try_lock(&lock));
	if (rwspinlock_read_try_lock(&lock))
		rwspinlock_read_unlock(&lock);
	else
		test_fail(__FILE__, __LINE__, "a reader keeps a reader out");
}

static void try_beside_writer(void *argument)
{
	(void)argument;
	EXPECT(!rwspinlock_write_try_lock(&lock));
	EXPECT(!rwspinlock_read_try_lock(&lock));
}

TEST(rwspinlock, try_locks_say_who_holds)
{
	uint64_t others = cpus_online() & ~(uint64_t)1;

	ASSERT_TRUE(rwspinlock_read_try_lock(&lock));
	EXPECT(!rwspinlock_write_try_lock(&lock));
	/*
	 * One after the other: two readers that try may keep each other out for a moment, never a
	 * reader that reads.
	 */
	for_each_online_cpu(cpu)
		if (others >> cpu & 1)
			on_cpu((unsigned)cpu, try_beside_reader, NULL);
	rwspinlock_read_unlock(&lock);
	ASSERT_TRUE(rwspinlock_write_try_lock(&lock));
	on_cpus(others, try_beside_writer, NULL);
	rwspinlock_write_unlock(&lock);

	unsigned long flags = rwspinlock_write_lock_irqsave(&lock);

	EXPECT(!interrupts_enabled());
	rwspinlock_write_unlock_irqrestore(&lock, flags);
	EXPECT(interrupts_enabled());
	flags = rwspinlock_read_lock_irqsave(&lock);
	EXPECT(!interrupts_enabled());
	rwspinlock_read_unlock_irqrestore(&lock, flags);
	EXPECT(interrupts_enabled());
	EXPECT_EQ(lock.word, 0);
}

#ifdef CONFIG_CHECK

static struct rwspinlock misused = RWSPINLOCK_INITIALISER("misused");

DEATH_TEST(rwspinlock, read_twice, "rwspinlock misused: CPU 0 takes it twice")
{
	rwspinlock_read_lock(&misused);
	rwspinlock_read_lock(&misused);
}

DEATH_TEST(rwspinlock, written_while_read, "rwspinlock misused: CPU 0 takes it twice")
{
	rwspinlock_read_lock(&misused);
	rwspinlock_write_lock(&misused);
}

DEATH_TEST(rwspinlock, released_as_the_other_kind, "rwspinlock misused: CPU 0 unlocks it")
{
	rwspinlock_read_lock(&misused);
	rwspinlock_write_unlock(&misused);
}

#endif
