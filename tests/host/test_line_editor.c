/* sources: boot/line_editor.c lib/format.c */
/*
 * The line editor against scripted keys, against a simple model of what keys do, and against noise.
 * What it writes goes to a small terminal, whose row must show the prompt and the visible part of
 * the line after every byte.
 */
#include "host.h"
#include <boot/line_editor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT "trefoil> "
#define PROMPT_LENGTH (sizeof(PROMPT) - 1)
#define TERMINAL_COLUMNS 80

/* The row of the cursor, and what else a person would notice. */
static struct {
	char row[TERMINAL_COLUMNS + 1];
	size_t column;
	unsigned bells;
	unsigned rows_done;
	unsigned clears;
	char last_row[TERMINAL_COLUMNS + 1]; /* the row above */
} terminal;

static struct line_editor editor;

static void terminal_clear_row(size_t from)
{
	memset(terminal.row + from, ' ', TERMINAL_COLUMNS - from);
}

/* ESC [ number letter: all that the editor may write. Returns how many bytes it took. */
static size_t terminal_sequence(const char *text, size_t size)
{
	char *end;
	unsigned long number;

	if (!CHECK(size >= 3 && text[1] == '['))
		return size;
	number = strtoul(text + 2, &end, 10);
	switch (*end) {
	case 'K':
		terminal_clear_row(terminal.column);
		break;
	case 'D':
		if (CHECK(number >= 1 && number <= terminal.column))
			terminal.column -= number;
		break;
	case 'H':
		terminal.column = 0;
		break;
	case 'J':
		CHECK(number == 2);
		terminal_clear_row(0);
		terminal.clears++;
		break;
	default:
		CHECK(false); /* a sequence that not every terminal knows */
	}
	return (size_t)(end - text) + 1;
}

static void terminal_character(char character)
{
	switch (character) {
	case '\a':
		terminal.bells++;
		break;
	case '\b':
		if (CHECK(terminal.column > 0))
			terminal.column--;
		break;
	case '\r':
		terminal.column = 0;
		break;
	case '\n':
		memcpy(terminal.last_row, terminal.row, sizeof(terminal.last_row));
		terminal_clear_row(0);
		terminal.column = 0;
		terminal.rows_done++;
		break;
	default:
		CHECK(character >= ' ' && character <= '~');
		if (CHECK(terminal.column < TERMINAL_COLUMNS - 1))
			terminal.row[terminal.column++] = character;
	}
}

static void terminal_write(const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		if (text[i] == 0x1b) {
			i += terminal_sequence(text + i, size - i);
		} else {
			terminal_character(text[i]);
			i++;
		}
	}
}

