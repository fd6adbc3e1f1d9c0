/*
 * The rest of lib/: wildcards, numbers, random numbers, checksums, lists, bits, symbols, and the
 * functions that compilers call. What can be checked against a naive model is.
 */
#include <boot/test.h>
#include <lib/bits.h>
#include <lib/crc32.h>
#include <lib/errno.h>
#include <lib/extable.h>
#include <lib/glob.h>
#include <lib/image.h>
#include <lib/list.h>
#include <lib/number.h>
#include <lib/symbols.h>

TEST(glob, literals_and_wildcards)
{
	EXPECT(glob_match("", ""));
	EXPECT(!glob_match("", "a"));
	EXPECT(!glob_match("a", ""));
	EXPECT(glob_match("*", ""));
	EXPECT(glob_match("**", "mm.frame"));
	EXPECT(glob_match("mm.*", "mm.frame"));
	EXPECT(!glob_match("mm.*", "mmu.walk"));
	EXPECT(glob_match("*.frame", "mm.frame"));
	EXPECT(glob_match("m*.f*e", "mm.frame"));
	EXPECT(!glob_match("m*.f*x", "mm.frame"));
	EXPECT(glob_match("*aab", "aaaaaaab"));
	EXPECT(glob_match("?m.fram?", "mm.frame"));
	EXPECT(!glob_match("?", ""));
	EXPECT(!glob_match("mm.frame?", "mm.frame"));
}

TEST(glob, sets)
{
	EXPECT(glob_match("cpu[0-3]", "cpu2"));
	EXPECT(!glob_match("cpu[0-3]", "cpu4"));
	EXPECT(glob_match("cpu[!0-3]", "cpu4"));
	EXPECT(!glob_match("cpu[!0-3]", "cpu0"));
	EXPECT(!glob_match("cpu[!0-3]", "cpu"));
	EXPECT(glob_match("[]x]", "]"));
	EXPECT(glob_match("[!]x]", "a"));
	EXPECT(!glob_match("[!]x]", "]"));
	EXPECT(glob_match("[a-]", "-"));
	EXPECT(glob_match("[*]", "*"));
	EXPECT(!glob_match("[*]", "a"));
	EXPECT(glob_match("[ab", "[ab"));
	EXPECT(glob_match("[", "["));
	EXPECT(!glob_match("[]", "]"));
	EXPECT(glob_match("[\x80-\xff]", "\xc3"));
}

/* The definition itself, one case after the other; exponential, so for short texts only. */
static bool model_glob(const char *pattern, const char *text)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern == '*')
		return model_glob(pattern + 1, text) || (*text && model_glob(pattern, text + 1));
	return *text && (*pattern == '?' || *pattern == *text) && model_glob(pattern + 1, text + 1);
}

TEST(glob, against_model)
{
	for (int round = 0; round < 20000; round++) {
		char pattern[8];
		char text[9];
		size_t pattern_length = random_below(test_random(), sizeof(pattern));
		size_t text_length = random_below(test_random(), sizeof(text));

		for (size_t at = 0; at < pattern_length; at++)
			pattern[at] = "ab*?"[random_below(test_random(), 4)];
		for (size_t at = 0; at < text_length; at++)
			text[at] = "ab"[random_below(test_random(), 2)];
		pattern[pattern_length] = '\0';
		text[text_length] = '\0';
		if (glob_match(pattern, text) != model_glob(pattern, text)) {
			test_fail(__FILE__, __LINE__, "glob_match(\"%s\", \"%s\") is %d", pattern,
				  text, glob_match(pattern, text));
			return;
		}
	}
}

/* Would take 2^40 steps if each star were tried at every place. */
TEST(glob, many_stars)
{
	char pattern[96] = "";
	char text[400];

	for (size_t at = 0; at < 80; at += 2)
		memcpy(pattern + at, "*a", 2);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	EXPECT(glob_match(pattern, text));
	pattern[80] = 'b';
	EXPECT(!glob_match(pattern, text));
}

