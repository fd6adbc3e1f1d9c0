/*
 * The line editor in two steps: input bytes become keys, a key changes the line and the screen.
 *
 * Keys are control characters: what arrives as an escape sequence becomes the control character of
 * the same meaning. On the screen the line takes one row and scrolls sideways in it, because the
 * width of the terminal is not known and a cursor cannot be moved across a wrapped row. Typing and
 * removing at the end of the line write no escape sequence, so a script that talks to the monitor
 * reads plain text.
 */
#include <boot/line_editor.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/string.h>

#define CTRL(letter) ((letter)&0x1f)
#define KEY_BACKSPACE CTRL('H')
#define KEY_TAB CTRL('I')
#define KEY_ESCAPE 0x1b
#define KEY_DELETE 0x7f /* the key of that name: unlike Ctrl-D it does nothing on an empty line */
#define KEY_NONE 0

enum input_state {
	INPUT_GROUND,
	INPUT_ESCAPE,   /* behind ESC */
	INPUT_SEQUENCE, /* behind ESC [ or ESC O: the same keys, in two modes of the terminal */
};

static void show(const struct line_editor *editor, const char *text)
{
	editor->write(text, strlen(text));
}

static void ring_bell(const struct line_editor *editor)
{
	show(editor, "\a");
}

/* Columns for the line behind the prompt. */
static size_t visible_width(const struct line_editor *editor)
{
	return LINE_EDITOR_COLUMNS - strlen(editor->prompt);
}

/* True when the row as it is scrolled shows the cursor, and the character before it. */
static bool cursor_in_row(const struct line_editor *editor)
{
	return (editor->cursor > editor->scroll || editor->scroll == 0) &&
	       editor->cursor <= editor->scroll + visible_width(editor);
}

/* Draws the row again; one that would not show the cursor is scrolled to have it in the middle. */
static void redraw(struct line_editor *editor)
{
	char text[LINE_EDITOR_COLUMNS + 32];
	size_t width = visible_width(editor);

	if (!cursor_in_row(editor))
		editor->scroll = editor->cursor > width / 2 ? editor->cursor - width / 2 : 0;

	size_t end = editor->scroll + width < editor->length ? editor->scroll + width
							     : editor->length;

	format_text(text, sizeof(text), "\r%s%.*s\x1b[K", editor->prompt,
		    (int)(end - editor->scroll), editor->line + editor->scroll);
	show(editor, text);
	if (editor->cursor < end) {
		format_text(text, sizeof(text), "\x1b[%uD", (unsigned)(end - editor->cursor));
		show(editor, text);
	}
}

static void move_cursor(struct line_editor *editor, size_t cursor)
{
	if (cursor == editor->cursor)
		return;
	editor->cursor = cursor;
	redraw(editor);
}

/* Inserts count characters at the cursor: all of them, or none and a bell. */
static void line_insert(struct line_editor *editor, const char *text, size_t count)
{
	char *at = editor->line + editor->cursor;

	if (count > LINE_EDITOR_LENGTH - editor->length) {
		ring_bell(editor);
		return;
	}
	memmove(at + count, at, editor->length - editor->cursor + 1);
	memcpy(at, text, count);
	editor->length += count;
	editor->cursor += count;
	if (editor->cursor == editor->length && cursor_in_row(editor))
		editor->write(text, count);
	else
		redraw(editor);
}

/* Removes [from, to) and leaves the cursor at from. */
static void line_remove(struct line_editor *editor, size_t from, size_t to)
{
	bool last_character = to == editor->length && to == editor->cursor && to - from == 1;

	if (from == to)
		return;
	memmove(editor->line + from, editor->line + to, editor->length - to + 1);
	editor->length -= to - from;
	editor->cursor = from;
	if (last_character && cursor_in_row(editor))
		show(editor, "\b \b");
	else
		redraw(editor);
}

static void line_remove_word(struct line_editor *editor)
{
	size_t from = editor->cursor;

	while (from > 0 && editor->line[from - 1] == ' ')
		from--;
	while (from > 0 && editor->line[from - 1] != ' ')
		from--;
	line_remove(editor, from, editor->cursor);
}

/* The line typed `back` lines ago, 1 for the newest; the one being typed for 0. */
static const char *history_line(const struct line_editor *editor, size_t back)
{
	return back == 0 ? editor->draft
			 : editor->history[(editor->history_total - back) % LINE_EDITOR_HISTORY];
}

