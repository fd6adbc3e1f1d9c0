/*
 * Kernel space: pieces of addresses between unmapped pages, and what is mapped there.
 *
 * An arena (mm/arena.h) hands out the addresses; a piece's note says what it is. What is freed
 * waits with its addresses, already unmapped, in one gather that lives as long as the kernel, until
 * kspace_flush() invalidates all of it at once. Everything here is under the lock of the kernel's
 * space.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/arena.h>
#include <mm/kspace.h>
#include <mm/kspace_boot.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <mm/tlb.h>

/* What a piece is: its note. */
enum piece_kind {
	PIECE_DEVICE, /* or code: nobody's frames */
	PIECE_FRAMES, /* the caller's */
	PIECE_MEMORY, /* frames of its own */
	PIECE_STACK,  /* the same */
	PIECE_FREED,  /* waits for a flush */
};

/* Unmapped on each side. A stack lies at a multiple of the slot, behind a whole one. */
#define GUARD PAGE_SIZE
#define STACK_OFFSET KERNEL_STACK_SLOT
#define STACK_PIECE (2 * KERNEL_STACK_SLOT)

/* Records of pieces for the time before there are frames. */
#define EARLY_PIECES 64

static struct arena addresses;
static struct arena_piece early_pieces[EARLY_PIECES];
static bool early_pieces_used;

/*
 * Small pieces that are in no use stay taken from the arena, by their size in pages, for the next
 * of that size: an arena's books cost more than all the rest (Bonwick and Adams call these quantum
 * caches: "Magazines and Vmem", USENIX 2001, 4.4.4).
 */
#define CACHED_PAGES 15
_Static_assert(STACK_PIECE > CACHED_PAGES * PAGE_SIZE, "stacks have an alignment");
#define CACHE_DEPTH KSPACE_LAZY_PIECES

struct piece_cache {
	size_t count;
	struct arena_piece *pieces[CACHE_DEPTH];
};

static struct piece_cache caches[CACHED_PAGES + 1];

/* What waits: the gather, and the pieces it is of. */
static struct tlb_gather lazy;
static struct arena_piece *lazy_pieces[KSPACE_LAZY_PIECES];
static size_t lazy_count;

static struct kspace_statistics counts;

static unsigned long lock(void)
{
	return spinlock_lock_irqsave(&kernel_space()->lock);
}

static void unlock(unsigned long irq)
{
	spinlock_unlock_irqrestore(&kernel_space()->lock, irq);
}

static struct arena_piece *more_pieces(size_t *count)
{
	struct frame *frame;

	if (!early_pieces_used) {
		early_pieces_used = true;
		*count = EARLY_PIECES;
		return early_pieces;
	}
	frame = kspace_page_table()->uses_frames ? frame_alloc(FRAME_TAG_KSPACE) : NULL;
	*count = PAGE_SIZE / sizeof(struct arena_piece);
	return frame ? frame_to_virt(frame) : NULL;
}

void kspace_init_pieces(void)
{
	arena_init(&addresses, PAGE_SIZE, ARENA_INSTANT_FIT, more_pieces);
	BUG_ON(arena_add(&addresses, KSPACE_BASE, KSPACE_END - KSPACE_BASE) != 0);
	tlb_gather_begin(&lazy, kernel_space(), true);
}

/* ---- From here to the next such line: the lock is held ---- */

/* Tables that are empty now go, each looked at once for neighbours that were freed one by one. */
static void prune_tables(void)
{
	uint64_t looked_at = 0;

	for (size_t i = 0; i < lazy_count; i++) {
		uint64_t first = lazy_pieces[i]->base >> PAGE_LEVEL_SHIFT(1);
		uint64_t last = (lazy_pieces[i]->base + lazy_pieces[i]->size - 1) >>
				PAGE_LEVEL_SHIFT(1);

		if (first == looked_at && last == looked_at)
			continue;
		page_table_prune(kspace_page_table(), lazy_pieces[i]->base, lazy_pieces[i]->size,
				 &lazy);
		looked_at = last;
	}
}

/* The cache for pieces of a size, or NULL: none that is aligned to more is so small. */
static struct piece_cache *cache_of(size_t size)
{
	return size <= CACHED_PAGES * PAGE_SIZE ? &caches[size >> PAGE_SHIFT] : NULL;
}
static void give_piece(struct arena_piece *piece)
{
	struct piece_cache *cache = cache_of(piece->size);

	if (cache && cache->count < CACHE_DEPTH)
		cache->pieces[cache->count++] = piece;
	else
		arena_give(&addresses, piece);
}

static void flush(void)
{
	counts.flushes += lazy_count != 0;
	prune_tables();
	tlb_gather_flush(&lazy);
	while (lazy_count)
		give_piece(lazy_pieces[--lazy_count]);
	counts.lazy_pages = 0;
}