TEST(glob, lists)
{
	EXPECT(glob_match_list("mm.*,string.*", "string.strlen"));
	EXPECT(glob_match_list("mm.*", "mm.frame"));
	EXPECT(glob_match_list("a,,b", "b"));
	EXPECT(glob_match_list("a,b,", "b"));
	EXPECT(!glob_match_list("mm.*,string.*", "format.width"));
	EXPECT(!glob_match_list("", ""));
	EXPECT(!glob_match_list("a,,b", ""));
	EXPECT(!glob_match_list("ab,c", "abc"));
	EXPECT(!glob_match_list("[a,b]", "a"));
}

static void check_number(int line, const char *text, int result, uint64_t wanted)
{
	uint64_t value = 0x5a5a;
	int got = number_parse(text, &value);

	if (result != 0)
		wanted = 0x5a5a;
	if (got != result || value != wanted)
		test_fail(__FILE__, line, "number_parse(\"%s\") is %d and 0x%lx, not %d and 0x%lx",
			  text, got, value, result, wanted);
}

#define CHECK_NUMBER(text, result, wanted) check_number(__LINE__, text, result, wanted)

TEST(number, good)
{
	CHECK_NUMBER("0", 0, 0);
	CHECK_NUMBER("007", 0, 7);
	CHECK_NUMBER("010", 0, 10);
	CHECK_NUMBER("64M", 0, 64UL << 20);
	CHECK_NUMBER("4k", 0, 4096);
	CHECK_NUMBER("3g", 0, 3UL << 30);
	CHECK_NUMBER("0x1F", 0, 0x1f);
	CHECK_NUMBER("0Xabcdef", 0, 0xabcdef);
	CHECK_NUMBER("0x10K", 0, 0x4000);
	CHECK_NUMBER("18446744073709551615", 0, UINT64_MAX);
	CHECK_NUMBER("0xffffffffffffffff", 0, UINT64_MAX);
	CHECK_NUMBER("17179869183G", 0, 17179869183UL << 30);
}

TEST(number, bad)
{
	CHECK_NUMBER("", -EINVAL, 0);
	CHECK_NUMBER("0x", -EINVAL, 0);
	CHECK_NUMBER("x1", -EINVAL, 0);
	CHECK_NUMBER("M", -EINVAL, 0);
	CHECK_NUMBER("-1", -EINVAL, 0);
	CHECK_NUMBER("+1", -EINVAL, 0);
	CHECK_NUMBER(" 1", -EINVAL, 0);
	CHECK_NUMBER("1 ", -EINVAL, 0);
	CHECK_NUMBER("1KK", -EINVAL, 0);
	CHECK_NUMBER("1KB", -EINVAL, 0);
	CHECK_NUMBER("12a", -EINVAL, 0);
	CHECK_NUMBER("0xg", -EINVAL, 0);
	CHECK_NUMBER("99999999999999999999x", -EINVAL, 0);
	CHECK_NUMBER("18446744073709551616", -ERANGE, 0);
	CHECK_NUMBER("99999999999999999999", -ERANGE, 0);
	CHECK_NUMBER("0x10000000000000000", -ERANGE, 0);
	CHECK_NUMBER("17179869184G", -ERANGE, 0);
	CHECK_NUMBER("0x8000000000000000K", -ERANGE, 0);
}

TEST(number, what_was_formatted)
{
	for (int round = 0; round < 1000; round++) {
		uint64_t value = random_u64(test_random()) >> random_below(test_random(), 64);
		uint64_t parsed;
		char text[32];

		format_text(text, sizeof(text), "%lu", value);
		ASSERT_EQ(number_parse(text, &parsed), 0);
		ASSERT_EQ(parsed, value);
		format_text(text, sizeof(text), "0x%lX", value);
		ASSERT_EQ(number_parse(text, &parsed), 0);
		ASSERT_EQ(parsed, value);
	}
}

