/*
 * Handing frames out and taking them back: over the caches for single frames, over the buddy
 * allocator for blocks.
 */
#include <arch/cpu.h>
#include <lib/bits.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame.h>
#include <mm/frame_cache.h>
#include <mm/frame_check.h>
#include <mm/frame_map.h>
#include <mm/tlb_shadow.h>
#include <sync/spin/cpus.h>

/* Makes a block allocated. Relaxed: nobody else has it. */
static inline void begin_life(struct frame *frame, enum frame_tag tag, uintptr_t site)
{
	frame->state = FRAME_ALLOCATED;
	frame->tag = (uint8_t)tag;
	atomic_store_relaxed(&frame->references, 1);
	frame_note_alloc(frame, site);
}

static inline void end_life(struct frame *frame, unsigned order, uintptr_t site)
{
	tlb_shadow_released(frame_to_phys(frame), order);
	frame_note_free(frame, site);
	frame->state = FRAME_CACHED;
}

/* What the tag's count goes up or down by, on whatever CPU this is. */
static void account(size_t tag, uint64_t frames)
{
	unsigned long irq = interrupts_save();

	frame_cache_account(&this_cpu(frame_cache), tag, frames);
	interrupts_restore(irq);
}

/* Constant after boot. */
static uint64_t (*reclaim)(void);

void frame_set_reclaim(uint64_t (*function)(void))
{
	reclaim = function;
}

/*
 * The last resorts: frames in caches, which also keep blocks from merging; then what floors above
 * can spare.
 */
static __attribute__((noinline)) struct frame *take_reclaimed(unsigned order, uint64_t highest)
{
	struct frame *frame;

	frame_reclaim_caches();
	frame = buddy_take(order, highest);
	if (frame || !reclaim || reclaim() == 0)
		return frame;
	frame_reclaim_caches();
	return buddy_take(order, highest);
}

static inline struct frame *alloc_one(enum frame_tag tag, uintptr_t site)
{
	unsigned long irq = interrupts_save();
	struct frame_cache *cache = &this_cpu(frame_cache);
	struct frame *frame = frame_cache_pop(cache);

	if (__builtin_expect(!frame, 0))
		frame = take_reclaimed(0, UINT64_MAX);
	if (frame) {
		frame_cache_account(cache, tag, 1);
		begin_life(frame, tag, site);
	}
	interrupts_restore(irq);
	return frame;
}

struct frame *frame_alloc(enum frame_tag tag)
{
	return alloc_one(tag, FRAME_SITE());
}

struct frame *frame_alloc_zeroed(enum frame_tag tag)
{
	struct frame *frame = alloc_one(tag, FRAME_SITE());

	if (frame)
		memset(frame_to_virt(frame), 0, PAGE_SIZE);
	return frame;
}

static inline void free_one(struct frame *frame, uintptr_t site)
{
	unsigned long irq = interrupts_save();
	struct frame_cache *cache = &this_cpu(frame_cache);

	frame_cache_account(cache, frame->tag, (uint64_t)-1);
	end_life(frame, 0, site);
	frame_cache_push(cache, frame);
	interrupts_restore(irq);
}

static void free_block(struct frame *frame, unsigned order, uintptr_t site)
{
	account(frame->tag, -(1UL << order));
	end_life(frame, order, site);
	buddy_give(frame, order);
}

void frame_free(struct frame *frame)
{
	frame_check_free(frame, 0, FRAME_SITE());
	free_one(frame, FRAME_SITE());
}

void frame_get(struct frame *frame)
{
	/* Relaxed: who calls has a reference, so nothing is handed over. */
	uint32_t before = atomic_fetch_add_relaxed(&frame->references, 1);

	BUG_ON(before == 0 || before == UINT32_MAX);
}

bool frame_put(struct frame *frame)
{
	/*
	 * Acquire, pairs with frame_put in mm/frame.c: what the others did with it before they gave
	 * theirs back. The only owner needs no exchange: nobody can take another.
	 */
	if (atomic_load_acquire(&frame->references) != 1 &&
	    /* Acquire and release, pairs with frame_put in mm/frame.c: the same. */
	    atomic_fetch_sub_acq_rel(&frame->references, 1) != 1)
		return false;
	atomic_store_relaxed(&frame->references, 1);
	frame_check_free(frame, frame->order, FRAME_SITE());
	if (frame->order == 0)
		free_one(frame, FRAME_SITE());
	else
		free_block(frame, frame->order, FRAME_SITE());
	return true;
}

unsigned frame_references(const struct frame *frame)
{
	/* Acquire, pairs with frame_put in mm/frame.c: 1 means that nobody else uses it any more.
	 */
	return atomic_load_acquire(&frame->references);
}

size_t frame_alloc_batch(struct frame **frames, size_t count, enum frame_tag tag)
{
	size_t got = 0;

	while (got < count && (frames[got] = alloc_one(tag, FRAME_SITE())))
		got++;
	return got;
}

