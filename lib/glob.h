/*
 * Wildcards, as the shell has them for file names, but for a whole string:
 *
 *   *       any characters, also none; dots and slashes are characters like others
 *   ?       one character
 *   [a-cx]  one character of the set; [!…] one that is not in it; a ] that comes first is a member
 *
 * A [ that nothing closes stands for itself. There is no escape: [*] is a star.
 */
#ifndef LIB_GLOB_H
#define LIB_GLOB_H

#include <stdbool.h>

/* Whether all of text fits the pattern. Time: at worst the product of both lengths. Any context. */
bool glob_match(const char *pattern, const char *text);

/*
 * Whether text fits one pattern of a list separated by commas. A comma cannot stand in a pattern;
 * an empty item fits nothing.
 */
bool glob_match_list(const char *patterns, const char *text);

#endif
