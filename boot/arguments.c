/*
 * Reading the command line: words NAME=VALUE between spaces; one function per kind of value.
 */
#include <boot/arguments.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <lib/number.h>
#include <lib/string.h>

static struct boot_arguments machine_arguments;

const struct boot_arguments *boot_arguments(void)
{
	return &machine_arguments;
}

void boot_arguments_init(const char *command_line)
{
	arguments_parse(&machine_arguments, command_line);
}

static int set_text(char *destination, const char *value)
{
	return strlcpy(destination, value, ARGUMENT_TEXT_MAX) < ARGUMENT_TEXT_MAX ? 0 : -E2BIG;
}

static int set_number(uint64_t *destination, const char *value, uint64_t lowest, uint64_t highest)
{
	uint64_t number;
	int error = number_parse(value, &number);

	if (error)
		return error;
	if (number < lowest || number > highest)
		return -ERANGE;
	*destination = number;
	return 0;
}

/* The place of a value in a list of words, or -EINVAL. */
static int word_index(const char *value, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	return -EINVAL;
}

static int set_test(struct boot_arguments *arguments, const char *value)
{
	return set_text(arguments->test, value);
}

static int set_death(struct boot_arguments *arguments, const char *value)
{
	return set_text(arguments->death, value);
}

static int set_bench(struct boot_arguments *arguments, const char *value)
{
	return set_text(arguments->bench, value);
}

static int set_clock(struct boot_arguments *arguments, const char *value)
{
	static const char *const words[] = { "real", "icount", NULL };
	int index = word_index(value, words);

	if (index < 0)
		return index;
	arguments->counts_instructions = index == 1;
	return 0;
}

static int set_seed(struct boot_arguments *arguments, const char *value)
{
	return set_number(&arguments->seed, value, 1, UINT64_MAX);
}

static int set_asid_bits(struct boot_arguments *arguments, const char *value)
{
	return set_number(&arguments->asid_bits, value, 0, 16);
}

static int set_deadline_scale(struct boot_arguments *arguments, const char *value)
{
	return set_number(&arguments->deadline_scale, value, 1, 1000);
}

static int set_after(struct boot_arguments *arguments, const char *value)
{
	static const char *const words[] = { "monitor", "poweroff", NULL };
	int index = word_index(value, words);

	if (index < 0)
		return index;
	arguments->exit_after = index == 1;
	return 0;
}

static int set_log(struct boot_arguments *arguments, const char *value)
{
	static const char *const words[] = { "error", "warning", "info", "debug",
					     NULL }; /* enum
							log_level
						      */
	int index = word_index(value, words);

	if (index < 0)
		return index;
	arguments->log_level = (unsigned)index;
	return 0;
}

static int set_ramdisk_crc32(struct boot_arguments *arguments, const char *value)
{
	uint64_t number;
	int error = set_number(&number, value, 0, UINT32_MAX);

	if (error)
		return error;
	arguments->has_ramdisk_crc32 = true;
	arguments->ramdisk_crc32 = (uint32_t)number;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct boot_arguments *arguments, const char *value);
} known[] = {
	{ "test", set_test },
	{ "death", set_death },
	{ "bench", set_bench },
	{ "clock", set_clock },
	{ "seed", set_seed },
	{ "deadline-scale", set_deadline_scale },
	{ "asid-bits", set_asid_bits },
	{ "after", set_after },
	{ "log", set_log },
	{ "ramdisk-crc32", set_ramdisk_crc32 },
};

static void parse_word(struct boot_arguments *arguments, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(word, known[i].name) != 0)
			continue;
		if (!value)
			log_print(LOG_WARNING, "boot argument %s needs a value: ignored", word);
		else if (known[i].set(arguments, value) != 0)
			log_print(LOG_WARNING, "boot argument %s: cannot read \"%s\": ignored",
				  word, value);
		return;
	}
	log_print(LOG_WARNING, "unknown boot argument \"%s\": ignored", word);
}

void arguments_parse(struct boot_arguments *arguments, const char *command_line)
{
	char word[ARGUMENT_TEXT_MAX + 32];

	*arguments = (struct boot_arguments){
		.test = "*", .deadline_scale = 1, .asid_bits = 16, .log_level = LOG_INFO
	};
	while (*command_line) {
		size_t length = 0;

		while (*command_line == ' ' || *command_line == '\t')
			command_line++;
		while (command_line[length] && command_line[length] != ' ' &&
		       command_line[length] != '\t')
			length++;
		if (length == 0)
			break;
		if (length < sizeof(word)) {
			strlcpy(word, command_line, length + 1);
			parse_word(arguments, word);
		} else {
			log_print(LOG_WARNING,
				  "boot argument of %zu characters ignored: \"%.40s…\"", length,
				  command_line);
		}
		command_line += length;
	}
}