static const char *candidate(const char *line, size_t start, size_t index)
{
	static const char *const commands[] = { "barriers",    "cpus", "help",       "irqs",
						"log",         "mem",  "poweroff",   "pt",
						"reboot",      "test", "interrupts", "statistics",
						"measurements" };

	if (start != 0 && strncmp(line, "help ", 5) != 0)
		return NULL;
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

static void start(void)
{
	memset(&terminal, 0, sizeof(terminal));
	terminal_clear_row(0);
	line_editor_init(&editor, terminal_write, PROMPT, candidate);
	line_editor_begin(&editor);
}

/* What must hold after every byte, and what the terminal must show. False: it does not. */
static bool check_state(void)
{
	char expected[TERMINAL_COLUMNS + 1];
	size_t width = LINE_EDITOR_COLUMNS - PROMPT_LENGTH;

	if (!CHECK(editor.length <= LINE_EDITOR_LENGTH) || !CHECK(editor.cursor <= editor.length) ||
	    !CHECK(strnlen(editor.line, sizeof(editor.line)) == editor.length) ||
	    !CHECK(editor.scroll <= editor.cursor && editor.cursor - editor.scroll <= width) ||
	    !CHECK(editor.scroll == 0 || editor.scroll < editor.cursor))
		return false;
	for (size_t i = 0; i < editor.length; i++)
		if (!CHECK(editor.line[i] >= ' ' && editor.line[i] <= '~'))
			return false;
	snprintf(expected, sizeof(expected), "%s%-*.*s", PROMPT,
		 (int)(TERMINAL_COLUMNS - PROMPT_LENGTH), (int)width, editor.line + editor.scroll);
	return CHECK_STR_EQ(terminal.row, expected) &&
	       CHECK_EQ(terminal.column, PROMPT_LENGTH + editor.cursor - editor.scroll);
}

/* Feeds the bytes. Returns the last line finished, a copy, or "(none)"; "(broken)": it failed. */
static const char *feed_bytes(const char *bytes, size_t size)
{
	static char finished[LINE_EDITOR_LENGTH + 1];

	strcpy(finished, "(none)");
	for (size_t i = 0; i < size; i++) {
		char *line = line_editor_feed(&editor, bytes[i]);

		if (line) {
			strcpy(finished, line);
			memset(line, '#', strlen(line)); /* the caller may change it */
			line_editor_begin(&editor);
		}
		if (!check_state())
			return "(broken)";
	}
	return finished;
}

static const char *feed(const char *bytes)
{
	return feed_bytes(bytes, strlen(bytes));
}

/* The line that a fresh editor makes of the bytes and Enter. */
static const char *typed(const char *bytes)
{
	start();
	feed(bytes);
	return feed("\r");
}

HOST_TEST(typing)
{
	CHECK_STR_EQ(typed("cpus"), "cpus");
	CHECK_STR_EQ(typed(""), "");
	CHECK_STR_EQ(typed("mex\bm"), "mem");
	CHECK_STR_EQ(typed("mex\x7fm"), "mem");
	CHECK_STR_EQ(typed("\b\b\x7flog"), "log");
	CHECK_STR_EQ(typed("a\tb"), "ab");
	CHECK_EQ(terminal.bells, 1);
	CHECK_STR_EQ(typed("\x01\x02\x05\x06\x04\x0b\x15\x17x\x1d\x1e\x1f\x11"), "x");
}

HOST_TEST(line_ends)
{
	start();
	CHECK_STR_EQ(feed("log\r"), "log");
	CHECK_EQ(terminal.rows_done, 1);
	CHECK_STR_EQ(feed("\n"), "(none)");
	CHECK_STR_EQ(feed("\n"), "");
	CHECK_STR_EQ(feed("mem\n"), "mem");
	CHECK_STR_EQ(feed("\r"), "");
	CHECK_STR_EQ(feed("\r"), "");
	CHECK_STR_EQ(feed("a\rb\n"), "b");
	CHECK_EQ(terminal.rows_done, 7);
}

HOST_TEST(moving)
{
	CHECK_STR_EQ(typed("bc\x1b[D\x1b[Da\x1b[C\x1b[C\x1b[Cd"), "abcd");
	CHECK_STR_EQ(typed("bc\x1bOD\x1bODa\x1bOC\x1bOCd"), "abcd");
	CHECK_STR_EQ(typed("bc\x02\x02"
			   "a\x06\x06"
			   "d"),
		     "abcd");
	static const char *const homes[] = { "\x01",    "\x1b[H",    "\x1bOH",   "\x1b[1~",
					     "\x1b[7~", "\x1b[1;5H", "\x1b[1;2~" };
	static const char *const ends[] = { "\x05",    "\x1b[F",    "\x1bOF",   "\x1b[4~",
					    "\x1b[8~", "\x1b[1;5F", "\x1b[4;5~" };

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		char bytes[64];

		snprintf(bytes, sizeof(bytes), "b%sa%sc", homes[i], ends[i]);
		CHECK_STR_EQ(typed(bytes), "abc");
	}
}

HOST_TEST(removing)
{
	CHECK_STR_EQ(typed("abc\x01\x1b[3~"), "bc");
	CHECK_STR_EQ(typed("abc\x01\x04"), "bc");
	CHECK_STR_EQ(typed("abc\x1b[3~"), "abc");
	CHECK_STR_EQ(typed("abcd\x02\x02\x0b"), "ab");
	CHECK_STR_EQ(typed("abcd\x02\x02\x15"), "cd");
	CHECK_STR_EQ(typed("test mm.*  \x17"), "test ");
	CHECK_STR_EQ(typed("test mm.*\x17\x17\x17"), "");
	CHECK_STR_EQ(typed("one two\x02\x17"), "one o");
	CHECK_STR_EQ(typed("abc\x02\x7f"), "ac");
	CHECK_STR_EQ(typed("abc\x03"
			   "d"),
		     "d");
	start();
	feed("\x04");
	CHECK_EQ(terminal.bells, 1);
}