static void empty_caches(void)
{
	for (size_t i = 0; i <= CACHED_PAGES; i++)
		while (caches[i].count)
			arena_give(&addresses, caches[i].pieces[--caches[i].count]);
}

/* Addresses; those that wait or lie in caches are released when there are no others. */
static struct arena_piece *take_piece(size_t size, uint64_t alignment, enum piece_kind kind)
{
	struct piece_cache *cache = cache_of(size);
	struct arena_piece *piece;

	if (cache && cache->count) {
		piece = cache->pieces[--cache->count];
		piece->note = kind;
		return piece;
	}
	piece = arena_take(&addresses, size, alignment, kind);
	if (!piece) {
		flush();
		empty_caches();
		piece = arena_take(&addresses, size, alignment, kind);
	}
	return piece;
}

/* Takes the mappings of a piece away, and leaves its addresses until the flush. */
static void unmap_lazily(struct arena_piece *piece, uintptr_t address, size_t size)
{
	lazy.puts_frames = piece->note == PIECE_MEMORY || piece->note == PIECE_STACK;
	/* A piece ends where its pages do: nothing is split, so nothing fails. */
	BUG_ON(page_table_clear(kspace_page_table(), address, size, &lazy) != 0);
	piece->note = PIECE_FREED;
	lazy_pieces[lazy_count++] = piece;
	counts.lazy_pages += size >> PAGE_SHIFT;
	if (lazy_count == KSPACE_LAZY_PIECES || counts.lazy_pages >= KSPACE_LAZY_PAGES)
		flush();
}

static int map_part(uintptr_t address, uint64_t physical, size_t size, unsigned flags)
{
	return page_table_map(kspace_page_table(), address, physical, size, flags, NULL);
}

/* The end of the life of a piece, as its owner sees it. */
static void free_piece(struct arena_piece *piece, uintptr_t address, size_t size)
{
	counts.pages -= size >> PAGE_SHIFT;
	unmap_lazily(piece, address, size);
}

/* What was mapped for a piece is all there, or the piece is gone: its address, or 0. */
static uintptr_t settle(struct arena_piece *piece, uintptr_t address, size_t size, size_t mapped)
{
	if (!piece)
		return 0;
	if (mapped == size) {
		counts.pages += size >> PAGE_SHIFT;
		return address;
	}
	/* Some of the rest may be mapped, too. Whoever comes next should find what this one had. */
	unmap_lazily(piece, address, size);
	flush();
	return 0;
}

/* Frames at rising addresses, those in a row in one go. How many of them it mapped. */
static size_t map_frames(uintptr_t address, struct frame *const *frames, size_t count,
			 unsigned flags)
{
	size_t mapped = 0;

	while (mapped < count) {
		const struct frame *first = frames[mapped];
		size_t row = 1;

		while (mapped + row < count && frames[mapped + row] == first + row)
			row++;
		if (map_part(address + mapped * PAGE_SIZE, frame_to_phys(first), row * PAGE_SIZE,
			     flags) != 0)
			break;
		mapped += row;
	}
	return mapped;
}

/* size bytes of fresh zeroed frames. What could not be had is the rest of size; 0: all is there. */
static size_t map_fresh(uintptr_t address, size_t size, unsigned flags, enum frame_tag tag)
{
	while (size) {
		struct frame *frame = frame_alloc_zeroed(tag);

		if (!frame)
			break;
		if (map_part(address, frame_to_phys(frame), PAGE_SIZE, flags) != 0) {
			frame_free(frame);
			break;
		}
		address += PAGE_SIZE;
		size -= PAGE_SIZE;
	}
	return size;
}

/* The piece whose pages begin at an address, which must be of one of two kinds. */
static struct arena_piece *find_piece(uintptr_t address, size_t offset, enum piece_kind kind,
				      enum piece_kind other)
{
	struct arena_piece *piece = arena_find(&addresses, address - offset);

	if (piece && (piece->note == kind || piece->note == other))
		return piece;
	if (!piece)
		panic("kspace: 0x%lx is freed and is the begin of no piece",
		      (unsigned long)address);
	if (piece->note == PIECE_FREED)
		panic("kspace: 0x%lx is freed twice", (unsigned long)address);
	panic("kspace: 0x%lx is freed as what it is not", (unsigned long)address);
}

/* ---- The lock is taken ---- */

void kspace_flush(void)
{
	unsigned long irq = lock();

	flush();
	unlock(irq);
}

/* A physical range at new addresses; 0. */
static uintptr_t map_range(uint64_t physical, size_t size, unsigned flags)
{
	unsigned long irq = lock();
	struct arena_piece *piece = take_piece(size + 2 * GUARD, PAGE_SIZE, PIECE_DEVICE);
	uintptr_t address = piece ? piece->base + GUARD : 0;
	int error = piece ? map_part(address, physical, size, flags) : -ENOMEM;

	address = settle(piece, address, size, error ? 0 : size);
	unlock(irq);
	/* The new entries before walks: pairs with entry_write in mm/page_table_walk.h. */
	if (address)
		mmu_publish(address, size);
	return address;
}

