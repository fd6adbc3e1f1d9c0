/*
 * The log ring. A line is put together on the caller's stack, then copied in under log_lock; the
 * console gets it afterwards, so that a slow serial port holds up no other CPU's logging.
 */
#include <dev/clock.h>
#include <dev/console.h>
#include <dev/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/spinlock.h>

#define LOG_LINES 512
#define LOG_TEXT_MAX 208

struct log_line {
	uint64_t time_ns;
	uint16_t cpu;
	uint16_t level;
	char text[LOG_TEXT_MAX];
};

/* Protects: lines, line_total. Nothing is called with it held. */
static struct spinlock log_lock = SPINLOCK_INITIALISER("log");
static struct log_line lines[LOG_LINES];
static uint64_t line_total; /* ever written; the newest is lines[(line_total - 1) % LOG_LINES] */

static uint32_t console_level = LOG_INFO; /* atomic */
static uint32_t console_started;          /* atomic */

static void print_line(const struct log_line *line)
{
	static const char letters[] = { 'E', 'W', 'I', 'D' };

	console_print("[%5llu.%06llu] %u %c: %s\n",
		      (unsigned long long)(line->time_ns / NS_PER_SECOND),
		      (unsigned long long)(line->time_ns % NS_PER_SECOND / 1000), line->cpu,
		      letters[line->level], line->text);
}

static void log_sink(enum log_level level, const char *text)
{
	struct log_line line = {
		.time_ns = clock_ns(),
		.cpu = (uint16_t)cpu_current(),
		.level = (uint16_t)level,
	};

	strlcpy(line.text, text, sizeof(line.text));
	unsigned long flags = spinlock_lock_irqsave(&log_lock);

	lines[line_total++ % LOG_LINES] = line;
	spinlock_unlock_irqrestore(&log_lock, flags);
	if (atomic_load_relaxed(&console_started) && level <= atomic_load_relaxed(&console_level))
		print_line(&line);
}

void log_init(void)
{
	log_set_sink(log_sink);
}

/* Prints the lines of the ring up to a level; those that are overwritten meanwhile are left out. */
static void print_ring(enum log_level level)
{
	uint64_t end = line_total;

	for (uint64_t i = end > LOG_LINES ? end - LOG_LINES : 0; i < end; i++) {
		unsigned long flags = spinlock_lock_irqsave(&log_lock);
		bool still_there = line_total - i <= LOG_LINES;
		struct log_line line = lines[i % LOG_LINES];

		spinlock_unlock_irqrestore(&log_lock, flags);
		if (still_there && line.level <= level)
			print_line(&line);
	}
}

void log_start_console(void)
{
	atomic_store_relaxed(&console_started, 1);
	print_ring((enum log_level)atomic_load_relaxed(&console_level));
}

void log_set_console_level(enum log_level level)
{
	atomic_store_relaxed(&console_level, level);
}

void log_show(void)
{
	print_ring(LOG_DEBUG);
}