HOST_TEST(screen)
{
	start();
	feed("abc\x03");
	CHECK(strncmp(terminal.last_row, PROMPT "abc^C ", PROMPT_LENGTH + 6) == 0);
	feed("mem\x02\x0c");
	CHECK_EQ(terminal.clears, 1);
	CHECK_STR_EQ(feed("x\r"), "mexm");
}

HOST_TEST(history)
{
	start();
	feed("\x1b[A");
	CHECK_EQ(terminal.bells, 1);
	feed("one\rtwo\rtwo\r   \r\rthree\r");
	CHECK_STR_EQ(feed("\x1b[A\r"), "three");
	CHECK_STR_EQ(feed("\x1b[A\x1b[A\r"), "two");
	CHECK_STR_EQ(feed("\x10\x10\x10\x10\r"), "one"); /* two three two one */
	CHECK_STR_EQ(feed("draft\x1bOA\x1bOA\x1bOB\x1bOB!\r"), "draft!");
	CHECK_STR_EQ(feed("\x1b[A\x1b[A edited\x1b[B\x1b[B\x1b[Bx\r"), "x");
	CHECK_STR_EQ(feed("\x1b[A\x1b[A\x1b[A\r"), "one");
}

HOST_TEST(history_is_bounded)
{
	char line[16];

	start();
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "n%d\r", i);
		feed(line);
	}
	for (int i = 0; i < LINE_EDITOR_HISTORY; i++)
		feed("\x1b[A");
	CHECK_EQ(terminal.bells, 0);
	feed("\x1b[A");
	CHECK_EQ(terminal.bells, 1);
	CHECK_STR_EQ(feed("\r"), "n24");
}

HOST_TEST(completion)
{
	CHECK_STR_EQ(typed("he\t"), "help ");
	CHECK_STR_EQ(typed("help p\t"), "help p");
	CHECK_STR_EQ(typed("help po\t"), "help poweroff ");
	CHECK_STR_EQ(typed("pt\t"), "pt ");
	CHECK_STR_EQ(typed("m\t"), "me");
	CHECK_STR_EQ(typed("test mm\t"), "test mm");
	CHECK_STR_EQ(typed("po x\x02\x02\t"), "poweroff  x");
	start();
	feed("p\t");
	CHECK(strncmp(terminal.last_row, "poweroff  pt  ", 14) == 0);
	CHECK_STR_EQ(feed("t\r"), "pt");
	start();
	feed("\t");
	CHECK(strncmp(terminal.last_row, "statistics  measurements  ", 26) == 0);
	feed("zz\t");
	CHECK_EQ(terminal.bells, 1);
}

HOST_TEST(length_limit)
{
	char line[LINE_EDITOR_LENGTH + 1];

	start();
	for (int i = 0; i < LINE_EDITOR_LENGTH; i++)
		line[i] = (char)('a' + i % 26);
	line[LINE_EDITOR_LENGTH] = '\0';
	feed(line);
	CHECK_EQ(terminal.bells, 0);
	feed("x\x01yz");
	CHECK_EQ(terminal.bells, 3);
	CHECK_STR_EQ(feed("\r"), line);
	CHECK_STR_EQ(feed("\x1b[A\r"), line);
	feed("\x1b[A");
	for (int i = 0; i < LINE_EDITOR_LENGTH; i++)
		feed("\b");
	CHECK_STR_EQ(feed("\r"), "");
}