void *kspace_map_device(uint64_t physical, uint64_t size)
{
	uint64_t first = align_down(physical, PAGE_SIZE);
	uint64_t last = physical + size - 1;
	uintptr_t address;

	if (size == 0 || last < physical || last >= UINT64_MAX - PAGE_SIZE)
		return NULL;
	address = map_range(first, align_up(last + 1, PAGE_SIZE) - first,
			    PAGE_READ | PAGE_WRITE | PAGE_DEVICE | PAGE_GLOBAL);
	return address ? (void *)(address + (physical - first)) : NULL;
}

void *kspace_map_frames(struct frame *const *frames, size_t count, unsigned flags)
{
	size_t size = count * PAGE_SIZE;
	unsigned long irq = lock();
	struct arena_piece *piece = count ? take_piece(size + 2 * GUARD, PAGE_SIZE, PIECE_FRAMES)
					  : NULL;
	uintptr_t address = piece ? piece->base + GUARD : 0;
	size_t mapped = piece ? map_frames(address, frames, count, flags | PAGE_GLOBAL) : 0;

	address = settle(piece, address, size, mapped * PAGE_SIZE);
	unlock(irq);
	/* As in map_range(): pairs with entry_write in mm/page_table_walk.h. */
	if (address)
		mmu_publish(address, size);
	return (void *)address;
}

void kspace_unmap(void *address)
{
	uintptr_t first = align_down((uintptr_t)address, PAGE_SIZE);
	unsigned long irq = lock();
	struct arena_piece *piece = find_piece(first, GUARD, PIECE_DEVICE, PIECE_FRAMES);

	free_piece(piece, first, piece->size - 2 * GUARD);
	unlock(irq);
}

/* Fresh memory in a piece of the size, at an offset; 0. */
static uintptr_t alloc_piece(size_t piece_size, uint64_t alignment, size_t offset, size_t size,
			     enum piece_kind kind, unsigned flags, enum frame_tag tag)
{
	unsigned long irq = lock();
	struct arena_piece *piece = take_piece(piece_size, alignment, kind);
	uintptr_t address = piece ? piece->base + offset : 0;
	size_t rest = piece ? map_fresh(address, size, flags, tag) : 0;

	address = settle(piece, address, size, size - rest);
	unlock(irq);
	/* As in map_range(): pairs with entry_write in mm/page_table_walk.h. */
	if (address)
		mmu_publish(address, size);
	return address;
}

void *kspace_alloc(size_t size, unsigned flags, enum frame_tag tag)
{
	if (size == 0 || size > KSPACE_END - KSPACE_BASE)
		return NULL;
	size = align_up(size, PAGE_SIZE);
	return (void *)alloc_piece(size + 2 * GUARD, PAGE_SIZE, GUARD, size, PIECE_MEMORY,
				   flags | PAGE_GLOBAL, tag);
}

void kspace_free(void *address)
{
	unsigned long irq;
	struct arena_piece *piece;

	if (!address)
		return;
	irq = lock();
	piece = find_piece((uintptr_t)address, GUARD, PIECE_MEMORY, PIECE_MEMORY);
	free_piece(piece, (uintptr_t)address, piece->size - 2 * GUARD);
	unlock(irq);
}

uintptr_t kspace_alloc_stack(void)
{
	uintptr_t address = alloc_piece(STACK_PIECE, KERNEL_STACK_SLOT, STACK_OFFSET,
					KERNEL_STACK_SIZE, PIECE_STACK,
					PAGE_READ | PAGE_WRITE | PAGE_GLOBAL, FRAME_TAG_STACK);

	return address ? address + KERNEL_STACK_SIZE : 0;
}

void kspace_free_stack(uintptr_t top)
{
	uintptr_t address = top - KERNEL_STACK_SIZE;
	unsigned long irq = lock();

	free_piece(find_piece(address, STACK_OFFSET, PIECE_STACK, PIECE_STACK), address,
		   KERNEL_STACK_SIZE);
	unlock(irq);
}

int kspace_protect(void *address, size_t size, unsigned flags)
{
	return space_protect(kernel_space(), (uintptr_t)address, size, flags | PAGE_GLOBAL);
}

void kspace_statistics(struct kspace_statistics *statistics)
{
	unsigned long irq = lock();

	*statistics = counts;
	statistics->pieces = addresses.pieces_taken;
	for (size_t i = 0; i <= CACHED_PAGES; i++)
		statistics->pieces -= caches[i].count;
	statistics->lazy_pieces = lazy_count;
	unlock(irq);
}

void *kspace_map_code(void)
{
	return (void *)map_range(image_to_phys(text_start), (size_t)(text_end - text_start),
				 PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);
}

void kspace_unmap_code(void *code)
{
	kspace_unmap(code);
	kspace_flush();
}
