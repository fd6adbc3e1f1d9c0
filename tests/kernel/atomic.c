/*
 * Atomic operations: values in every width and order, neighbours left alone, and storms: every CPU
 * at once on one word, with totals that show a single lost update. tests/kernel/atomic_table.h
 * lists the operations.
 *
 * Storms run on the words of struct storm, static and reset by the boot CPU before each; what a CPU
 * counts for itself stands in its own slot.
 */
#include <arch/alternatives.h>
#include <arch/cpu.h>
#include <boot/test.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <tests/kernel/atomic_table.h>

#define STORM_ROUNDS 20000

/* A weak compare_exchange may fail though the word was expected, but not for ever. */
#define WEAK_PATIENCE 1000000

/* ---- Values ---- */

/* A word somewhere in the middle, and bytes around it that nobody may touch. */
#define CELL_BYTES 24
#define CELL_MIDDLE 8

struct cells {
	uint8_t bytes[CELL_BYTES];
} __attribute__((aligned(8)));

static const uint64_t interesting[] = {
	0,
	1,
	2,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffffff,
	0x5555555555555555,
	0xaaaaaaaaaaaaaaaa,
};

#define INTERESTING (sizeof(interesting) / sizeof(interesting[0]))

/* Pairs of values: each interesting one with each, then random ones. */
#define VALUE_PAIRS (INTERESTING * INTERESTING + 64)

static void value_pair(const struct atomic_row *row, size_t index, uint64_t *a, uint64_t *b)
{
	bool random = index >= INTERESTING * INTERESTING;

	*a = random ? random_u64(test_random()) : interesting[index / INTERESTING];
	*b = random ? random_u64(test_random()) : interesting[index % INTERESTING];
	*a &= atomic_row_mask(row);
	*b &= atomic_row_mask(row);
}

/* Puts value at byte `at` among known neighbours. All three machines are little-endian. */
static void *cells_set(struct cells *cells, const struct atomic_row *row, size_t at, uint64_t value)
{
	for (size_t i = 0; i < CELL_BYTES; i++)
		cells->bytes[i] = (uint8_t)(i * 37 + 133);
	memcpy(&cells->bytes[at], &value, row->bits / 8);
	return &cells->bytes[at];
}

static bool cells_are(const struct cells *cells, const struct atomic_row *row, size_t at,
		      uint64_t value)
{
	struct cells wanted;

	cells_set(&wanted, row, at, value);
	return memcmp(cells, &wanted, sizeof(wanted)) == 0;
}

static uint64_t modified(enum atomic_kind kind, uint64_t a, uint64_t b)
{
	switch (kind) {
	case ATOMIC_KIND_ADD:
		return a + b;
	case ATOMIC_KIND_SUB:
		return a - b;
	case ATOMIC_KIND_AND:
		return a & b;
	case ATOMIC_KIND_OR:
		return a | b;
	case ATOMIC_KIND_XOR:
		return a ^ b;
	default:
		return b;
	}
}

/* Runs check for each place of the word in its eight bytes and each pair of values. */
static void for_values(const struct atomic_row *row,
		       bool (*check)(const struct atomic_row *row, size_t at, uint64_t a,
				     uint64_t b))
{
	for (size_t at = CELL_MIDDLE; at < CELL_MIDDLE + 8; at += row->bits / 8) {
		for (size_t i = 0; i < VALUE_PAIRS; i++) {
			uint64_t a;
			uint64_t b;

			value_pair(row, i, &a, &b);
			if (check(row, at, a, b))
				continue;
			test_fail(__FILE__, __LINE__,
				  "%s of %u bits at byte %zu, of %#llx and %#llx", row->name,
				  row->bits, at, (unsigned long long)a, (unsigned long long)b);
			return;
		}
	}
}

static bool check_load(const struct atomic_row *row, size_t at, uint64_t a, uint64_t b)
{
	struct cells cells;
	void *p = cells_set(&cells, row, at, a);

	(void)b;
	return row->load(p) == a && cells_are(&cells, row, at, a);
}

static bool check_store(const struct atomic_row *row, size_t at, uint64_t a, uint64_t b)
{
	struct cells cells;
	void *p = cells_set(&cells, row, at, a);

	row->store(p, b);
	return cells_are(&cells, row, at, b);
}

static bool check_modify(const struct atomic_row *row, size_t at, uint64_t a, uint64_t b)
{
	struct cells cells;
	void *p = cells_set(&cells, row, at, a);

	return row->modify(p, b) == a && cells_are(&cells, row, at, modified(row->kind, a, b));
}