static void history_show(struct line_editor *editor, size_t back)
{
	size_t kept = editor->history_total < LINE_EDITOR_HISTORY ? editor->history_total
								  : LINE_EDITOR_HISTORY;

	if (back > kept) {
		ring_bell(editor);
		return;
	}
	if (editor->history_back == 0)
		memcpy(editor->draft, editor->line, sizeof(editor->draft));
	editor->history_back = back;
	memcpy(editor->line, history_line(editor, back), sizeof(editor->line));
	editor->length = strlen(editor->line);
	editor->cursor = editor->length;
	redraw(editor);
}

/* Keeps the line unless it is blank or the same as the newest. */
static void history_add(struct line_editor *editor)
{
	const char *text = editor->line;

	while (*text == ' ')
		text++;
	if (*text == '\0' ||
	    (editor->history_total > 0 && strcmp(editor->line, history_line(editor, 1)) == 0))
		return;
	memcpy(editor->history[editor->history_total++ % LINE_EDITOR_HISTORY], editor->line,
	       sizeof(editor->line));
}

/* What the candidates that begin with line[start, cursor) have in common. */
struct completion {
	size_t start;
	size_t typed; /* cursor - start */
	size_t count;
	const char *first;
	size_t common; /* characters that all of them begin with */
};

static bool candidate_matches(const struct line_editor *editor, const struct completion *completion,
			      const char *word)
{
	return strncmp(word, editor->line + completion->start, completion->typed) == 0;
}

static void completion_find(const struct line_editor *editor, struct completion *completion)
{
	const char *word;

	completion->count = 0;
	completion->start = editor->cursor;
	while (completion->start > 0 && editor->line[completion->start - 1] != ' ')
		completion->start--;
	completion->typed = editor->cursor - completion->start;
	for (size_t i = 0; (word = editor->candidate(editor->line, completion->start, i)) != NULL;
	     i++) {
		if (!candidate_matches(editor, completion, word))
			continue;
		if (completion->count++ == 0) {
			completion->first = word;
			completion->common = strlen(word);
		}
		for (size_t same = completion->typed; same < completion->common; same++)
			if (word[same] != completion->first[same])
				completion->common = same;
	}
}

static void completion_list(struct line_editor *editor, const struct completion *completion)
{
	const char *word;
	size_t column = 0;

	show(editor, "\n");
	for (size_t i = 0; (word = editor->candidate(editor->line, completion->start, i)) != NULL;
	     i++) {
		if (!candidate_matches(editor, completion, word))
			continue;
		if (column > 0 && column + strlen(word) > LINE_EDITOR_COLUMNS) {
			show(editor, "\n");
			column = 0;
		}
		show(editor, word);
		show(editor, "  ");
		column += strlen(word) + 2;
	}
	show(editor, "\n");
	redraw(editor);
}

/* Writes out one match and a space, or what several share; when that is nothing, lists them. */
static void complete(struct line_editor *editor)
{
	struct completion completion;

	completion_find(editor, &completion);
	if (completion.count == 0) {
		ring_bell(editor);
	} else if (completion.common > completion.typed) {
		line_insert(editor, completion.first + completion.typed,
			    completion.common - completion.typed);
		if (completion.count == 1 && editor->cursor == completion.start + completion.common)
			line_insert(editor, " ", 1);
	} else if (completion.count == 1) {
		line_insert(editor, " ", 1);
	} else {
		completion_list(editor, &completion);
	}
}

/* The key that ESC [ parameters ~ stands for; a second parameter (Shift, Ctrl) is ignored. */
static char numbered_key(const char *parameters)
{
	if (parameters[0] == '\0' || (parameters[1] != '\0' && parameters[1] != ';'))
		return KEY_NONE;
	switch (parameters[0]) {
	case '1':
	case '7':
		return CTRL('A');
	case '4':
	case '8':
		return CTRL('E');
	case '3':
		return KEY_DELETE;
	default:
		return KEY_NONE;
	}
}

/* The key that a sequence with this last byte stands for. */
static char sequence_key(const struct line_editor *editor, char final)
{
	switch (final) {
	case 'A':
		return CTRL('P');
	case 'B':
		return CTRL('N');
	case 'C':
		return CTRL('F');
	case 'D':
		return CTRL('B');
	case 'H':
		return CTRL('A');
	case 'F':
		return CTRL('E');
	case '~':
		return numbered_key(editor->sequence);
	default:
		return KEY_NONE;
	}
}

/*
 * A printable byte behind ESC. A sequence is ESC [, parameters and intermediates from 0x20 to 0x3f,
 * and one last byte from 0x40 on (ECMA-48, 5.4).
 */
