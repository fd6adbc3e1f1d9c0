/* sources: lib/random.c */
/*
 * lib/string.c under other names, against the C library, on allocations of exactly the size needed:
 * the sanitizer sees each byte read or written outside them.
 */
#include "host.h"
#include <lib/random.h>
#include <stdlib.h>
#include <string.h>

/* The C library's, before the names are taken. */
static void *(*const libc_memcpy)(void *, const void *, size_t) = memcpy;
static void *(*const libc_memmove)(void *, const void *, size_t) = memmove;
static void *(*const libc_memset)(void *, int, size_t) = memset;
static int (*const libc_memcmp)(const void *, const void *, size_t) = memcmp;
static size_t (*const libc_strlen)(const char *) = strlen;
static size_t (*const libc_strnlen)(const char *, size_t) = strnlen;
static int (*const libc_strcmp)(const char *, const char *) = strcmp;
static int (*const libc_strncmp)(const char *, const char *, size_t) = strncmp;
static void *(*const libc_memchr)(const void *, int, size_t) = memchr;
static char *(*const libc_strchr)(const char *, int) = strchr;
static char *(*const libc_strrchr)(const char *, int) = strrchr;
static char *(*const libc_strstr)(const char *, const char *) = strstr;

#define memcpy trefoil_memcpy
#define memmove trefoil_memmove
#define memset trefoil_memset
#define memcmp trefoil_memcmp
#define memchr trefoil_memchr
#define strlen trefoil_strlen
#define strnlen trefoil_strnlen
#define strcmp trefoil_strcmp
#define strncmp trefoil_strncmp
#define strchr trefoil_strchr
#define strrchr trefoil_strrchr
#define strstr trefoil_strstr
#define strlcpy trefoil_strlcpy
#include <lib/string.c>

#define ROUNDS 20000

static struct random generator;

static size_t choose(size_t limit)
{
	return (size_t)random_below(&generator, limit);
}

/* Mostly lengths around words, sometimes long ones. */
static size_t random_size(void)
{
	return choose(8) ? choose(80) : choose(3000);
}

/* An allocation in which size random bytes begin at a random alignment, and end the allocation. */
struct block {
	uint8_t *allocation;
	uint8_t *bytes;
};

static struct block block_new(size_t size)
{
	size_t alignment = choose(16);
	struct block block = { .allocation = malloc(alignment + size) };

	block.bytes = block.allocation + alignment;
	for (size_t at = 0; at < alignment + size; at++)
		block.allocation[at] = (uint8_t)random_u64(&generator);
	return block;
}

HOST_TEST(copies)
{
	random_seed(&generator, 1);
	for (int round = 0; round < ROUNDS; round++) {
		size_t size = random_size();
		struct block from = block_new(size);
		struct block to = block_new(size);

		REQUIRE(memcpy(to.bytes, from.bytes, size) == to.bytes);
		REQUIRE(libc_memcmp(to.bytes, from.bytes, size) == 0);
		free(from.allocation);
		free(to.allocation);
	}
}

HOST_TEST(overlapping_moves)
{
	random_seed(&generator, 2);
	for (int round = 0; round < ROUNDS; round++) {
		size_t arena = random_size() + 1;
		struct block ours = block_new(arena);
		struct block theirs = block_new(arena);
		size_t size = choose(arena + 1);
		size_t from = choose(arena - size + 1);
		size_t to = choose(arena - size + 1);

		libc_memcpy(theirs.bytes, ours.bytes, arena);
		memmove(ours.bytes + to, ours.bytes + from, size);
		libc_memmove(theirs.bytes + to, theirs.bytes + from, size);
		REQUIRE(libc_memcmp(ours.bytes, theirs.bytes, arena) == 0);
		free(ours.allocation);
		free(theirs.allocation);
	}
}