HOST_TEST(odd_sequences)
{
	CHECK_STR_EQ(typed("a\x1b[\x1b[Db"), "ba");
	CHECK_STR_EQ(typed("\x1bhelp"), "help");
	CHECK_STR_EQ(typed("a\x1b[3\x7f"
			   "b"),
		     "b");
	CHECK_STR_EQ(typed("a\x1b\x1b\x1b[Db"), "ba");
	CHECK_STR_EQ(typed("a\x1b[15~\x1b[200~\x1b[2~\x1b[5~\x1b[~\x1bOP\x1b[1;5P\x1b[Zb"), "ab");
	CHECK_STR_EQ(typed("a\x1b[33333333333333333333333~b"), "a3333333~b");
	CHECK_STR_EQ(typed("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80x\xff\xfe\x80"), "x");
	CHECK_EQ(terminal.bells, 5);
	start();
	CHECK_STR_EQ(feed("a\x1b[1\r"), "a");
	CHECK_STR_EQ(feed("a\x1bO\r"), "a");
	CHECK_STR_EQ(feed("a\x1b\r"), "a");
	CHECK_STR_EQ(feed_bytes("a\0b\r", 4), "ab");
}

/* What the keys should do, the slow and obvious way. */
struct model {
	char line[LINE_EDITOR_LENGTH + 1];
	size_t cursor;
};

static void model_remove(struct model *model, size_t from, size_t to)
{
	char rest[LINE_EDITOR_LENGTH + 1];

	strcpy(rest, model->line + to);
	strcpy(model->line + from, rest);
	model->cursor = from;
}

static void model_type(struct model *model, char character)
{
	char rest[LINE_EDITOR_LENGTH + 1];

	if (strlen(model->line) == LINE_EDITOR_LENGTH)
		return;
	strcpy(rest, model->line + model->cursor);
	model->line[model->cursor++] = character;
	strcpy(model->line + model->cursor, rest);
}

static unsigned random_state;

static unsigned random_number(unsigned limit)
{
	random_state = random_state * 1664525U + 1013904223U;
	return (random_state >> 8) % limit;
}

/* One random key, on the model and into bytes. */
static const char *model_key(struct model *model)
{
	static char character[2];
	size_t length = strlen(model->line);

	switch (random_number(24)) {
	case 0:
	case 1:
		model->cursor -= model->cursor > 0;
		return "\x1b[D";
	case 2:
		model->cursor += model->cursor < length;
		return "\x1bOC";
	case 3:
		model->cursor = 0;
		return "\x1b[H";
	case 4:
	case 5:
		model->cursor = length;
		return "\x1b[4~";
	case 6:
		if (model->cursor > 0)
			model_remove(model, model->cursor - 1, model->cursor);
		return "\x7f";
	case 7:
		if (model->cursor < length)
			model_remove(model, model->cursor, model->cursor + 1);
		return "\x1b[3~";
	case 8:
		if (random_number(8) != 0)
			return "\x1b[9~";
		model_remove(model, model->cursor, length);
		return "\x0b";
	default:
		character[0] = (char)(' ' + random_number(95));
		model_type(model, character[0]);
		return character;
	}
}

HOST_TEST(random_keys)
{
	for (unsigned round = 0; round < 300; round++) {
		struct model model = { 0 };

		random_state = round;
		start();
		for (unsigned keys = random_number(700); keys > 0; keys--) {
			feed(model_key(&model));
			REQUIRE(strcmp(editor.line, model.line) == 0);
			REQUIRE(editor.cursor == model.cursor);
		}
		CHECK_STR_EQ(feed("\r"), model.line);
	}
}

/* Bytes of every kind, those that mean something more often. */
static char random_byte(void)
{
	static const char
		special[] = "\x1b\x1b\x1b[[[OO~;"
			    "1234578ABCDHF\t\t\b\x7f\r\n\x01\x05\x0b\x0c\x10\x0e\x17\x03\x04p ";

	return random_number(2) ? special[random_number(sizeof(special) - 1)]
				: (char)random_number(256);
}

HOST_TEST(noise)
{
	start();
	for (unsigned round = 0; round < 400; round++) {
		random_state = 1000 + round;
		if (round % 20 == 0)
			start();
		for (unsigned i = 0; i < 2000; i++) {
			char byte = random_byte();

			REQUIRE(strcmp(feed_bytes(&byte, 1), "(broken)") != 0);
		}
		feed("\x03");
		CHECK_STR_EQ(feed("help\r"), "help");
	}
}