/* Again while a weak one fails for no reason. */
static bool compare(const struct atomic_row *row, void *p, uint64_t *expected, uint64_t desired)
{
	uint64_t wanted = *expected;

	for (unsigned i = 0; i < WEAK_PATIENCE; i++) {
		if (row->compare(p, expected, desired))
			return true;
		if (*expected != wanted || row->kind == ATOMIC_KIND_COMPARE)
			return false;
	}
	test_fail(__FILE__, __LINE__, "%s of %u bits never succeeds", row->name, row->bits);
	return false;
}

/* Expecting a itself, and everything that is one bit away from it. */
static bool check_compare(const struct atomic_row *row, size_t at, uint64_t a, uint64_t b)
{
	struct cells cells;
	void *p = cells_set(&cells, row, at, a);
	uint64_t expected = a;

	for (unsigned bit = 0; bit < row->bits; bit++) {
		expected = a ^ (uint64_t)1 << bit;
		if (row->compare(p, &expected, b) || expected != a ||
		    !cells_are(&cells, row, at, a))
			return false;
	}
	return compare(row, p, &expected, b) && expected == a && cells_are(&cells, row, at, b);
}

TEST(atomic, values)
{
	test_note("read-modify-writes: %s", cpu_atomics_name());
	EXPECT_EQ(atomic_table_rows, 4 * (3 + 3 + 8 * 5));
	for (size_t i = 0; i < atomic_table_rows; i++) {
		const struct atomic_row *row = &atomic_table[i];

		for_values(row, row->load     ? check_load
				: row->store  ? check_store
				: row->modify ? check_modify
					      : check_compare);
	}
}

/* ---- Types ---- */

enum colour { RED, GREEN = 1000, BLUE = -1 };

TEST(atomic, types)
{
	static const char text[] = "text";
	static const uint16_t constant = 0xbeef;
	const char *pointer = text;
	const char *expected = NULL;
	enum colour colour = RED;
	int8_t small = -128;
	int64_t large = -1;
	bool flag = false;

	EXPECT_EQ(atomic_load_acquire(&constant), 0xbeef);
	EXPECT(!atomic_exchange_acq_rel(&flag, true));
	EXPECT(atomic_load_relaxed(&flag));
	EXPECT(!atomic_compare_exchange_acq_rel(&pointer, &expected, text + 1));
	EXPECT(expected == text);
	EXPECT(atomic_compare_exchange_acq_rel(&pointer, &expected, text + 1));
	EXPECT(atomic_load_seq_cst(&pointer) == text + 1);
	atomic_store_release(&pointer, NULL);
	EXPECT(!pointer);
	EXPECT(atomic_exchange_relaxed(&colour, BLUE) == RED);
	EXPECT(atomic_load_relaxed(&colour) == BLUE);
	/* The old value has the type's sign, and what is added wraps around. */
	EXPECT(atomic_fetch_sub_relaxed(&small, 1) == -128);
	EXPECT_EQ(small, 127);
	EXPECT(atomic_fetch_add_seq_cst(&large, -1) == -1);
	EXPECT_EQ(large, -2);
}

/* ---- Storms ---- */

static struct storm {
	const struct atomic_row *row;
	uint64_t seed;
	uint32_t cpus;
	uint32_t arrived;         /* atomic: slots given out */
	uint64_t mistakes;        /* atomic: what CPUs found wrong on the way */
	uint64_t totals[CPU_MAX]; /* each its CPU's slot: what it has added, or holds */
	uint64_t word __attribute__((aligned(64)));
	struct cells neighbours[CPU_MAX * 8 / CELL_BYTES + 1];
} storm;

/* Gives the CPU a slot, and lets it go when all are there. */
static unsigned storm_begin(struct random *random)
{
	unsigned slot = atomic_fetch_add_relaxed(&storm.arrived, 1);

	random_seed(random, storm.seed + slot);
	while (atomic_load_relaxed(&storm.arrived) < storm.cpus)
		cpu_relax();
	return slot;
}

static void storm_mistake(void)
{
	atomic_fetch_add_relaxed(&storm.mistakes, 1);
}

static void storm_run(const struct atomic_row *row, void (*function)(void *argument))
{
	memset(&storm, 0, sizeof(storm));
	storm.row = row;
	storm.seed = random_u64(test_random());
	storm.cpus = cpus_online_count();
	on_each_cpu(function, NULL);
	if (storm.mistakes)
		test_fail(__FILE__, __LINE__, "%s of %u bits: %llu of the values found were wrong",
			  row ? row->name : "mixture", row ? row->bits : 0,
			  (unsigned long long)storm.mistakes);
}

/* The first row of a kind, whatever its order. */
static const struct atomic_row *row_of(enum atomic_kind kind, unsigned bits)
{
	const struct atomic_row *row = atomic_table;

	while (row->kind != kind || row->bits != bits)
		row++;
	return row;
}

