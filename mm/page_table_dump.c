#include <lib/format.h>
#include <mm/page_table_dump.h>

/* What makes neighbours one stretch. */
#define SHOWN (PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER | PAGE_GLOBAL | PAGE_DEVICE)

struct dump {
	bool (*print)(const struct page_table_stretch *stretch, void *argument);
	void *argument;
	struct page_table_stretch stretch;
	uint64_t next_physical; /* where the frames would go on */
	bool has_stretch;
	bool goes_on;
};

static bool belongs(const struct dump *dump, uintptr_t address, unsigned flags, unsigned level)
{
	return dump->has_stretch && dump->stretch.last + 1 == address &&
	       dump->stretch.flags == flags && dump->stretch.level == level;
}

static bool add_leaf(uintptr_t address, uint64_t entry, unsigned level, void *argument)
{
	struct dump *dump = argument;
	unsigned flags = pte_flags(entry) & SHOWN;
	uint64_t physical = pte_address(entry) & ~(PAGE_LEVEL_SIZE(level) - 1);

	if (belongs(dump, address, flags, level)) {
		dump->stretch.contiguous &= physical == dump->next_physical;
	} else {
		if (dump->has_stretch)
			dump->goes_on = dump->print(&dump->stretch, dump->argument);
		dump->has_stretch = true;
		dump->stretch = (struct page_table_stretch){ .first = address,
							     .physical = physical,
							     .contiguous = true,
							     .level = level,
							     .flags = flags };
	}
	dump->stretch.last = address + (PAGE_LEVEL_SIZE(level) - 1);
	dump->next_physical = physical + PAGE_LEVEL_SIZE(level);
	return dump->goes_on;
}

void page_table_dump(const struct page_table *table,
		     bool (*print)(const struct page_table_stretch *stretch, void *argument),
		     void *argument)
{
	struct dump dump = { .print = print, .argument = argument, .goes_on = true };

	page_table_visit(table, add_leaf, &dump);
	if (dump.goes_on && dump.has_stretch)
		print(&dump.stretch, argument);
}

/* In the largest unit that leaves no rest. */
static void format_size(char *text, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;

	while (bytes % 1024 == 0 && bytes != 0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	format_text(text, size, "%llu %s", (unsigned long long)bytes, units[unit]);
}

void page_table_format_stretch(const struct page_table_stretch *stretch, char *text, size_t size)
{
	static const char *const pages[] = { "4 KiB", "2 MiB", "1 GiB", "512 GiB" };
	unsigned flags = stretch->flags;
	char bytes[24];

	format_size(bytes, sizeof(bytes), (uint64_t)(stretch->last - stretch->first) + 1);
	format_text(text, size, "0x%016lx-0x%016lx %9s %c%c%c %-6s %-6s %-6s %s pages",
		    (unsigned long)stretch->first, (unsigned long)stretch->last, bytes,
		    flags & PAGE_READ ? 'r' : '-', flags & PAGE_WRITE ? 'w' : '-',
		    flags & PAGE_EXEC ? 'x' : '-', flags & PAGE_USER ? "user" : "kernel",
		    flags & PAGE_GLOBAL ? "global" : "", flags & PAGE_DEVICE ? "device" : "",
		    pages[stretch->level]);
}