/* The first values of seed 0, as another program computed them from the published algorithms. */
TEST(random, known_sequence)
{
	static const uint64_t wanted[] = {
		0x99ec5f36cb75f2b4UL, 0xbf6e1f784956452aUL, 0x1a5f849d4933e6e0UL,
		0x6aa594f1262d2d2cUL, 0xbba5ad4a1f842e59UL, 0xffef8375d9ebcacaUL,
	};
	struct random random;

	random_seed(&random, 0);
	EXPECT_EQ(random.state[0], 0xe220a8397b1dcdafUL);
	for (size_t at = 0; at < ARRAY_SIZE(wanted); at++)
		EXPECT_EQ(random_u64(&random), wanted[at]);
}

TEST(random, repeats_from_its_seed)
{
	uint64_t seed = random_u64(test_random());
	struct random first;
	struct random second;
	struct random other;
	unsigned int same = 0;

	random_seed(&first, seed);
	random_seed(&second, seed);
	random_seed(&other, seed + 1);
	for (int round = 0; round < 100; round++) {
		uint64_t value = random_u64(&first);

		ASSERT_EQ(random_u64(&second), value);
		same += random_u64(&other) == value;
	}
	EXPECT_EQ(same, 0U);
}

/*
 * With 3000 tosses of a die each face is expected 500 times, with a standard deviation of 20.4; a
 * third 1000 times, with one of 25.8. Nearly ten and eight of those lie between chance and failure.
 */
TEST(random, below_is_fair)
{
	unsigned int faces[6] = { 0 };
	unsigned int lowest_third = 0;

	for (int toss = 0; toss < 3000; toss++) {
		uint64_t face = random_below(test_random(), 6);

		ASSERT_LE(face, 5UL);
		faces[face]++;
		EXPECT_EQ(random_below(test_random(), 1), 0UL);
		/*
		 * All 2^64 values modulo this limit would hit its lowest third every second time.
		 */
		lowest_third += random_below(test_random(), 3UL << 62) < 1UL << 62;
	}
	for (int face = 0; face < 6; face++) {
		EXPECT_GT(faces[face], 300U);
		EXPECT_LT(faces[face], 700U);
	}
	EXPECT_GT(lowest_third, 800U);
	EXPECT_LT(lowest_third, 1200U);
}

/* The polynomial division itself, a bit at a time. */
static uint32_t model_crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t at = 0; at < size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			uint32_t out = (crc ^ bytes[at] >> bit) & 1;

			crc = crc >> 1 ^ (out ? 0xedb88320U : 0);
		}
	}
	return ~crc;
}

TEST(crc32, known_and_model)
{
	uint8_t bytes[200];

	EXPECT_EQ(crc32(0, "", 0), 0U);
	EXPECT_EQ(crc32(0, "123456789", 9), 0xcbf43926U);
	for (int round = 0; round < 200; round++) {
		size_t size = random_below(test_random(), sizeof(bytes));
		size_t half = random_below(test_random(), size + 1);

		for (size_t at = 0; at < size; at++)
			bytes[at] = (uint8_t)random_u64(test_random());
		ASSERT_EQ(crc32(0, bytes, size), model_crc32(bytes, size));
		ASSERT_EQ(crc32(crc32(0, bytes, half), bytes + half, size - half),
			  model_crc32(bytes, size));
	}
}

struct item {
	uint64_t number;
	struct list link;
	bool listed;
};

#define ITEMS 16

/* Whether the list holds exactly these numbers, read forwards and backwards. */
static bool list_holds(struct list *list, const uint64_t *numbers, size_t count)
{
	size_t at = 0;

	list_for_each_entry(item, list, struct item, link) {
		if (at == count || item->number != numbers[at++])
			return false;
	}
	for (struct list *link = list->previous; link != list; link = link->previous) {
		if (at == 0 || container_of(link, struct item, link)->number != numbers[--at])
			return false;
	}
	return at == 0 && list_is_empty(list) == (count == 0);
}

/* Takes a number out of an array that holds it. */
static void model_remove(uint64_t *numbers, size_t count, uint64_t number)
{
	size_t at = 0;

	while (numbers[at] != number)
		at++;
	memmove(numbers + at, numbers + at + 1, (count - at - 1) * sizeof(numbers[0]));
}

