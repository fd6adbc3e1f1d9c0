/* sources: mm/memory_map.c */
/*
 * The physical memory map against a model that has one byte per page. The input is a program:
 * operations of 8 bytes each, on pages near the bottom or the top of the address space.
 */
#include <mm/memory_map.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096ULL
/* Enough that every second page fills the map. */
#define PAGES 2048ULL
/*
 * Where the second half of the pages lies: its last page is the last one of the address space but
 * one.
 */
#define HIGH_BASE (0 - (PAGES / 2 + 1) * PAGE)
/* Programs are cut here, because each operation is compared with the whole model. */
#define OPERATIONS_MAX 64

enum operation { ADD, RESERVE, FIND, FILL };

struct __attribute__((packed)) step {
	uint8_t operation;
	uint8_t kind;
	uint16_t page;
	uint16_t pages;
	uint8_t offset;    /* of the base in its page, in units of 16 bytes */
	uint8_t remainder; /* beyond whole pages, the same */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct memory_map map;
static uint8_t model[PAGES]; /* a kind, or 0 */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint64_t page_address(uint64_t page)
{
	return page < PAGES / 2 ? page * PAGE : HIGH_BASE + (page - PAGES / 2) * PAGE;
}

static unsigned strength(uint8_t kind)
{
	static const uint8_t order[] = { MEMORY_USABLE,      MEMORY_ACPI,    MEMORY_RESERVED,
					 MEMORY_DESCRIPTION, MEMORY_RAMDISK, MEMORY_EARLY,
					 MEMORY_KERNEL };

	for (unsigned i = 0; i < sizeof(order); i++)
		if (order[i] == kind)
			return i + 1;
	return 0;
}

static uint8_t sane_kind(uint8_t kind)
{
	return strength(kind) ? kind : MEMORY_RESERVED;
}

/* How many of the model's pages begin below an address. */
static uint64_t pages_below(uint64_t address)
{
	uint64_t pages = (address - HIGH_BASE + PAGE - 1) / PAGE;

	if (address <= HIGH_BASE)
		return address <= PAGES / 2 * PAGE ? (address + PAGE - 1) / PAGE : PAGES / 2;
	return pages < PAGES / 2 ? PAGES / 2 + pages : PAGES;
}

/*
 * Does to the model what memory_map_add() says it does. True when every page was memory that may be
 * reserved.
 */
static bool model_add(uint64_t base, uint64_t size, uint8_t kind)
{
	uint64_t last = size > UINT64_MAX - base ? UINT64_MAX : base + size - 1;
	uint64_t page = base < PAGE ? 0 : pages_below(base - (PAGE - 1));
	uint64_t end = last == UINT64_MAX ? PAGES : pages_below(last + 1);
	bool known = true;

	if (kind == MEMORY_USABLE) {
		page = pages_below(base);
		end = last < PAGE - 1 ? 0 : pages_below(last - (PAGE - 1) + 1);
	}
	if (size == 0 || page >= end)
		return false;
	for (; page < end; page++) {
		if (model[page] == 0 || (model[page] == MEMORY_RESERVED && kind != MEMORY_RESERVED))
			known = false;
		if (strength(kind) > strength(model[page]))
			model[page] = kind;
	}
	return known;
}

/* What the map says of each page, into `kinds`; and that the map is well-formed. */
static void read_map(uint8_t *kinds)
{
	uint64_t end = 0;

	require(map.count <= MEMORY_MAP_MAX);
	memset(kinds, 0, PAGES);
	for (uint32_t i = 0; i < map.count; i++) {
		const struct memory_range *range = &map.ranges[i];
		uint64_t page;

		require(range->size > 0 && range->size <= UINT64_MAX - range->base);
		require(range->base % PAGE == 0 && range->size % PAGE == 0);
		require(i == 0 || range->base >= end);
		require(i == 0 || range->base > end || range->kind != range[-1].kind);
		end = range->base + range->size;
		page = pages_below(range->base);
		memset(kinds + page, (int)range->kind, pages_below(end) - page);
	}
}

/*
 * The map is the model; once it has been full, it may know less, but never calls usable what is
 * not.
 */
static void compare(bool was_full)
{
	static uint8_t kinds[PAGES];

	read_map(kinds);
	if (!was_full) {
		require(memcmp(kinds, model, PAGES) == 0);
		return;
	}
	for (uint64_t page = 0; page < PAGES; page++)
		require(kinds[page] != MEMORY_USABLE || model[page] == MEMORY_USABLE);
	memcpy(model, kinds, PAGES);
}

static bool add(uint64_t base, uint64_t size, uint8_t kind, bool reserve)
{
	int result = reserve ? memory_map_reserve(&map, base, size, kind)
			     : memory_map_add(&map, base, size, kind);
	bool known = model_add(base, size, sane_kind(kind));
	const int no_space = -28;

	require(result == 0 || result == no_space || reserve);
	/* What was cut at the end of the address space was known as far as it goes. */
	if (reserve && result != no_space)
		require((result == 0) == known);
	return result == no_space;
}

/* The highest place is the first one that a search downwards comes to. */
static void find(uint64_t size, uint64_t alignment, uint64_t lowest, uint64_t highest)
{
	uint64_t wanted = (size + PAGE - 1) / PAGE;
	uint64_t below_highest = 0; /* usable pages from this one on, that end below highest */
	uint64_t best = 0;

	for (uint64_t page = PAGES - 1; page > 0 && best == 0 && wanted > 0; page--) {
		uint64_t address = page_address(page);

		if (page == PAGES / 2 - 1)
			below_highest = 0;
		if (model[page] != MEMORY_USABLE || highest < address || highest - address < PAGE)
			below_highest = 0;
		else
			below_highest++;
		if (below_highest >= wanted && address >= lowest && address % alignment == 0)
			best = address;
	}
	require(memory_map_find(&map, size, alignment, lowest, highest) == best);
}

/*
 * Makes an empty map one of `count` single pages, every second one. Written directly, because
 * adding them takes time.
 */
static void fill(uint64_t page, uint32_t count, uint8_t kind)
{
	if (map.count > 0)
		return;
	for (; map.count < count && page < PAGES; page += 2) {
		map.ranges[map.count++] = (struct memory_range){
			.base = page_address(page),
			.size = PAGE,
			.kind = sane_kind(kind),
		};
		model[page] = sane_kind(kind);
	}
}

/* Runs one step. True when the map was full. */
static bool run(const struct step *step)
{
	uint64_t base = page_address(step->page % PAGES) + step->offset * 16ULL;
	uint64_t size = step->pages % PAGES * PAGE + step->remainder * 16ULL;

	/* No model of what lies between the halves. */
	if (base < PAGES / 2 * PAGE && size > PAGES / 2 * PAGE - base)
		size = PAGES / 2 * PAGE - base;
	switch (step->operation % 4) {
	case ADD:
		return add(base, size, step->kind, false);
	case RESERVE:
		return add(base, size, step->kind, true);
	case FIND:
		find(size, 1ULL << step->kind % 24, page_address(step->page % PAGES),
		     UINT64_MAX - step->offset * (PAGE + 16));
		return false;
	default:
		fill(step->page % (PAGES / 4), step->pages % (MEMORY_MAP_MAX + 1), step->kind);
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step step;

	memset(&map, 0, sizeof(map));
	memset(model, 0, sizeof(model));
	for (size_t at = 0; at + sizeof(step) <= size && at < OPERATIONS_MAX * sizeof(step);
	     at += sizeof(step)) {
		memcpy(&step, data + at, sizeof(step));
		compare(run(&step));
	}
	return 0;
}
