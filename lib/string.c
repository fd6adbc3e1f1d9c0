/*
 * Bytes and strings. Large runs move a word at a time; no access is wider or less aligned than the
 * machine allows with its MMU off, and none reaches outside the bytes named by the caller, so
 * sanitizers may watch these functions too.
 *
 * Compilers recognise a loop that copies or fills and replace it with a call to memcpy() or
 * memset(), which inside those two is an endless recursion: each compiler is told here not to, in
 * its own way.
 */
#include <lib/string.h>
#include <stdint.h>

#ifdef __clang__
#define KEEP_LOOPS                                                                                 \
	__attribute__((no_builtin("memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen")))
#else
#define KEEP_LOOPS
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD_SIZE sizeof(uint64_t)

/* Memory of any type, seen as words. */
typedef uint64_t __attribute__((may_alias)) word_t;

/*
 * A word at any address: one load where the machine has unaligned loads, single bytes under
 * -mstrict-align.
 */
struct unaligned_word {
	uint64_t value;
} __attribute__((packed, may_alias));

static inline size_t misalignment(const void *address)
{
	return (uintptr_t)address % WORD_SIZE;
}

/*
 * Upwards. Each byte is loaded before a byte at its address or above it is stored: right for
 * overlaps with to < from.
 */
static inline KEEP_LOOPS void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 2 * WORD_SIZE) {
		for (; misalignment(to); size--)
			*to++ = *from++;
		if (misalignment(from) == 0) {
			for (; size >= 4 * WORD_SIZE; size -= 4 * WORD_SIZE) {
				uint64_t a = ((const word_t *)from)[0];
				uint64_t b = ((const word_t *)from)[1];
				uint64_t c = ((const word_t *)from)[2];
				uint64_t d = ((const word_t *)from)[3];

				((word_t *)to)[0] = a;
				((word_t *)to)[1] = b;
				((word_t *)to)[2] = c;
				((word_t *)to)[3] = d;
				to += 4 * WORD_SIZE;
				from += 4 * WORD_SIZE;
			}
		}
		for (; size >= WORD_SIZE; size -= WORD_SIZE) {
			*(word_t *)to = ((const struct unaligned_word *)from)->value;
			to += WORD_SIZE;
			from += WORD_SIZE;
		}
	}
	for (; size > 0; size--)
		*to++ = *from++;
}

/* Downwards, from the last byte to the first: right for overlaps with to > from. */
static inline KEEP_LOOPS void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
	to += size;
	from += size;
	if (size >= 2 * WORD_SIZE) {
		for (; misalignment(to); size--)
			*--to = *--from;
		for (; size >= WORD_SIZE; size -= WORD_SIZE) {
			to -= WORD_SIZE;
			from -= WORD_SIZE;
			*(word_t *)to = ((const struct unaligned_word *)from)->value;
		}
	}
	for (; size > 0; size--)
		*--to = *--from;
}

KEEP_LOOPS void *memcpy(void *to, const void *from, size_t size)
{
	copy_up(to, from, size);
	return to;
}

KEEP_LOOPS void *memmove(void *to, const void *from, size_t size)
{
	/* Modulo 2^64: at least size also when to lies below from. */
	if ((uintptr_t)to - (uintptr_t)from >= size)
		copy_up(to, from, size);
	else
		copy_down(to, from, size);
	return to;
}

KEEP_LOOPS void *memset(void *to, int value, size_t size)
{
	uint8_t *byte = to;
	uint64_t pattern = (uint8_t)value * 0x0101010101010101UL;

	if (size >= 2 * WORD_SIZE) {
		for (; misalignment(byte); size--)
			*byte++ = (uint8_t)value;
		for (; size >= 4 * WORD_SIZE; size -= 4 * WORD_SIZE) {
			((word_t *)byte)[0] = pattern;
			((word_t *)byte)[1] = pattern;
			((word_t *)byte)[2] = pattern;
			((word_t *)byte)[3] = pattern;
			byte += 4 * WORD_SIZE;
		}
		for (; size >= WORD_SIZE; size -= WORD_SIZE) {
			*(word_t *)byte = pattern;
			byte += WORD_SIZE;
		}
	}
	for (; size > 0; size--)
		*byte++ = (uint8_t)value;
	return to;
}

KEEP_LOOPS int memcmp(const void *left, const void *right, size_t size)
{
	const uint8_t *a = left;
	const uint8_t *b = right;

	if (misalignment(a) == 0 && misalignment(b) == 0) {
		/* Stops at the first word that differs; the bytes below tell which way. */
		while (size >= WORD_SIZE && *(const word_t *)a == *(const word_t *)b) {
			a += WORD_SIZE;
			b += WORD_SIZE;
			size -= WORD_SIZE;
		}
	}
	for (; size > 0; size--) {
		if (*a != *b)
			return *a < *b ? -1 : 1;
		a++;
		b++;
	}
	return 0;
}

KEEP_LOOPS void *memchr(const void *bytes, int value, size_t size)
{
	const uint8_t *byte = bytes;

	for (; size > 0; size--) {
		if (*byte == (uint8_t)value)
			return (void *)byte;
		byte++;
	}
	return NULL;
}

KEEP_LOOPS size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

KEEP_LOOPS size_t strnlen(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length])
		length++;
	return length;
}

KEEP_LOOPS int strcmp(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return (uint8_t)*left - (uint8_t)*right;
}

KEEP_LOOPS int strncmp(const char *left, const char *right, size_t size)
{
	for (; size > 0; size--) {
		if (*left != *right || !*left)
			return (uint8_t)*left - (uint8_t)*right;
		left++;
		right++;
	}
	return 0;
}

KEEP_LOOPS char *strchr(const char *text, int character)
{
	for (;; text++) {
		if (*text == (char)character)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

KEEP_LOOPS char *strrchr(const char *text, int character)
{
	const char *found = NULL;

	for (;; text++) {
		if (*text == (char)character)
			found = text;
		if (!*text)
			return (char *)found;
	}
}

KEEP_LOOPS char *strstr(const char *text, const char *part)
{
	size_t length = strlen(part);

	for (;; text++) {
		if (strncmp(text, part, length) == 0)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

KEEP_LOOPS size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);
	size_t copied = length;

	if (size == 0)
		return length;
	if (copied >= size)
		copied = size - 1;
	memcpy(to, from, copied);
	to[copied] = '\0';
	return length;
}