static char decode_sequence(struct line_editor *editor, char byte)
{
	if (editor->state == INPUT_ESCAPE && (byte == '[' || byte == 'O')) {
		editor->state = INPUT_SEQUENCE;
		editor->sequence_length = 0;
		editor->sequence[0] = '\0';
		return KEY_NONE;
	}
	if (editor->state == INPUT_ESCAPE) {
		editor->state = INPUT_GROUND; /* the Escape key, and then a character */
		return byte;
	}
	if (byte < '@' && true) {
		editor->sequence[editor->sequence_length++] = byte;
		editor->sequence[editor->sequence_length] = '\0';
		return KEY_NONE;
	}
	editor->state = INPUT_GROUND;
	return sequence_key(editor, byte);
}

/* The key that a byte completes, or KEY_NONE. What cannot stand in an escape sequence ends it. */
static char decode(struct line_editor *editor, char byte)
{
	bool return_before = editor->after_return;

	editor->after_return = byte == '\r';
	if (byte == KEY_ESCAPE) {
		editor->state = INPUT_ESCAPE;
		return KEY_NONE;
	}
	if (byte >= ' ' && byte <= '~')
		return editor->state == INPUT_GROUND ? byte : decode_sequence(editor, byte);
	editor->state = INPUT_GROUND;
	if (byte == 0x7f)
		return KEY_BACKSPACE;
	if (byte == '\n' && return_before)
		return KEY_NONE;
	if ((unsigned char)byte >= 0x80) {
		/* UTF-8: one bell for each character, at its first byte (RFC 3629, 3). */
		if ((unsigned char)byte >= 0xc0)
			ring_bell(editor);
		return KEY_NONE;
	}
	return byte;
}

static void edit_key(struct line_editor *editor, char key)
{
	bool at_end = editor->cursor == editor->length;

	switch (key) {
	case CTRL('A'):
		move_cursor(editor, 0);
		break;
	case CTRL('E'):
		move_cursor(editor, editor->length);
		break;
	case CTRL('B'):
		move_cursor(editor, editor->cursor - (editor->cursor > 0));
		break;
	case CTRL('F'):
		move_cursor(editor, editor->cursor + !at_end);
		break;
	case KEY_BACKSPACE:
		line_remove(editor, editor->cursor - (editor->cursor > 0), editor->cursor);
		break;
	case KEY_DELETE:
		line_remove(editor, editor->cursor, editor->cursor + !at_end);
		break;
	case CTRL('K'):
		line_remove(editor, editor->cursor, editor->length);
		break;
	case CTRL('U'):
		line_remove(editor, 0, editor->cursor);
		break;
	case CTRL('W'):
		line_remove_word(editor);
		break;
	case CTRL('P'):
		history_show(editor, editor->history_back + 1);
		break;
	case CTRL('N'):
		if (editor->history_back > 0)
			history_show(editor, editor->history_back - 1);
		break;
	case CTRL('D'):
		if (editor->length == 0)
			ring_bell(editor);
		edit_key(editor, KEY_DELETE);
		break;
	default:
		if (key >= ' ')
			line_insert(editor, &key, 1);
	}
}

void line_editor_init(struct line_editor *editor, void (*write)(const char *text, size_t size),
		      const char *prompt,
		      const char *(*candidate)(const char *line, size_t start, size_t index))
{
	BUG_ON(strlen(prompt) > LINE_EDITOR_PROMPT_LENGTH);
	memset(editor, 0, sizeof(*editor));
	editor->write = write;
	editor->prompt = prompt;
	editor->candidate = candidate;
}

void line_editor_begin(struct line_editor *editor)
{
	editor->line[0] = '\0';
	editor->length = 0;
	editor->cursor = 0;
	editor->scroll = 0;
	editor->history_back = 0;
	show(editor, editor->prompt);
}

char *line_editor_feed(struct line_editor *editor, char byte)
{
	char key = decode(editor, byte);

	switch (key) {
	case KEY_NONE:
		return NULL;
	case '\r':
	case '\n':
		show(editor, "\n");
		history_add(editor);
		return editor->line;
	case CTRL('C'):
		show(editor, "^C\n");
		line_editor_begin(editor);
		return NULL;
	case CTRL('L'):
		show(editor, "\x1b[H\x1b[2J");
		redraw(editor);
		return NULL;
	case KEY_TAB:
		complete(editor);
		return NULL;
	default:
		edit_key(editor, key);
		return NULL;
	}
}
