/*
 * `mem` and `pt`: physical memory, and how a virtual address becomes a physical one. Both only
 * read: the memory map is constant after boot, and each entry of a page table is read once.
 */
#include <arch/mmu.h>
#include <boot/monitor_commands.h>
#include <boot/monitor_heap.h>
#include <boot/monitor_text.h>
#include <dev/console.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/number.h>
#include <lib/symbols.h>
#include <mm/early_alloc.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/memory_map.h>

#define BYTES_TEXT_MAX 16

static void print_totals(const struct memory_map *map)
{
	uint64_t memory = 0;

	console_print("totals\n");
	for (uint32_t kind = MEMORY_USABLE; kind <= MEMORY_EARLY; kind++) {
		uint64_t total = memory_map_total(map, kind);
		char text[BYTES_TEXT_MAX];

		if (total == 0)
			continue;
		monitor_format_bytes(text, sizeof(text), total);
		console_print("  %-24s %12s\n", memory_map_describe(kind), text);
		if (kind != MEMORY_RESERVED)
			memory += total;
	}

	char all[BYTES_TEXT_MAX];

	monitor_format_bytes(all, sizeof(all), memory);
	console_print("  %-24s %12s\n", "memory", all);
}

static void print_frames(void)
{
	struct frame_statistics statistics;
	char free[BYTES_TEXT_MAX];
	char total[BYTES_TEXT_MAX];

	frame_statistics(&statistics);
	console_print("frames\n");
	for (unsigned tag = 0; tag < FRAME_TAGS; tag++)
		if (statistics.by_tag[tag])
			console_print("  %-24s %12llu\n", frame_tag_name(tag),
				      (unsigned long long)statistics.by_tag[tag]);
	console_print("  %-24s %12llu, of which %llu in CPUs' caches\n", "free",
		      (unsigned long long)statistics.free, (unsigned long long)statistics.cached);
	console_print("free blocks by order:");
	for (unsigned order = 0; order < FRAME_ORDERS; order++)
		if (statistics.free_blocks[order])
			console_print(" %u:%llu", order,
				      (unsigned long long)statistics.free_blocks[order]);
	console_print("\ncaches refilled %llu times, drained %llu, reclaimed %llu; of what is free "
		      "%u/1000 cannot serve 2 MiB\n",
		      (unsigned long long)statistics.refills, (unsigned long long)statistics.drains,
		      (unsigned long long)statistics.reclaims, frame_fragmentation(&statistics, 9));
	monitor_format_bytes(free, sizeof(free), statistics.free * PAGE_SIZE);
	monitor_format_bytes(total, sizeof(total), statistics.total * PAGE_SIZE);
	console_print("free: %s of %s\n", free, total);
}

bool monitor_mem(const struct monitor_arguments *arguments)
{
	const struct memory_map *map = early_alloc_map();

	if (arguments->count != 0)
		return false;
	console_print("%-18s  %-18s  %12s  %s\n", "first byte", "last byte", "size", "kind");
	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		char size[BYTES_TEXT_MAX];

		monitor_format_bytes(size, sizeof(size), range->size);
		console_print("0x%016llx  0x%016llx  %12s  %s\n", (unsigned long long)range->base,
			      (unsigned long long)(range->base + range->size - 1), size,
			      memory_map_describe(range->kind));
	}
	print_totals(map);
	print_frames();
	monitor_print_caches();
	return true;
}

/* The address and where it lies: "0xffffffff80001000 = kernel_start+0x0, in the kernel image". */
static void print_address(uintptr_t address)
{
	uintptr_t offset;
	const char *symbol = symbol_find(address, &offset);
	size_t index = kspace_region_of(address);
	struct kspace_region region = { .name = "space between regions" };

	if (index != kspace_region_count)
		kspace_region(index, &region);
	if (symbol)
		console_print("0x%016lx = %.100s+0x%lx, in the %s\n", address, symbol, offset,
			      region.name);
	else
		console_print("0x%016lx, in the %s\n", address, region.name);
}

/* True when the bits above those that the levels translate are copies of the highest of them. */
static bool is_canonical(uintptr_t address)
{
	unsigned top_bit = PAGE_LEVEL_SHIFT(pte_levels()) - 1;
	intptr_t high = (intptr_t)address >> top_bit;

	return high == 0 || high == -1;
}

static void print_entry(unsigned level, unsigned index, uint64_t entry_address, uint64_t entry)
{
	char description[160];
	char row[80];
	int column = format_text(row, sizeof(row), "%5u  %5u  0x%012llx  0x%016llx", level, index,
				 (unsigned long long)entry_address, (unsigned long long)entry);

	pte_describe(entry, level, description, sizeof(description));
	console_print("%s", row);
	monitor_print_wrapped((size_t)column, (size_t)column + 2, description);
}

static void print_walk(uintptr_t address)
{
	struct page_table_path path;
	uint64_t table = kspace_page_table()->root;

	page_table_lookup(kspace_page_table(), address, &path);
	console_print("level  index  %-14s  %-18s  %s\n", "entry at", "entry", "meaning");
	for (unsigned level = path.root_level;; level--) {
		unsigned index = address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1);

		print_entry(level, index, table + index * sizeof(uint64_t), path.entries[level]);
		if (level == path.leaf_level)
			break;
		table = pte_address(path.entries[level]);
	}
	if (!path.mapped) {
		console_print("not mapped\n");
		return;
	}

	uint64_t offset = address & (PAGE_LEVEL_SIZE(path.leaf_level) - 1);
	uint64_t page = pte_address(path.entries[path.leaf_level]) &
			~(PAGE_LEVEL_SIZE(path.leaf_level) - 1);
	char size[BYTES_TEXT_MAX];

	monitor_format_bytes(size, sizeof(size), PAGE_LEVEL_SIZE(path.leaf_level));
	console_print("physical address 0x%llx, in a page of %s at 0x%llx\n",
		      (unsigned long long)(page + offset), size, (unsigned long long)page);
}

/* A number, or the name of a function. False, and said why, when it is neither. */
static bool parse_address(const char *text, uintptr_t *address)
{
	int error = number_parse(text, address);

	if (error == -ERANGE) {
		console_print("%.60s has more than 64 bits\n", text);
		return false;
	}
	if (error)
		*address = symbol_address(text);
	if (error && *address == 0) {
		console_print("%.60s is neither a number (0x for hexadecimal) nor a function\n",
			      text);
		return false;
	}
	return true;
}

bool monitor_pt(const struct monitor_arguments *arguments)
{
	uintptr_t address;

	if (arguments->count != 1)
		return false;
	if (!parse_address(arguments->words[0], &address))
		return true;
	if (!is_canonical(address)) {
		console_print("0x%016lx: bits 63 to %u differ, and Trefoil uses no such address\n",
			      address, PAGE_LEVEL_SHIFT(pte_levels()) - 1);
		return true;
	}
	print_address(address);
	print_walk(address);
	return true;
}
