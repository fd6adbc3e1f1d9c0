/*
 * Sequence locks: the hunt for torn reads.
 *
 * The twin is a reader that does not look again. A missing fence, in reader or writer, would not
 * show on an x86 host, which keeps stores in order and loads in order: that bug is for the model
 * checker.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/seqlock.h>
#include <tests/kernel/storm.h>

#define WORDS 4
#define LINGER_NS 200

static struct seqlock lock = SEQLOCK_INITIALISER("words");

/* Each word is words[0] times its number, counted from 1. Atomic. */
static uint64_t words[WORDS];

static struct {
	uint32_t torn;    /* atomic */
	uint64_t reads;   /* atomic */
	uint64_t retries; /* atomic */
	uint64_t writes;  /* protected by lock */
} seen;

static void write_words(void)
{
	uint64_t value;

	seqlock_write_lock(&lock);
	value = atomic_load_relaxed(&words[0]) + 1;
	for (unsigned i = 0; i < WORDS; i++) {
		atomic_store_relaxed(&words[i], value * (i + 1));
		storm_linger(LINGER_NS);
	}
	seen.writes++;
	seqlock_write_unlock(&lock);
}

static void copy_words(uint64_t *copy)
{
	for (unsigned i = 0; i < WORDS; i++) {
		copy[i] = atomic_load_relaxed(&words[i]);
		storm_linger(LINGER_NS);
	}
}

static void read_words(uint64_t *copy)
{
	uint32_t start = seqlock_read_begin(&lock);

	copy_words(copy);
	while (seqlock_read_retry(&lock, start)) {
		atomic_fetch_add_relaxed(&seen.retries, 1);
		start = seqlock_read_begin(&lock);
		copy_words(copy);
	}
}

/* Twin: takes what it reads for what it is. */
static void twin_read_words(uint64_t *copy)
{
	seqlock_read_begin(&lock);
	copy_words(copy);
}

static void check_words(const uint64_t *copy)
{
	bool torn = false;

	for (unsigned i = 1; i < WORDS; i++)
		torn |= copy[i] != copy[0] * (i + 1);
	if (torn)
		atomic_fetch_add_relaxed(&seen.torn, 1);
	atomic_fetch_add_relaxed(&seen.reads, 1);
}

/* The boot CPU writes with pauses, the others read. */
static void turn(void *argument)
{
	void (*read)(uint64_t *) = *(void (**)(uint64_t *))argument;
	uint64_t copy[WORDS];

	if (cpu_current() == 0) {
		write_words();
		storm_linger(16 * LINGER_NS);
		return;
	}
	read(copy);
	check_words(copy);
}

static struct storm storm;

/* The test body: whether a torn read was seen. */
static bool a_read_was_torn(void (*read)(uint64_t *), uint64_t ms)
{
	memset(&seen, 0, sizeof(seen));
	storm = (struct storm){ .turn = turn, .argument = &read, .ms = ms };
	storm_run(&storm);
	EXPECT_EQ(seen.writes, storm.turns[0]);
	return seen.torn != 0;
}

static bool catch_twin(void *argument)
{
	(void)argument;
	return a_read_was_torn(twin_read_words, 100);
}

TEST(seqlock, reads_are_not_torn)
{
	uint64_t reads = 0;
	uint64_t retries = 0;

	if (cpus_online_count() == 1) {
		test_skip("needs a reader beside the writer");
		return;
	}
	/*
	 * That a reader had to repeat must be seen; a busy host may need more than one storm for
	 * it.
	 */
	for (unsigned i = 0; i < 3 || (i < 100 && retries == 0); i++) {
		EXPECT(!a_read_was_torn(read_words, 200));
		reads += seen.reads;
		retries += seen.retries;
	}
	EXPECT_GT(retries, 0);
	test_note("%llu reads, %llu repeated", (unsigned long long)reads,
		  (unsigned long long)retries);
	EXPECT(storm_catches(catch_twin, NULL, "a reader that does not look again"));
}

static void write_turn(void *argument)
{
	(void)argument;
	write_words();
}

TEST(seqlock, writers_exclude_each_other)
{
	uint64_t before = words[0];
	uint32_t sequence = lock.sequence;

	memset(&seen, 0, sizeof(seen));
	storm = (struct storm){ .turn = write_turn, .ms = 200 };
	storm_run(&storm);
	EXPECT_EQ(seen.writes, storm_total(&storm));
	EXPECT_EQ(words[0], before + storm_total(&storm));
	EXPECT_EQ(lock.sequence, sequence + 2 * (uint32_t)storm_total(&storm));
}

TEST(seqlock, retry_says_whether_a_writer_came)
{
	uint32_t start = seqlock_read_begin(&lock);
	unsigned long flags;

	EXPECT(!seqlock_read_retry(&lock, start));
	flags = seqlock_write_lock_irqsave(&lock);
	EXPECT(!interrupts_enabled());
	EXPECT(seqlock_read_retry(&lock, start));
	seqlock_write_unlock_irqrestore(&lock, flags);
	EXPECT(interrupts_enabled());
	EXPECT(seqlock_read_retry(&lock, start));
	EXPECT(!seqlock_read_retry(&lock, seqlock_read_begin(&lock)));
}

#ifdef CONFIG_CHECK

DEATH_TEST(seqlock, read_where_it_is_written, "seqlock words: CPU 0 takes it twice")
{
	seqlock_write_lock(&lock);
	seqlock_read_begin(&lock);
}

#endif