/* Random operations on a list and on an array, which must agree after each. */
TEST(list, against_model)
{
	struct list list = LIST_EMPTY(list);
	struct item items[ITEMS];
	uint64_t numbers[ITEMS];
	size_t count = 0;

	for (size_t at = 0; at < ITEMS; at++)
		items[at] = (struct item){ .number = at };
	for (int round = 0; round < 3000; round++) {
		struct item *item = &items[random_below(test_random(), ITEMS)];

		if (item->listed) {
			list_remove(&item->link);
			ASSERT_TRUE(list_is_empty(&item->link));
			model_remove(numbers, count--, item->number);
		} else if (random_below(test_random(), 2)) {
			list_push_back(&list, &item->link);
			numbers[count++] = item->number;
		} else {
			list_push_front(&list, &item->link);
			memmove(numbers + 1, numbers, count++ * sizeof(numbers[0]));
			numbers[0] = item->number;
		}
		item->listed = !item->listed;
		ASSERT_TRUE(list_holds(&list, numbers, count));
	}
}

TEST(list, removal_while_walking)
{
	struct list list;
	struct item items[ITEMS];
	uint64_t odd[ITEMS];
	size_t count = 0;

	list_init(&list);
	for (size_t at = 0; at < ITEMS; at++) {
		items[at].number = at;
		list_push_back(&list, &items[at].link);
		if (at % 2)
			odd[count++] = at;
	}
	list_for_each_entry_safe(item, &list, struct item, link) {
		if (item->number % 2 == 0) {
			list_remove(&item->link);
			item->link.next = NULL; /* as freed memory may look */
		}
	}
	EXPECT(list_holds(&list, odd, count));
	EXPECT(list_pop_front(&list) == &items[1].link);
	EXPECT(list_holds(&list, odd + 1, count - 1));
	while (list_pop_front(&list))
		count--;
	EXPECT_EQ(count, 1);
	EXPECT(list_is_empty(&list));
}

TEST(bits, sets_against_model)
{
	uint64_t words[4] = { 0 };
	bool model[200] = { false };
	size_t bits = ARRAY_SIZE(model);

	EXPECT_EQ(BIT_WORDS(bits), ARRAY_SIZE(words));
	for (int round = 0; round < 2000; round++) {
		size_t bit = random_below(test_random(), bits);
		size_t from = random_below(test_random(), bits + 1);
		size_t next = from;
		size_t next_clear = from;
		size_t count = 0;
		size_t walked = 0;

		/* What lies beyond the set in its last word must not be seen. */
		words[3] = (words[3] & 0xff) | random_u64(test_random()) << 8;
		model[bit] = random_below(test_random(), 3) == 0;
		if (model[bit])
			bit_set(words, bit);
		else
			bit_clear(words, bit);
		while (next < bits && !model[next])
			next++;
		while (next_clear < bits && model[next_clear])
			next_clear++;
		for (size_t at = 0; at < bits; at++)
			count += model[at];
		bit_for_each(at, words, bits)
			walked += model[at];
		ASSERT_EQ(bit_find_next(words, bits, from), next);
		ASSERT_EQ(bit_find_next_clear(words, bits, from), next_clear);
		ASSERT_EQ(bit_count(words, bits), count);
		ASSERT_EQ(walked, count);
		ASSERT_TRUE(bit_is_set(words, bit) == model[bit]);
	}
}

TEST(bits, rounding)
{
	EXPECT_EQ(align_up(0, 4096), 0UL);
	EXPECT_EQ(align_up(1, 4096), 4096UL);
	EXPECT_EQ(align_up(4096, 4096), 4096UL);
	EXPECT_EQ(align_down(4095, 4096), 0UL);
	EXPECT_EQ(align_down(UINT64_MAX, 4096), UINT64_MAX - 4095);
	EXPECT(is_aligned(8192, 4096));
	EXPECT(!is_aligned(8193, 4096));
	EXPECT(is_power_of_two(1));
	EXPECT(is_power_of_two(1UL << 63));
	EXPECT(!is_power_of_two(0));
	EXPECT(!is_power_of_two(12));
	EXPECT_EQ(min(3, max(1, 2)), 2);
	EXPECT_EQ(max(-1, -2), -1);
	EXPECT_EQ(min(UINT64_MAX, 5UL), 5UL);
}

