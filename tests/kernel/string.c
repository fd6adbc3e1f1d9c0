/*
 * lib/string.c against naive models, over all alignments and the lengths where words, blocks of
 * words and single bytes meet. Each operation works inside an arena whose other bytes must stay as
 * they were.
 *
 * The models read and write through volatile pointers: else the compiler would recognise them and
 * call the function under test.
 */
#include <boot/test.h>

#define ARENA_SIZE 512
#define LENGTH_MAX 130

static uint8_t arena[ARENA_SIZE] __attribute__((aligned(16)));
static uint8_t expected[ARENA_SIZE] __attribute__((aligned(16)));

/* Random bytes in the arena, and the same in what is expected of it. */
static void arena_fill(void)
{
	for (size_t at = 0; at < ARENA_SIZE; at++) {
		uint8_t byte = (uint8_t)random_u64(test_random());

		*(volatile uint8_t *)&arena[at] = byte;
		*(volatile uint8_t *)&expected[at] = byte;
	}
}

/* The first place where the arena is not as expected; ARENA_SIZE when there is none. */
static size_t arena_check(void)
{
	size_t at = 0;

	while (at < ARENA_SIZE &&
	       *(volatile uint8_t *)&arena[at] == *(volatile uint8_t *)&expected[at])
		at++;
	return at;
}

/* Moves bytes in expected through a copy, so that overlaps do not matter. */
static void model_move(size_t to, size_t from, size_t size)
{
	static uint8_t copy[LENGTH_MAX + 1];

	for (size_t at = 0; at < size; at++)
		*(volatile uint8_t *)&copy[at] = *(volatile uint8_t *)&expected[from + at];
	for (size_t at = 0; at < size; at++)
		*(volatile uint8_t *)&expected[to + at] = *(volatile uint8_t *)&copy[at];
}

TEST(string, memcpy_all_alignments)
{
	for (size_t size = 0; size <= LENGTH_MAX; size++) {
		arena_fill();
		for (size_t alignment = 0; alignment < 64; alignment++) {
			size_t to = 32 + alignment % 8;
			size_t from = 256 + alignment / 8;

			model_move(to, from, size);
			ASSERT_TRUE(memcpy(arena + to, arena + from, size) == arena + to);
			if (arena_check() != ARENA_SIZE) {
				test_fail(__FILE__, __LINE__,
					  "%zu bytes from +%zu to +%zu: byte %zu", size, from % 8,
					  to % 8, arena_check());
				return;
			}
		}
	}
}

TEST(string, memmove_all_overlaps)
{
	for (size_t size = 0; size <= LENGTH_MAX; size++) {
		for (size_t alignment = 0; alignment < 8; alignment++) {
			arena_fill();
			for (int distance = -18; distance <= 18; distance++) {
				size_t from = 128 + alignment;
				size_t to = (size_t)((int)from + distance);

				model_move(to, from, size);
				ASSERT_TRUE(memmove(arena + to, arena + from, size) == arena + to);
				if (arena_check() != ARENA_SIZE) {
					test_fail(__FILE__, __LINE__,
						  "%zu bytes from +%zu by %d: byte %zu", size,
						  alignment, distance, arena_check());
					return;
				}
			}
		}
	}
}