void frame_free_batch(struct frame *const *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		frame_check_free(frames[i], 0, FRAME_SITE());
		free_one(frames[i], FRAME_SITE());
	}
}

static struct frame *take_block(unsigned order, uint64_t highest)
{
	struct frame *frame = buddy_take(order, highest);

	return frame ? frame : take_reclaimed(order, highest);
}

struct frame *frame_alloc_order(unsigned order, uint64_t highest, enum frame_tag tag)
{
	struct frame *frame = order <= FRAME_ORDER_MAX ? take_block(order, highest) : NULL;

	if (frame) {
		begin_life(frame, tag, FRAME_SITE());
		account(tag, 1UL << order);
	}
	return frame;
}

void frame_free_order(struct frame *frame, unsigned order)
{
	frame_check_free(frame, order, FRAME_SITE());
	free_block(frame, order, FRAME_SITE());
}

/* The order of the largest block that may begin at a frame and is not longer than so many frames.
 */
static unsigned order_at(const struct frame *frame, size_t count)
{
	uint64_t number = (uint64_t)(frame - FRAME_MAP);
	unsigned by_count = 63 - (unsigned)__builtin_clzl(count);
	unsigned by_place = number ? (unsigned)__builtin_ctzl(number) : FRAME_ORDER_MAX;

	return min(min(by_count, by_place), (unsigned)FRAME_ORDER_MAX);
}

struct frame *frame_alloc_run(size_t count, uint64_t alignment, uint64_t highest,
			      enum frame_tag tag)
{
	size_t aligned = max(count, (size_t)(alignment >> PAGE_SHIFT));
	unsigned order;
	struct frame *frame;

	if (count == 0 || aligned > 1UL << FRAME_ORDER_MAX)
		return NULL;
	order = aligned == 1 ? 0 : 64 - (unsigned)__builtin_clzl(aligned - 1);
	frame = take_block(order, highest);
	if (!frame)
		return NULL;
	/* The run is a row of blocks, as large as fit; so is what goes back. */
	for (size_t at = 0; at < 1UL << order;) {
		bool is_ours = at < count;
		unsigned part = order_at(frame + at, (is_ours ? count : 1UL << order) - at);

		frame[at].order = (uint8_t)part;
		if (is_ours)
			begin_life(&frame[at], tag, FRAME_SITE());
		else
			buddy_give(&frame[at], part);
		at += 1UL << part;
	}
	account(tag, count);
	return frame;
}

void frame_free_run(struct frame *frame, size_t count)
{
	for (size_t at = 0; at < count;) {
		unsigned order = order_at(frame + at, count - at);

		frame_check_free(&frame[at], order, FRAME_SITE());
		free_block(&frame[at], order, FRAME_SITE());
		at += 1UL << order;
	}
}

void frame_split(struct frame *frame, unsigned order)
{
	frame_check_free(frame, order, FRAME_SITE());
	frame->order = 0;
	for (size_t i = 1; i < 1UL << order; i++)
		frame[i] = (struct frame){ .references = 1,
					   .state = FRAME_ALLOCATED,
					   .tag = frame->tag,
					   .allocated_at = frame->allocated_at };
}

void frame_statistics(struct frame_statistics *statistics)
{
	*statistics = (struct frame_statistics){ .total = frame_map_total(),
						 .reclaims = frame_cache_reclaims() };
	buddy_count(statistics);
	for_each_online_cpu(cpu) {
		struct frame_cache *cache = &per_cpu(frame_cache, cpu);

		statistics->cached += atomic_load_relaxed(&cache->count);
		statistics->refills += atomic_load_relaxed(&cache->refills);
		statistics->drains += atomic_load_relaxed(&cache->drains);
		for (unsigned tag = 0; tag < FRAME_TAGS; tag++)
			statistics->by_tag[tag] += atomic_load_relaxed(&cache->by_tag[tag]);
	}
	statistics->free += statistics->cached;
}

unsigned frame_fragmentation(const struct frame_statistics *statistics, unsigned order)
{
	uint64_t small = statistics->cached;

	if (statistics->free == 0 || order == 0)
		return 0;
	for (unsigned below = 0; below < min(order, (unsigned)FRAME_ORDERS); below++)
		small += statistics->free_blocks[below] << below;
	return (unsigned)(small * 1000 / statistics->free);
}

const char *frame_tag_name(enum frame_tag tag)
{
	static const char *const names[FRAME_TAGS] = {
		[FRAME_TAG_IMAGE] = "kernel image and firmware",
		[FRAME_TAG_EARLY] = "early boot",
		[FRAME_TAG_TABLE] = "page tables",
		[FRAME_TAG_STACK] = "kernel stacks",
		[FRAME_TAG_PERCPU] = "per-CPU areas",
		[FRAME_TAG_KSPACE] = "kernel space",
		[FRAME_TAG_SLAB] = "slabs",
		[FRAME_TAG_HEAP] = "large heap blocks",
		[FRAME_TAG_TEST] = "tests and benchmarks",
	};

	return names[tag];
}
