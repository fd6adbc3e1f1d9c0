/*
 * Kernel address space. Addresses between KSPACE_BASE and KSPACE_END are handed out upwards and
 * never reused; each piece has unmapped pages on both sides.
 *
 * Tables come from a small pool in the image until the direct map covers the largest range of
 * memory, then from the early allocator: a table must be reachable through the direct map to be
 * written.
 */
#include <arch/mmu.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/early_alloc.h>
#include <mm/early_map.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/spinlock.h>

#define POOL_TABLES 32

uint64_t image_load_address;

/* Its lock protects next_address, too. */
static struct space kernel = { .table.keeps_top = true,
			       .lock = SPINLOCK_INITIALISER("kspace"),
			       .name = "kernel" };
#define kernel_table kernel.table
#define kspace_lock kernel.lock
static uintptr_t next_address = KSPACE_BASE;

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

struct space *kernel_space(void)
{
	return &kernel;
}

struct page_table *kspace_page_table(void)
{
	return &kernel_table;
}

void kspace_init(void)
{
	kernel_table.root = mmu_kernel_root();
	kernel_table.allocate = allocate_from_pool;
	image_load_address = kernel_table.root - ((uintptr_t)early_kernel_root - KERNEL_IMAGE_BASE);
}

/* Extends the direct map over whole pages; what is there stays. */
static int fill_direct_map(uint64_t first, uint64_t end)
{
	uintptr_t address = (uintptr_t)phys_to_virt(first);
	int error = page_table_fill(&kernel_table, address, first, end - first,
				    PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);

	/* The new entries before walks: pairs with entry_write in mm/page_table.c. */
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
	kernel_table.allocate = allocate_from_memory;
	for (size_t i = 0; i < before.count && !error; i++) {
		const struct memory_range *range = &before.ranges[i];

		if (is_memory(range))
			error = fill_direct_map(range->base, range->base + range->size);
	}
	early_alloc_confine(EARLY_ALLOC_LOWEST, DIRECT_MAP_SIZE);
	return error;
}

/*
 * Addresses for a piece, with unmapped ones below and behind it; 0 when they are used up. Lock
 * held.
 */
static uintptr_t take_addresses(size_t size, size_t alignment, size_t guard)
{
	uintptr_t address = align_up(next_address + guard, alignment);

	if (size > KSPACE_END - KSPACE_BASE || address + size + guard > KSPACE_END)
		return 0;
	next_address = address + size + guard;
	return address;
}

/* Maps a piece at new addresses; 0 when there are none or no table. */
static uintptr_t map_piece(uint64_t physical, size_t size, size_t alignment, size_t guard,
			   unsigned flags)
{
	unsigned long irq = spinlock_lock_irqsave(&kspace_lock);
	uintptr_t address = take_addresses(size, alignment, guard);

	if (address && page_table_map(&kernel_table, address, physical, size, flags, NULL) != 0)
		address = 0;
	spinlock_unlock_irqrestore(&kspace_lock, irq);
	/* The new entries before walks: pairs with entry_write in mm/page_table.c. */
	if (address)
		mmu_publish(address, size);
	return address;
}

void *kspace_map_device(uint64_t physical, uint64_t size)
{
	uint64_t first = align_down(physical, PAGE_SIZE);
	uint64_t last = physical + size - 1;

	if (size == 0 || last < physical || last >= UINT64_MAX - PAGE_SIZE)
		return NULL;
	uintptr_t address = map_piece(first, align_up(last + 1, PAGE_SIZE) - first, PAGE_SIZE,
				      PAGE_SIZE,
				      PAGE_READ | PAGE_WRITE | PAGE_DEVICE | PAGE_GLOBAL);

	return address ? (void *)(address + (physical - first)) : NULL;
}

uintptr_t kspace_alloc_stack(void)
{
	struct frame *frame = frame_alloc_run(KERNEL_STACK_SIZE / PAGE_SIZE, PAGE_SIZE, UINT64_MAX,
					      FRAME_TAG_STACK);
	uint64_t physical = frame ? frame_to_phys(frame) : 0;

	if (!physical)
		return 0;
	uintptr_t address = map_piece(physical, KERNEL_STACK_SIZE, KERNEL_STACK_SLOT,
				      KERNEL_STACK_SIZE, PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);

	return address ? address + KERNEL_STACK_SIZE : 0;
}

void *kspace_alloc(size_t size, unsigned flags, enum frame_tag tag)
{
	size_t count = align_up(size, PAGE_SIZE) / PAGE_SIZE;
	struct frame *frame = frame_alloc_run(count, PAGE_SIZE, UINT64_MAX, tag);

	if (!frame)
		return NULL;
	uint64_t physical = frame_to_phys(frame);

	memset(frame_to_virt(frame), 0, count * PAGE_SIZE);
	return (void *)map_piece(physical, count * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
				 flags | PAGE_GLOBAL);
}

int kspace_populate(uintptr_t address, size_t size)
{
	uintptr_t end = align_up(address + size, PAGE_SIZE);

	for (address = align_down(address, PAGE_SIZE); address < end;) {
		struct page_table_path path;
		size_t step = PAGE_SIZE;

		page_table_lookup(&kernel.table, address, &path);
		if (!path.mapped) {
			uint64_t physical = 0;

			if (is_aligned(address, PAGE_LEVEL_SIZE(1)) &&
			    end - address >= PAGE_LEVEL_SIZE(1))
				physical = early_alloc_pages(PAGE_TABLE_ENTRIES,
							     PAGE_LEVEL_SIZE(1));
			if (physical)
				step = PAGE_LEVEL_SIZE(1);
			else
				physical = early_alloc_pages(1, PAGE_SIZE);
			if (!physical || page_table_map(&kernel.table, address, physical, step,
							PAGE_READ | PAGE_WRITE | PAGE_GLOBAL,
							NULL) != 0)
				return -ENOMEM;
		}
		address += step;
	}
	/* The new entries before walks: pairs with entry_write in mm/page_table.c. */
	mmu_publish(address, size);
	return 0;
}

static uint64_t allocate_frame(void)
{
	struct frame *frame = frame_alloc_zeroed(FRAME_TAG_TABLE);

	return frame ? frame_to_phys(frame) : 0;
}

void kspace_use_frames(void)
{
	kernel.table.allocate = allocate_frame;
	kernel.table.uses_frames = true;
}

void *kspace_map_code(void)
{
	return (void *)map_piece(image_to_phys(text_start), (size_t)(text_end - text_start),
				 PAGE_SIZE, PAGE_SIZE, PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);
}

void kspace_unmap_code(void *code)
{
	size_t size = (size_t)(text_end - text_start);
	unsigned long irq = spinlock_lock_irqsave(&kspace_lock);

	struct tlb_gather gather;

	tlb_gather_begin(&gather, &kernel, false);
	BUG_ON(page_table_unmap(&kernel_table, (uintptr_t)code, size, &gather) != 0);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&kspace_lock, irq);
}

int kspace_protect(void *address, size_t size, unsigned flags)
{
	unsigned long irq = spinlock_lock_irqsave(&kspace_lock);
	struct tlb_gather gather;
	int error;

	tlb_gather_begin(&gather, &kernel, false);
	error = page_table_protect(&kernel_table, (uintptr_t)address, size, flags, &gather);
	tlb_gather_end(&gather);
	spinlock_unlock_irqrestore(&kspace_lock, irq);
	return error;
}