/* A loop that no compiler turns into the function it models. */
static unsigned int model_ones(volatile const uint64_t *value)
{
	unsigned int ones = 0;

	for (int bit = 0; bit < 64; bit++)
		ones += *value >> bit & 1;
	return ones;
}

/* Called by name: the compilers' own calls depend on the machine's instructions. */
int __popcountdi2(uint64_t value);
int __clzdi2(uint64_t value);
int __ctzdi2(uint64_t value);
int __ffsdi2(uint64_t value);
int __paritydi2(uint64_t value);
uint32_t __bswapsi2(uint32_t value);
uint64_t __bswapdi2(uint64_t value);

TEST(builtins, against_model)
{
	for (int round = 0; round < 2000; round++) {
		int shift = (int)random_below(test_random(), 64);
		uint64_t value = random_u64(test_random()) | 1UL << 63;
		uint64_t low = (value | 1) << shift;
		uint64_t reversed = 0;

		for (int byte = 0; byte < 8; byte++)
			reversed |= (value >> 8 * byte & 0xff) << (56 - 8 * byte);
		ASSERT_EQ((unsigned int)__popcountdi2(value), model_ones(&value));
		ASSERT_EQ((unsigned int)__paritydi2(value), model_ones(&value) % 2);
		ASSERT_EQ(__clzdi2(value >> shift), shift);
		ASSERT_EQ(__ctzdi2(low), shift);
		ASSERT_EQ(__ffsdi2(low), shift + 1);
		ASSERT_EQ(__bswapdi2(value), reversed);
		ASSERT_EQ(__bswapsi2((uint32_t)value), (uint32_t)(reversed >> 32));
	}
	EXPECT_EQ(__popcountdi2(0), 0);
	EXPECT_EQ(__popcountdi2(UINT64_MAX), 64);
	EXPECT_EQ(__ffsdi2(0), 0);
}

TEST(extable, unknown_address)
{
	EXPECT_EQ(extable_find_fixup(0), 0);
	EXPECT_EQ(extable_find_fixup((uintptr_t)text_end), 0);
}

/* The table of this very image. */
TEST(symbols, own_functions)
{
	uintptr_t function = (uintptr_t)symbol_find;
	uintptr_t offset = 1;

	EXPECT_EQ(symbol_address("symbol_find"), function);
	EXPECT_EQ(symbol_address("crc32"), (uintptr_t)crc32);
	EXPECT_EQ(symbol_address("no_such_function"), 0);
	for (uintptr_t inside = 0; inside < 16; inside++) {
		const char *name = symbol_find(function + inside, &offset);

		ASSERT_TRUE(name != NULL);
		EXPECT_STR_EQ(name, "symbol_find");
		EXPECT_EQ(offset, inside);
	}
	ASSERT_TRUE(symbol_find(function - 1, &offset) != NULL);
	EXPECT(strcmp(symbol_find(function - 1, &offset), "symbol_find") != 0);
}

TEST(symbols, outside_the_text)
{
	static int variable;
	uintptr_t offset = 77;

	EXPECT(symbol_find(0, &offset) == NULL);
	EXPECT(symbol_find((uintptr_t)image_start - 1, &offset) == NULL);
	EXPECT(symbol_find((uintptr_t)text_end, &offset) == NULL);
	EXPECT(symbol_find((uintptr_t)&variable, &offset) == NULL);
	EXPECT(symbol_find(UINTPTR_MAX, &offset) == NULL);
	EXPECT_EQ(offset, 77);
}

TEST(symbols, descriptions)
{
	char text[40];

	symbol_describe(text, sizeof(text), (uintptr_t)symbol_find + 0x12);
	EXPECT_STR_EQ(text, "symbol_find+0x12");
	symbol_describe(text, sizeof(text), 0x1234);
	EXPECT_STR_EQ(text, "0x1234");
	EXPECT_EQ(symbol_describe(text, 8, (uintptr_t)symbol_find), 15);
	EXPECT_STR_EQ(text, "symbol_");
}
