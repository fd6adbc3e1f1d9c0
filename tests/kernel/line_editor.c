/*
 * The monitor's line editor, on the machine: the same source that tests/host/test_line_editor.c
 * runs under sanitizers, built by this port's compiler (where char may be unsigned).
 */
#include <boot/line_editor.h>
#include <boot/test.h>

#define SHOWN_MAX 512

static struct line_editor editor;
static char shown[SHOWN_MAX];
static size_t shown_length;

static void keep_shown(const char *text, size_t size)
{
	if (size > SHOWN_MAX - 1 - shown_length)
		size = SHOWN_MAX - 1 - shown_length;
	memcpy(shown + shown_length, text, size);
	shown_length += size;
	shown[shown_length] = '\0';
}

static const char *candidate(const char *line, size_t start, size_t index)
{
	static const char *const words[] = { "help", "poweroff", "pt" };

	return line[0] != '\0' && start == 0 && index < 3 ? words[index] : NULL;
}

static void start(void)
{
	line_editor_init(&editor, keep_shown, "> ", candidate);
	line_editor_begin(&editor);
	shown_length = 0;
}

/* Feeds the bytes; the last line that was finished, or NULL. */
static const char *feed(const char *bytes)
{
	static char finished[LINE_EDITOR_LENGTH + 1];
	const char *result = NULL;

	for (; *bytes; bytes++) {
		const char *line = line_editor_feed(&editor, *bytes);

		if (!line)
			continue;
		strlcpy(finished, line, sizeof(finished));
		result = finished;
		line_editor_begin(&editor);
	}
	return result ? result : "(no line)";
}

TEST(line_editor, echoes_and_ends_lines)
{
	start();
	EXPECT_STR_EQ(feed("mem\r"), "mem");
	EXPECT_STR_EQ(shown, "mem\n> ");
	EXPECT_STR_EQ(feed("\n"), "(no line)");
	EXPECT_STR_EQ(feed("log\n"), "log");
	EXPECT_STR_EQ(feed("\r\n"), "");
	EXPECT_STR_EQ(feed("mex\bm\r"), "mem");
	EXPECT_STR_EQ(feed("mex\x7fm\r"), "mem");
}

TEST(line_editor, moves_and_removes)
{
	start();
	EXPECT_STR_EQ(feed("bc\x1b[D\x1bOD"
			   "a\x1b[F"
			   "d\x1b[1~\x1b[3~\r"),
		      "bcd");
	EXPECT_STR_EQ(feed("one two\x17"
			   "three\x01\x0b\r"),
		      "");
	EXPECT_STR_EQ(feed("one two\x02\x02\x02\x15\r"), "two");
	EXPECT_STR_EQ(feed("dropped\x03kept\r"), "kept");
}

TEST(line_editor, remembers_lines)
{
	start();
	feed("one\rtwo\rtwo\r");
	EXPECT_STR_EQ(feed("\x1b[A\x1b[A\r"), "one");
	EXPECT_STR_EQ(feed("draft\x1b[A\x1b[B!\r"), "draft!");
}

TEST(line_editor, completes_words)
{
	start();
	EXPECT_STR_EQ(feed("he\t\r"), "help ");
	EXPECT_STR_EQ(feed("p\tt\r"), "pt");
	EXPECT_STR_EQ(feed("x\t\r"), "x");
}

TEST(line_editor, survives_garbage)
{
	start();
	EXPECT_STR_EQ(feed("a\x1b[1;\r"), "a");
	EXPECT_STR_EQ(feed("\xc3\xa4\xff\x9b"
			   "b\x1b[200~\x1b\x1b[Z\r"),
		      "b");
	for (unsigned i = 0; i < 20000; i++) {
		const char byte[2] = { (char)random_below(test_random(), 256), '\0' };

		feed(byte);
		ASSERT_LE(editor.length, (size_t)LINE_EDITOR_LENGTH);
		ASSERT_LE(editor.cursor, editor.length);
		ASSERT_EQ(strlen(editor.line), editor.length);
	}
	feed("\x03");
	EXPECT_STR_EQ(feed("help\r"), "help");
}

TEST(line_editor, limits_the_length)
{
	start();
	for (unsigned i = 0; i < LINE_EDITOR_LENGTH; i++)
		feed("x");
	shown_length = 0;
	feed("y");
	EXPECT_STR_EQ(shown, "\a");
	EXPECT_EQ(strlen(feed("\r")), (size_t)LINE_EDITOR_LENGTH);
}
