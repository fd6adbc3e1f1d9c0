/*
 * Console and log: whole lines, whoever writes.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <dev/console.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <mm/kspace.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

/*
 * The host's runner checks that each of these lines arrived once and in one piece
 * (tools/run_tests.py).
 */
#define WHOLE_LINES 24

static uint32_t writers; /* atomic */

static void write_lines(void *argument)
{
	(void)argument;
	/* Relaxed: they meet in time alone, so that all write at once. */
	atomic_fetch_add_relaxed(&writers, (uint32_t)1);
	while (atomic_load_relaxed(&writers) < cpus_online_count())
		cpu_relax();
	for (unsigned i = 0; i < WHOLE_LINES; i++)
		console_print("    # whole line %u of CPU %u: abcdefghijklmnopqrstuvwxyz "
			      "0123456789 end\n",
			      i, cpu_current());
}

TEST(console, lines_of_all_cpus_stay_whole)
{
	test_note("whole lines: %u from each of %u CPUs", WHOLE_LINES, cpus_online_count());
	atomic_store_relaxed(&writers, 0);
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
	struct uart_description strange = { .kind = 99,
					    .registers = { .base = 0x1000, .size = 0 } };

	EXPECT_EQ(console_init(&none, kspace_map_device), -ENODEV);
	EXPECT_EQ(console_init(&strange, kspace_map_device), -ENOMEM);
	EXPECT(console_is_ready());
}
