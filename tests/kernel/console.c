/*
 * Console and log: whole lines, whoever writes.
 */
#include <boot/test.h>
#include <dev/console.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <mm/kspace.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

/* The host's runner checks that each of these lines arrived once and in one piece (tools/run_tests.py). */
static void write_lines(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 4; i++)
		console_print("    # whole line %u of CPU %u: abcdefghijklmnopqrstuvwxyz 0123456789 end\n", i,
			      cpu_current());
}

TEST(console, lines_of_all_cpus_stay_whole)
{
	test_note("whole lines: 4 from each of %u CPUs", cpus_online_count());
	on_each_cpu(write_lines, NULL);
}

TEST(console, log_takes_long_lines)
{
	char text[400];

	memset(text, '-', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_print(LOG_INFO, "a line longer than the log keeps: %s", text);
	log_print(LOG_DEBUG, "not shown unless log=debug");
}

TEST(console, unknown_ports_are_refused)
{
	struct uart_description none = { .kind = UART_NONE };
	struct uart_description strange = { .kind = 99, .registers = { .base = 0x1000, .size = 0 } };

	EXPECT_EQ(console_init(&none, kspace_map_device), -ENODEV);
	EXPECT_EQ(console_init(&strange, kspace_map_device), -ENOMEM);
	EXPECT(console_is_ready());
}
