/*
 * The first page tables, built at physical addresses before the MMU is on.
 *
 * The kernel image is mapped page by page with its final permissions from the very start: nothing
 * is ever writable and executable. The same frames appear in the direct map (code and constants
 * read-only there too), so that the tables built here can be extended by the ordinary walker.
 * Nothing else is mapped: what memory there is, is not known yet.
 *
 * This file is compiled position-independent (PORT_EARLY_CFLAGS) and may touch only its own image
 * and no string or constant table: the addresses it takes are physical, and it computes the virtual
 * ones.
 */
#pragma GCC visibility push(hidden)
#include <arch/pte.h>
#include <lib/image.h>
#include <mm/early_map.h>
#include <mm/layout.h>
#include <stddef.h>

/*
 * Two roots; three levels for the image, the direct map, the identity map each, and one more table
 * where one straddles.
 */
#define EARLY_TABLES 24

static uint64_t early_tables[EARLY_TABLES][PAGE_TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
uint64_t early_kernel_root[PAGE_TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
uint64_t early_identity_root[PAGE_TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
extern char start_text[];
extern char start_text_end[];
static unsigned tables_used;

/*
 * An image of 1 GiB would need more tables; the linker script's sections are counted in hundreds of
 * KiB.
 */
static uint64_t *early_new_table(void)
{
	if (tables_used == EARLY_TABLES)
		for (;;)
			;
	return early_tables[tables_used++];
}

static void early_map_page(uint64_t *table, unsigned levels, uintptr_t address, uint64_t frame,
			   unsigned flags)
{
	for (unsigned level = levels - 1; level > 0; level--) {
		uint64_t *entry = &table[address >> PAGE_LEVEL_SHIFT(level) &
					 (PAGE_TABLE_ENTRIES - 1)];

		if (!pte_present(*entry))
			*entry = pte_make_table((uintptr_t)early_new_table());
		table = (uint64_t *)pte_address(*entry);
	}
	table[address >> PAGE_SHIFT & (PAGE_TABLE_ENTRIES - 1)] = pte_make_leaf(frame, 0, flags);
}

/*
 * Maps [from, to) of the image, named by physical addresses, at its link address and in the direct
 * map.
 */
static void early_map_section(unsigned levels, char *from, char *to, unsigned flags)
{
	uintptr_t load = (uintptr_t)image_start;
	uintptr_t direct = early_direct_map_base(levels);

	for (uintptr_t frame = (uintptr_t)from; frame < (uintptr_t)to; frame += PAGE_SIZE) {
		early_map_page(early_kernel_root, levels, KERNEL_IMAGE_BASE + (frame - load), frame,
			       flags | PAGE_GLOBAL);
		early_map_page(early_kernel_root, levels, direct + frame, frame,
			       (flags & ~(unsigned)PAGE_EXEC) | PAGE_GLOBAL);
	}
}

void early_map_image(unsigned levels)
{
	for (size_t i = 0; i < PAGE_TABLE_ENTRIES; i++) {
		early_kernel_root[i] = 0;
		early_identity_root[i] = 0;
		for (size_t table = 0; table < EARLY_TABLES; table++)
			early_tables[table][i] = 0;
	}
	tables_used = 0;

	early_map_section(levels, text_start, text_end, PAGE_READ | PAGE_EXEC);
	early_map_section(levels, rodata_start, rodata_end, PAGE_READ);
	early_map_section(levels, data_start, boot_stack_guard, PAGE_READ | PAGE_WRITE);
	early_map_section(levels, boot_stack, image_end, PAGE_READ | PAGE_WRITE);

	for (size_t i = PAGE_TABLE_ENTRIES / 2; i < PAGE_TABLE_ENTRIES; i++)
		early_identity_root[i] = early_kernel_root[i];
	for (uintptr_t frame = (uintptr_t)start_text; frame < (uintptr_t)start_text_end;
	     frame += PAGE_SIZE)
		early_map_page(early_identity_root, levels, frame, frame, PAGE_READ | PAGE_EXEC);
}