HOST_TEST(fills)
{
	random_seed(&generator, 3);
	for (int round = 0; round < ROUNDS; round++) {
		size_t size = random_size();
		struct block ours = block_new(size);
		struct block theirs = block_new(size);
		int value = (int)random_u64(&generator);

		REQUIRE(memset(ours.bytes, value, size) == ours.bytes);
		libc_memset(theirs.bytes, value, size);
		REQUIRE(libc_memcmp(ours.bytes, theirs.bytes, size) == 0);
		free(ours.allocation);
		free(theirs.allocation);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

HOST_TEST(byte_searches)
{
	random_seed(&generator, 4);
	for (int round = 0; round < ROUNDS; round++) {
		size_t size = random_size();
		struct block left = block_new(size);
		struct block right = block_new(size);
		int value = (int)random_u64(&generator);

		libc_memcpy(right.bytes, left.bytes, size);
		if (size > 0 && choose(4))
			right.bytes[choose(size)] = (uint8_t)random_u64(&generator);
		REQUIRE(sign(memcmp(left.bytes, right.bytes, size)) ==
			sign(libc_memcmp(left.bytes, right.bytes, size)));
		REQUIRE(memchr(left.bytes, value, size) == libc_memchr(left.bytes, value, size));
		free(left.allocation);
		free(right.allocation);
	}
}

/* A string of few letters, of which one is beyond ASCII, that ends its allocation. */
static struct block string_new(size_t length_max)
{
	size_t length = choose(length_max + 1);
	struct block block = block_new(length + 1);

	for (size_t at = 0; at < length; at++)
		block.bytes[at] = (uint8_t) "ab\xe9"[choose(3)];
	block.bytes[length] = '\0';
	return block;
}

HOST_TEST(strings)
{
	random_seed(&generator, 5);
	for (int round = 0; round < 4 * ROUNDS; round++) {
		struct block left_block = string_new(12);
		struct block right_block = string_new(3);
		const char *left = (const char *)left_block.bytes;
		const char *right = (const char *)right_block.bytes;
		size_t size = choose(16);
		int letter = "ab\xe9z"[choose(5)];

		REQUIRE(strlen(left) == libc_strlen(left));
		REQUIRE(strnlen(left, size) == libc_strnlen(left, size));
		REQUIRE(sign(strcmp(left, right)) == sign(libc_strcmp(left, right)));
		REQUIRE(sign(strncmp(left, right, size)) == sign(libc_strncmp(left, right, size)));
		REQUIRE(strchr(left, letter) == libc_strchr(left, letter));
		REQUIRE(strrchr(left, letter) == libc_strrchr(left, letter));
		REQUIRE(strstr(left, right) == libc_strstr(left, right));
		free(left_block.allocation);
		free(right_block.allocation);
	}
}

/* With a limit, the strings need not end. */
HOST_TEST(strings_without_end)
{
	random_seed(&generator, 6);
	for (size_t size = 0; size < 40; size++) {
		struct block left = block_new(size);
		struct block right = block_new(size);

		libc_memset(left.bytes, 'a', size);
		libc_memset(right.bytes, 'a', size);
		REQUIRE(strnlen((const char *)left.bytes, size) == size);
		REQUIRE(strncmp((const char *)left.bytes, (const char *)right.bytes, size) == 0);
		free(left.allocation);
		free(right.allocation);
	}
}

HOST_TEST(limited_copies)
{
	random_seed(&generator, 7);
	for (int round = 0; round < ROUNDS; round++) {
		struct block from = string_new(20);
		size_t length = libc_strlen((const char *)from.bytes);
		size_t size = choose(24);
		struct block to = block_new(size);
		size_t kept = length < size ? length : size - 1;

		REQUIRE(strlcpy((char *)to.bytes, (const char *)from.bytes, size) == length);
		if (size > 0) {
			REQUIRE(libc_memcmp(to.bytes, from.bytes, kept) == 0);
			REQUIRE(to.bytes[kept] == '\0');
		}
		free(from.allocation);
		free(to.allocation);
	}
}