/* Sums of random numbers, by +, - or ^. */
static void storm_sum(void *argument)
{
	struct random random;
	unsigned slot = storm_begin(&random);
	uint64_t total = 0;

	(void)argument;
	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		uint64_t value = random_u64(&random);

		storm.row->modify(&storm.word, value);
		total = modified(storm.row->kind, total, value);
	}
	storm.totals[slot] = total;
}

/* Each CPU has a bit of its own, and must find it as it left it. */
static void storm_bits(void *argument)
{
	const struct atomic_row *set = storm.row;
	const struct atomic_row *clear = storm.row;
	struct random random;
	unsigned slot = storm_begin(&random);
	uint64_t self = (uint64_t)1 << slot % 64;

	(void)argument;
	if (slot >= storm.row->bits)
		return;
	if (storm.row->kind == ATOMIC_KIND_OR)
		clear = row_of(ATOMIC_KIND_AND, storm.row->bits);
	else
		set = row_of(ATOMIC_KIND_OR, storm.row->bits);
	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		if (set->modify(&storm.word, self) & self)
			storm_mistake();
		if (!(clear->modify(&storm.word, ~self) & self))
			storm_mistake();
	}
}

/* Numbered tokens go round; none may get lost or come twice. */
static void storm_tokens(void *argument)
{
	struct random random;
	unsigned slot = storm_begin(&random);
	uint64_t held = slot + 1;

	(void)argument;
	for (unsigned i = 0; i < STORM_ROUNDS; i++)
		held = storm.row->modify(&storm.word, held);
	storm.totals[slot] = held;
}

#define COMPARE_STEP 7

static void storm_compare(void *argument)
{
	const struct atomic_row *load = row_of(ATOMIC_KIND_LOAD, storm.row->bits);
	struct random random;

	(void)argument;
	storm_begin(&random);
	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		uint64_t old = load->load(&storm.word);
		unsigned tries = 0;

		/* So many in a row do not fail, unless it cannot succeed. */
		while (!storm.row->compare(&storm.word, &old, old + COMPARE_STEP))
			if (++tries == WEAK_PATIENCE) {
				storm_mistake();
				return;
			}
	}
}

static void expect_total(uint64_t total)
{
	if ((storm.word ^ total) & atomic_row_mask(storm.row))
		test_fail(__FILE__, __LINE__, "%s of %u bits: %#llx, not %#llx", storm.row->name,
			  storm.row->bits, (unsigned long long)storm.word,
			  (unsigned long long)(total & atomic_row_mask(storm.row)));
}

static void storm_sums_of(const struct atomic_row *row)
{
	/* What is added to a sum by - is the negative already. */
	enum atomic_kind kind = row->kind == ATOMIC_KIND_SUB ? ATOMIC_KIND_ADD : row->kind;
	uint64_t total = 0;

	storm_run(row, storm_sum);
	for (unsigned i = 0; i < CPU_MAX; i++)
		total = modified(kind, total, storm.totals[i]);
	expect_total(total);
}

static void storm_tokens_of(const struct atomic_row *row)
{
	uint64_t seen;

	storm_run(row, storm_tokens);
	seen = (uint64_t)1 << storm.word % 64;
	for (unsigned i = 0; i < storm.cpus; i++)
		seen ^= (uint64_t)1 << storm.totals[i] % 64;
	if (seen != (storm.cpus >= 63 ? ~(uint64_t)0 : ((uint64_t)2 << storm.cpus) - 1))
		test_fail(__FILE__, __LINE__, "%s of %u bits: of tokens 0 to %u there are %#llx",
			  row->name, row->bits, storm.cpus, (unsigned long long)seen);
}

static void storm_row(const struct atomic_row *row)
{
	switch (row->kind) {
	case ATOMIC_KIND_LOAD:
	case ATOMIC_KIND_STORE:
		break;
	case ATOMIC_KIND_EXCHANGE:
		storm_tokens_of(row);
		break;
	case ATOMIC_KIND_AND:
	case ATOMIC_KIND_OR:
		storm_run(row, storm_bits);
		expect_total(0);
		break;
	case ATOMIC_KIND_COMPARE:
	case ATOMIC_KIND_COMPARE_WEAK:
		storm_run(row, storm_compare);
		expect_total((uint64_t)STORM_ROUNDS * storm.cpus * COMPARE_STEP);
		break;
	default:
		storm_sums_of(row);
	}
}

static void storm_width(unsigned bits)
{
	for (size_t i = 0; i < atomic_table_rows; i++)
		if (atomic_table[i].bits == bits)
			storm_row(&atomic_table[i]);
}

TEST(atomic, storm_of_8_bits)
{
	storm_width(8);
}

TEST(atomic, storm_of_16_bits)
{
	storm_width(16);
}

