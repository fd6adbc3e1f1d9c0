/*
 * A line editor for a serial terminal: bytes in, echo and escape sequences out, a finished line now
 * and then.
 *
 * It knows no device: what it shows goes through a function, so the same source runs on the host
 * under sanitizers. It neither waits nor looks at a clock; a sequence that was cut in the middle
 * ends with the next byte that cannot belong to it. One editor belongs to one caller; there is no
 * lock.
 *
 *   Left Right Home End   Ctrl-B Ctrl-F Ctrl-A Ctrl-E   move
 *   Up Down               Ctrl-P Ctrl-N                 earlier and later lines
 *   Backspace Delete      Ctrl-H Ctrl-D                 remove the character before, at the cursor
 *   Ctrl-U Ctrl-K Ctrl-W                                remove all before, all after, a word
 *   Tab                                                 complete the word before the cursor
 *   Ctrl-L Ctrl-C                                       clear the screen, drop the line
 */
#ifndef BOOT_LINE_EDITOR_H
#define BOOT_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of a line, without the NUL behind it; one more rings the bell. */
#define LINE_EDITOR_LENGTH 255
#define LINE_EDITOR_HISTORY 16
/* Columns for prompt and line: one less than the narrowest usual terminal has. */
#define LINE_EDITOR_COLUMNS 79
#define LINE_EDITOR_PROMPT_LENGTH 32
/* No key sends a longer sequence; one that goes on is given up. */
#define LINE_EDITOR_SEQUENCE 16

struct line_editor {
	/* Constant after line_editor_init(). */
	void (*write)(const char *text, size_t size);
	const char *prompt;
	const char *(*candidate)(const char *line, size_t start, size_t index);

	/* The line: printable ASCII and a NUL; cursor <= length <= LINE_EDITOR_LENGTH. */
	char line[LINE_EDITOR_LENGTH + 1];
	size_t length;
	size_t cursor;
	size_t scroll; /* the first character shown */

	/* The last lines, newest in history[(history_total - 1) % LINE_EDITOR_HISTORY]. */
	char history[LINE_EDITOR_HISTORY][LINE_EDITOR_LENGTH + 1];
	size_t history_total;
	size_t history_back; /* how many lines back is shown; 0: the one being typed */
	char draft[LINE_EDITOR_LENGTH + 1]; /* the one being typed, while an earlier one is shown */

	/* Where in an escape sequence the input is; what stands between ESC [ and its end. */
	uint8_t state;
	uint8_t sequence_length;
	char sequence[LINE_EDITOR_SEQUENCE];
	bool after_return; /* the last byte was CR: a LF behind it belongs to it */
};

/*
 * Starts an editor with an empty history. write: shows text; a "\n" in it begins a new line.
 * prompt: at most LINE_EDITOR_PROMPT_LENGTH columns. candidate: the words that may stand at line +
 * start, one for each index from 0 on, NULL behind the last. All three must live as long as the
 * editor.
 */
void line_editor_init(struct line_editor *editor, void (*write)(const char *text, size_t size),
		      const char *prompt,
		      const char *(*candidate)(const char *line, size_t start, size_t index));

/* Shows the prompt with an empty line. */
void line_editor_begin(struct line_editor *editor);

/*
 * Takes the next byte. Returns the line when the byte ended one, else NULL. The line is the
 * caller's to change until line_editor_begin(), which must come before the next byte.
 */
char *line_editor_feed(struct line_editor *editor, char byte);

#endif
