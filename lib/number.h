/*
 * Numbers that a person wrote: boot arguments and monitor commands.
 */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdint.h>

/*
 * Reads the whole of text as one number: decimal, or hexadecimal after 0x; then perhaps K, M or G
 * (either case) for 2^10, 2^20, 2^30. A leading 0 does not mean octal; signs and spaces are not
 * accepted. Returns 0; -EINVAL when it is not a number; -ERANGE when it is one of more than 64
 * bits. value is written on success only. Any context.
 */
int number_parse(const char *text, uint64_t *value);

#endif