TEST(atomic, storm_of_32_bits)
{
	storm_width(32);
}

TEST(atomic, storm_of_64_bits)
{
	storm_width(64);
}

/* One operation on the CPU's own cell, which holds *value: whether it found that there. */
static bool act_on_cell(const struct atomic_row *row, void *cell, uint64_t *value, uint64_t operand)
{
	uint64_t found = *value;
	bool right = true;

	if (row->load) {
		return row->load(cell) == *value;
	} else if (row->store) {
		row->store(cell, operand);
		*value = operand & atomic_row_mask(row);
	} else if (row->modify) {
		right = row->modify(cell, operand) == *value;
		*value = modified(row->kind, *value, operand) & atomic_row_mask(row);
	} else if (row->compare(cell, &found, operand)) {
		*value = operand & atomic_row_mask(row);
	} else {
		right = found == *value && row->kind == ATOMIC_KIND_COMPARE_WEAK;
	}
	return right;
}

/* Neighbouring cells belong to different CPUs, and each does whatever there is to its own. */
static void storm_neighbours(void *argument)
{
	unsigned bits = *(const unsigned *)argument;
	struct random random;
	unsigned slot = storm_begin(&random);
	void *cell = &storm.neighbours[0].bytes[slot * bits / 8];
	size_t rows = atomic_table_rows / 4;
	const struct atomic_row *first = row_of(ATOMIC_KIND_LOAD, bits);
	uint64_t value = 0;

	for (unsigned i = 0; i < 10 * STORM_ROUNDS; i++) {
		uint64_t number = random_u64(&random);

		if (!act_on_cell(&first[(number >> 32) % rows], cell, &value, number))
			storm_mistake();
	}
}

static void storm_of_neighbours(unsigned bits)
{
	memset(&storm, 0, sizeof(storm));
	storm.seed = random_u64(test_random());
	storm.cpus = cpus_online_count();
	on_each_cpu(storm_neighbours, &bits);
	if (storm.mistakes)
		test_fail(__FILE__, __LINE__,
			  "%llu times a CPU did not find its %u bits as it left them",
			  (unsigned long long)storm.mistakes, bits);
}

TEST(atomic, storm_of_neighbours)
{
	storm_of_neighbours(8);
	storm_of_neighbours(16);
	storm_of_neighbours(32);
}

/* ---- Two words at once ---- */

#if ARCH_HAS_ATOMIC128

#define PAIR_ROUNDS 1000000

static struct atomic128 pair;

/* What the high word is when the low one is this, so that a pair of two halves of two pairs shows.
 */
static uint64_t other_half(uint64_t low)
{
	return ~low * 0x9e3779b97f4a7c15;
}

static void storm_pairs(void *argument)
{
	struct atomic128 old = { 0, 0 };
	struct random random;

	(void)argument;
	storm_begin(&random);
	for (unsigned i = 0; i < PAIR_ROUNDS; i++) {
		struct atomic128 new;

		do {
			new = (struct atomic128){ old.low + 1, other_half(old.low + 1) };
			/* The first guess is no pair that ever was. */
			if (old.low && old.high != other_half(old.low))
				storm_mistake();
		} while (!atomic128_compare_exchange_acq_rel(&pair, &old, new));
		old = new;
	}
}

TEST(atomic, pairs)
{
	struct atomic128 expected = { 1, 2 };

	if (!atomic128_available()) {
		test_skip("this CPU has no double-width compare-exchange");
		return;
	}
	pair = (struct atomic128){ 1, 3 };
	EXPECT(!atomic128_compare_exchange_acq_rel(&pair, &expected, (struct atomic128){ 5, 6 }));
	EXPECT_EQ(expected.low, 1);
	EXPECT_EQ(expected.high, 3);
	expected.low = 0;
	EXPECT(!atomic128_compare_exchange_acq_rel(&pair, &expected, (struct atomic128){ 5, 6 }));
	EXPECT_EQ(pair.low, 1);
	EXPECT_EQ(pair.high, 3);
	EXPECT(atomic128_compare_exchange_acq_rel(&pair, &expected, (struct atomic128){ 5, 6 }));
	EXPECT_EQ(expected.low, 1);
	EXPECT_EQ(expected.high, 3);
	EXPECT_EQ(pair.low, 5);
	EXPECT_EQ(pair.high, 6);

	pair = (struct atomic128){ 0, other_half(0) };
	storm_run(NULL, storm_pairs);
	EXPECT_EQ(pair.low, (uint64_t)PAIR_ROUNDS * cpus_online_count());
	EXPECT_EQ(pair.high, other_half(pair.low));
}

#else

TEST(atomic, pairs)
{
	test_skip("this machine has no double-width compare-exchange");
}

#endif
