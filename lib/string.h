/*
 * Bytes and strings, with the names and meanings of the C standard. Compilers call the first four
 * by themselves, even in freestanding code, so those are also what a struct assignment may turn
 * into.
 *
 * Any context, before the MMU is on as well: memory is touched by naturally aligned accesses of at
 * most 8 bytes from general registers. Not for device registers (arch/io.h), whose accesses must
 * not be merged or repeated.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

/* The ranges may not overlap. Returns to. */
void *memcpy(void *to, const void *from, size_t size);

/* The ranges may overlap in any way. Returns to. */
void *memmove(void *to, const void *from, size_t size);

/* Sets each byte to the low 8 bits of value. Returns to. */
void *memset(void *to, int value, size_t size);

/*
 * Negative, 0 or positive as the first differing byte of left, taken as unsigned, is below or above
 * that of right.
 */
int memcmp(const void *left, const void *right, size_t size);

/* The first byte equal to the low 8 bits of value, or NULL. */
void *memchr(const void *bytes, int value, size_t size);

/* The bytes before the NUL. */
size_t strlen(const char *text);

/* As strlen, but never looks at more than size bytes and returns at most size. */
size_t strnlen(const char *text, size_t size);

/* As memcmp, up to and including the first NUL. */
int strcmp(const char *left, const char *right);

/* As strcmp, but looks at no more than size characters. */
int strncmp(const char *left, const char *right, size_t size);

/* The first place of character, or NULL; the NUL at the end can be found too. */
char *strchr(const char *text, int character);

/* The last place of character, or NULL; the NUL at the end can be found too. */
char *strrchr(const char *text, int character);

/*
 * The first place where part stands in text, or NULL. Time grows with the product of both lengths.
 */
char *strstr(const char *text, const char *part);

/*
 * Copies as much of from as fits in size bytes, NUL included; to is terminated whenever size > 0.
 * Returns strlen(from): a result >= size says that the copy was cut.
 */
size_t strlcpy(char *to, const char *from, size_t size);

#endif