TEST(string, memset_all_alignments)
{
	for (size_t size = 0; size <= LENGTH_MAX; size++) {
		arena_fill();
		for (size_t to = 64; to < 80; to++) {
			/* Only the low 8 bits count. */
			int value = (int)random_u64(test_random());

			for (size_t at = 0; at < size; at++)
				*(volatile uint8_t *)&expected[to + at] = (uint8_t)value;
			ASSERT_TRUE(memset(arena + to, value, size) == arena + to);
			if (arena_check() != ARENA_SIZE) {
				test_fail(__FILE__, __LINE__, "%zu bytes to +%zu: byte %zu", size,
					  to % 8, arena_check());
				return;
			}
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

/* The model: sign of the first difference. */
static int model_compare(const volatile uint8_t *left, const volatile uint8_t *right, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		if (left[at] != right[at])
			return left[at] < right[at] ? -1 : 1;
	}
	return 0;
}

TEST(string, memcmp_one_difference)
{
	for (size_t size = 1; size <= LENGTH_MAX; size++) {
		size_t left = 16 + random_below(test_random(), 8);
		size_t right = 256 + random_below(test_random(), 8);

		arena_fill();
		memcpy(arena + right, arena + left, size);
		/* A difference behind the end must not be seen. */
		arena[right + size] = (uint8_t)(arena[left + size] + 1);
		ASSERT_EQ(memcmp(arena + left, arena + right, size), 0);
		for (size_t at = 0; at < size; at++) {
			uint8_t saved = arena[right + at];

			arena[right + at] = (uint8_t)random_u64(test_random());
			ASSERT_EQ(sign(memcmp(arena + left, arena + right, size)),
				  model_compare(arena + left, arena + right, size));
			ASSERT_EQ(sign(memcmp(arena + right, arena + left, size)),
				  model_compare(arena + right, arena + left, size));
			arena[right + at] = saved;
		}
	}
	EXPECT_LT(memcmp("\x7f", "\x80", 1), 0);
	EXPECT_EQ(memcmp("a", "b", 0), 0);
}

/* Many blocks of four words, then what is left over, at sizes that no other test reaches. */
TEST(string, large_copies)
{
	static uint8_t source[8192];
	static uint8_t target[8192];

	for (size_t at = 0; at < sizeof(source); at++)
		*(volatile uint8_t *)&source[at] = (uint8_t)random_u64(test_random());
	for (int round = 0; round < 50; round++) {
		size_t from = random_below(test_random(), 64);
		size_t to = random_below(test_random(), 64) + 1;
		size_t size = random_below(test_random(), 8000);

		memset(target, 0x5a, sizeof(target));
		memcpy(target + to, source + from, size);
		ASSERT_EQ(model_compare(target + to, source + from, size), 0);
		ASSERT_EQ(target[to - 1], 0x5a);
		ASSERT_EQ(target[to + size], 0x5a);
	}
}

TEST(string, memchr_first_and_inside)
{
	memset(arena, 1, ARENA_SIZE);
	arena[100] = 0xfe;
	arena[200] = 0xfe;
	for (size_t from = 90; from <= 100; from++) {
		EXPECT(memchr(arena + from, 0xfe, 100) == arena + 100);
		EXPECT(memchr(arena + from, 0xfffffe, 101 - from) == arena + 100);
		EXPECT(memchr(arena + from, 0xfe, 100 - from) == NULL);
	}
	EXPECT(memchr(arena, 0, ARENA_SIZE) == NULL);
	EXPECT(memchr(arena, 1, 0) == NULL);
}

TEST(string, lengths)
{
	for (size_t start = 0; start < 8; start++) {
		for (size_t length = 0; length <= LENGTH_MAX; length++) {
			char *text = (char *)arena + start;

			memset(arena, 0x80, ARENA_SIZE);
			text[length] = '\0';
			ASSERT_EQ(strlen(text), length);
			ASSERT_EQ(strnlen(text, length + 7), length);
			ASSERT_EQ(strnlen(text, length), length);
			ASSERT_EQ(strnlen(text, length / 2), length / 2);
		}
	}
}

TEST(string, comparisons)
{
	EXPECT_EQ(strcmp("", ""), 0);
	EXPECT_EQ(strcmp("frame", "frame"), 0);
	EXPECT_LT(strcmp("frame", "frames"), 0);
	EXPECT_GT(strcmp("frames", "frame"), 0);
	EXPECT_LT(strcmp("", "a"), 0);
	EXPECT_GT(strcmp("\xff", "a"), 0); /* as unsigned bytes */
	EXPECT_LT(strcmp("a", "\x80"), 0);
	EXPECT_EQ(strncmp("frame", "frames", 5), 0);
	EXPECT_LT(strncmp("frame", "frames", 6), 0);
	EXPECT_EQ(strncmp("left", "right", 0), 0);
	EXPECT_EQ(strncmp("same\0left", "same\0right", 10), 0);
	EXPECT_GT(strncmp("\xff", "a", 1), 0);
}

/* A short text of a and b, so that searches often find, and often almost find. */
static void random_text(char *text, size_t length_max)
{
	size_t length = random_below(test_random(), length_max + 1);

	for (size_t at = 0; at < length; at++)
		text[at] = (char)('a' + random_below(test_random(), 2));
	text[length] = '\0';
}

/* The place where part first stands in text, compared byte by byte; -1 when there is none. */
static long model_find(const volatile char *text, const volatile char *part)
{
	for (long at = 0;; at++) {
		long matched = 0;

		while (part[matched] && part[matched] == text[at + matched])
			matched++;
		if (!part[matched])
			return at;
		if (!text[at])
			return -1;
	}
}

TEST(string, strstr_against_model)
{
	for (int round = 0; round < 3000; round++) {
		char text[17];
		char part[5];
		const char *found;

		random_text(text, 16);
		random_text(part, 4);
		found = strstr(text, part);
		if ((found ? found - text : -1) != model_find(text, part)) {
			test_fail(__FILE__, __LINE__, "strstr(\"%s\", \"%s\") is %ld", text, part,
				  found ? (long)(found - text) : -1L);
			return;
		}
	}
}

TEST(string, character_searches)
{
	const char *text = "a/bc/d";

	EXPECT(strchr(text, '/') == text + 1);
	EXPECT(strrchr(text, '/') == text + 4);
	EXPECT(strchr(text, 'x') == NULL);
	EXPECT(strrchr(text, 'x') == NULL);
	EXPECT(strchr(text, '\0') == text + 6);
	EXPECT(strrchr(text, '\0') == text + 6);
	EXPECT(strchr(text, 'a') == text);
	EXPECT(strrchr(text, 'a') == text);
	EXPECT(strchr("", 'a') == NULL);
}

TEST(string, strlcpy_cuts_and_terminates)
{
	const char *text = "trefoil";

	for (size_t size = 0; size <= 10; size++) {
		char buffer[12];
		size_t kept = size > 7 ? 7 : size - 1;

		memset(buffer, '#', sizeof(buffer));
		EXPECT_EQ(strlcpy(buffer, text, size), 7);
		if (size == 0) {
			EXPECT_EQ(buffer[0], '#');
			continue;
		}
		EXPECT_EQ(memcmp(buffer, text, kept), 0);
		EXPECT_EQ(buffer[kept], 0);
		for (size_t at = kept + 1; at < sizeof(buffer); at++)
			EXPECT_EQ(buffer[at], '#');
	}
}
