/*
 * The kernel's tables at boot: the direct map, the records of frames, and where table pages come
 * from.
 *
 * Tables come from a small pool in the image until the direct map covers the largest range of
 * memory, then from the early allocator, then from the frame allocator: a table must be reachable
 * through the direct map to be written. From kspace_use_frames() on the root does not change, so
 * that other spaces can copy its entries.
 */
#include <arch/mmu.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/early_alloc.h>
#include <mm/early_map.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/kspace_boot.h>
#include <mm/layout.h>
#include <mm/space.h>

#define POOL_TABLES 32

uint64_t image_load_address;

struct space kernel_space_itself = { .table.keeps_top = true,
				     .lock = SPINLOCK_INITIALISER("kspace"),
				     .name = "kernel" };

/* Boot CPU, at boot. */
static uint64_t pool[POOL_TABLES][PAGE_TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static unsigned pool_used;

static uint64_t allocate_from_pool(void)
{
	return pool_used < POOL_TABLES ? image_to_phys(pool[pool_used++]) : 0;
}

static uint64_t allocate_from_memory(void)
{
	return early_alloc_pages(1, PAGE_SIZE);
}

void kspace_init(void)
{
	kspace_page_table()->root = mmu_kernel_root();
	kspace_page_table()->allocate = allocate_from_pool;
	image_load_address = kspace_page_table()->root -
			     ((uintptr_t)early_kernel_root - KERNEL_IMAGE_BASE);
	kspace_init_pieces();
}

/* Extends the direct map over whole pages; what is there stays. */
static int fill_direct_map(uint64_t first, uint64_t end)
{
	uintptr_t address = (uintptr_t)phys_to_virt(first);
	int error = page_table_fill(kspace_page_table(), address, first, end - first,
				    PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);

	/* The new entries before walks: pairs with entry_write in mm/page_table_walk.h. */
	mmu_publish(address, end - first);
	return error;
}

const void *kspace_map_window(uint64_t physical, uint64_t size)
{
	uint64_t first = align_down(physical, PAGE_SIZE);
	uint64_t last = physical + size - 1;

	if (size == 0 || last < physical || last >= DIRECT_MAP_SIZE)
		return NULL;
	if (fill_direct_map(first, align_up(last + 1, PAGE_SIZE)) != 0)
		return NULL;
	return phys_to_virt(physical);
}

static bool is_memory(const struct memory_range *range)
{
	return range->kind != MEMORY_RESERVED && range->kind != MEMORY_KERNEL &&
	       range->base < DIRECT_MAP_SIZE && range->size <= DIRECT_MAP_SIZE - range->base;
}

static const struct memory_range *largest_usable(const struct memory_map *map)
{
	const struct memory_range *largest = NULL;

	for (size_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];

		if (range->kind == MEMORY_USABLE && is_memory(range) &&
		    (!largest || range->size > largest->size))
			largest = range;
	}
	return largest;
}

int kspace_map_memory(const struct memory_map *map)
{
	/* The map changes while tables are cut from it. */
	static struct memory_map before;
	const struct memory_range *first;
	int error;

	before = *map;
	first = largest_usable(&before);
	BUG_ON(!first);
	error = fill_direct_map(first->base, first->base + first->size);
	early_alloc_confine(first->base, first->base + first->size);
	kspace_page_table()->allocate = allocate_from_memory;
	for (size_t i = 0; i < before.count && !error; i++) {
		const struct memory_range *range = &before.ranges[i];

		if (is_memory(range))
			error = fill_direct_map(range->base, range->base + range->size);
	}
	early_alloc_confine(EARLY_ALLOC_LOWEST, DIRECT_MAP_SIZE);
	return error;
}

/* One page of fresh memory at an address, a large one where it fits; its size, or 0. */
static size_t populate_page(uintptr_t address, uintptr_t end)
{
	unsigned flags = PAGE_READ | PAGE_WRITE | PAGE_GLOBAL;
	size_t large = PAGE_LEVEL_SIZE(1);
	uint64_t physical;

	if (is_aligned(address, large) && end - address >= large) {
		physical = early_alloc_pages(PAGE_TABLE_ENTRIES, large);
		if (physical &&
		    page_table_map(kspace_page_table(), address, physical, large, flags, NULL) == 0)
			return large;
	}
	physical = early_alloc_pages(1, PAGE_SIZE);
	if (physical &&
	    page_table_map(kspace_page_table(), address, physical, PAGE_SIZE, flags, NULL) == 0)
		return PAGE_SIZE;
	return 0;
}

int kspace_populate(uintptr_t address, size_t size)
{
	uintptr_t first = align_down(address, PAGE_SIZE);
	uintptr_t end = align_up(address + size, PAGE_SIZE);

	for (address = first; address < end;) {
		struct page_table_path path;
		size_t step;

		page_table_lookup(kspace_page_table(), address, &path);
		step = path.mapped ? PAGE_SIZE : populate_page(address, end);
		if (!step)
			return -ENOMEM;
		address += step;
	}
	/* The new entries before walks: pairs with entry_write in mm/page_table_walk.h. */
	mmu_publish(first, end - first);
	return 0;
}

static uint64_t allocate_frame(void)
{
	struct frame *frame = frame_alloc_zeroed(FRAME_TAG_TABLE);

	return frame ? frame_to_phys(frame) : 0;
}

int kspace_use_frames(void)
{
	kspace_page_table()->allocate = allocate_frame;
	kspace_page_table()->uses_frames = true;
	return page_table_reserve_top(kspace_page_table(), KSPACE_BASE, KSPACE_END - KSPACE_BASE);
}
