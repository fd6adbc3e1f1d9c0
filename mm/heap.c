/*
 * Which cache, and what is too large for any. A frame's owner word tells them apart: a slab's
 * address is even, a large block's word odd.
 */
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <lib/symbols.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/slab.h>
#include <mm/slab_check.h>
#include <mm/slab_magazine.h>

#define SITE() ((uintptr_t)__builtin_return_address(0))

/* Name and size; four or more to a doubling, so that beyond 64 bytes no fifth is wasted. */
#define HEAP_CLASSES(each)                                                                         \
	each(8) each(16) each(24) each(32) each(40) each(48) each(56) each(64) each(80) each(96)   \
		each(112) each(128) each(160) each(192) each(224) each(256) each(320) each(384)    \
			each(448) each(512) each(640) each(768) each(896) each(1024) each(1280)    \
				each(1536) each(1792) each(2048) each(2560) each(3072) each(4096)

#define HEAP_CLASS(size_) { "heap " #size_, size_ },

static const struct {
	const char *name;
	size_t size;
} class_table[] = { HEAP_CLASSES(HEAP_CLASS) };

static struct slab_cache classes[ARRAY_SIZE(class_table)];
/* By size in units of 8 bytes, rounded up. */
static uint8_t class_of_units[HEAP_SMALL_MAX / 8 + 1];

int heap_init(void)
{
	size_t units = 0;

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t size = class_table[i].size;
		size_t alignment = min(size & -size, (size_t)SLAB_ALIGNMENT_MAX);
		int error = slab_cache_init(&classes[i], class_table[i].name, size, alignment,
					    NULL);

		if (error)
			return error;
		while (units <= size / 8)
			class_of_units[units++] = (uint8_t)i;
	}
	return 0;
}

static struct slab_cache *class_of(size_t size)
{
	return &classes[class_of_units[(size + 7) >> 3]];
}

/* ---- Large blocks: the first frame's owner words are this, and the size asked for ---- */

static uint64_t large_word(size_t frames)
{
	return frames << 1 | 1;
}

static bool is_large(const struct frame *frame)
{
	return frame->owner[0] & 1;
}

static size_t large_frames(const struct frame *frame)
{
	return frame->owner[0] >> 1;
}

static __attribute__((noinline)) void *alloc_large(size_t size, size_t alignment)
{
	size_t count = max((size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0), 1UL);
	struct frame *frame = frame_alloc_run(count, max(alignment, PAGE_SIZE), UINT64_MAX,
					      FRAME_TAG_HEAP);

	if (!frame)
		return NULL;
	frame->owner[0] = large_word(count);
	frame->owner[1] = size;
	return frame_to_virt(frame);
}

/*
 * The frame that a block begins in. Panics when an address is none of the heap's, or of a large
 * block that was freed.
 */
static struct frame *frame_of_block(const void *block, uintptr_t site)
{
#ifdef CONFIG_CHECK
	uintptr_t offset = (uintptr_t)block - DIRECT_MAP_BASE;
	bool exists = offset < DIRECT_MAP_SIZE && frame_exists(offset);
	const struct frame *frame = exists ? frame_of(offset) : NULL;
	char here[64];

	if (exists && slab_owns(block))
		return frame_of(offset);
	if (!exists || frame->state != FRAME_ALLOCATED || frame->tag != FRAME_TAG_HEAP ||
	    !is_large(frame) || (offset & (PAGE_SIZE - 1))) {
		symbol_describe(here, sizeof(here), site);
		panic("heap: 0x%lx is no block of the heap, or not any more, in %s",
		      (unsigned long)(uintptr_t)block, here);
	}
#else
	(void)site;
#endif
	return frame_of(direct_map_to_phys(block));
}

/* ---- For users ---- */

static inline void *alloc_at(size_t size, uintptr_t site)
{
	if (__builtin_expect(size > HEAP_SMALL_MAX, 0))
		return alloc_large(size, PAGE_SIZE);
	return slab_alloc_inline(class_of(size), size, site);
}

static void *zalloc_at(size_t size, uintptr_t site)
{
	void *block = alloc_at(size, site);

	if (block)
		memset(block, 0, size);
	return block;
}

void *heap_alloc(size_t size)
{
	return alloc_at(size, SITE());
}

void *heap_zalloc(size_t size)
{
	return zalloc_at(size, SITE());
}

void *heap_alloc_aligned(size_t size, size_t alignment)
{
	BUG_ON(!is_power_of_two(alignment));
	if (alignment > SLAB_ALIGNMENT_MAX || size > HEAP_SMALL_MAX)
		return alloc_large(size, alignment);
	/* The next power of two: a class that is aligned to itself. */
	if (alignment > 8 && size > alignment)
		alignment = 1UL << (64 - (unsigned)__builtin_clzl(size - 1));
	return slab_alloc_at(class_of(max(size, alignment)), size, SITE());
}

void *heap_alloc_array(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : zalloc_at(bytes, SITE());
}

static inline __attribute__((always_inline)) void free_at(void *block, uintptr_t site)
{
	struct frame *frame;

	if (!block)
		return;
	frame = frame_of_block(block, site);
	if (__builtin_expect(is_large(frame), 0))
		frame_free_run(frame, large_frames(frame));
	else
		slab_free_inline(slab_of(block)->cache, block, site);
}

void heap_free(void *block)
{
	free_at(block, SITE());
}

size_t heap_usable_size(const void *block)
{
	const struct frame *frame = frame_of_block(block, SITE());

	return is_large(frame) ? large_frames(frame) << PAGE_SHIFT
			       : slab_check_requested(slab_of(block)->cache, block);
}

/* Whether a block may stay where it is and be of another size; then it is. */
static bool stays(void *block, struct frame *frame, size_t size, uintptr_t site)
{
	struct slab_cache *cache;

	if (is_large(frame)) {
		size_t capacity = large_frames(frame) << PAGE_SHIFT;

		if (size > capacity || size <= capacity - PAGE_SIZE || size <= HEAP_SMALL_MAX)
			return false;
		frame->owner[1] = size;
		return true;
	}
	cache = slab_of(block)->cache;
	if (size > HEAP_SMALL_MAX || class_of(size) != cache)
		return false;
	slab_check_resize(cache, block, size, site);
	return true;
}

void *heap_realloc(void *block, size_t size)
{
	struct frame *frame;
	size_t old;
	void *copy;

	if (!block)
		return alloc_at(size, SITE());
	frame = frame_of_block(block, SITE());
	if (stays(block, frame, size, SITE()))
		return block;
	old = is_large(frame) ? frame->owner[1]
			      : slab_check_requested(slab_of(block)->cache, block);
	copy = alloc_at(size, SITE());
	if (!copy)
		return NULL;
	memcpy(copy, block, min(old, size));
	free_at(block, SITE());
	return copy;
}
