/*
 * Each CPU's cache of single free frames, and its share of the statistics.
 *
 * A cache belongs to its CPU, which uses it with interrupts disabled: no lock, no atomic operation,
 * no line that others write. It is in order wherever its CPU may spin, which is for a zone's lock
 * alone; so another CPU that finds no frame anywhere takes them by an immediate call.
 */
#ifndef MM_FRAME_CACHE_H
#define MM_FRAME_CACHE_H

#include <mm/frame.h>
#include <sync/spin/atomic.h>
#include <sync/spin/percpu.h>

#define FRAME_CACHE_MAX 64
#define FRAME_CACHE_BATCH 32

struct frame_cache {
	uint64_t count; /* atomic, for those who count; written by its CPU alone, like the rest */
	struct frame *frames[FRAME_CACHE_MAX];
	uint64_t by_tag[FRAME_TAGS]; /* atomic: allocated less freed on this CPU, may wrap */
	uint64_t refills;            /* atomic */
	uint64_t drains;             /* atomic */
};

DECLARE_PER_CPU(struct frame_cache, frame_cache);

/* Interrupts disabled, for all of these. Fills an empty cache; false: there is nothing to fill it
 * with. */
bool frame_cache_refill(struct frame_cache *cache);

/* Makes room in a full one. */
void frame_cache_drain(struct frame_cache *cache);

/* A frame of this CPU's cache, or NULL. */
static inline struct frame *frame_cache_pop(struct frame_cache *cache)
{
	uint64_t count = atomic_load_relaxed(&cache->count);

	if (__builtin_expect(count == 0, 0)) {
		if (!frame_cache_refill(cache))
			return NULL;
		count = atomic_load_relaxed(&cache->count);
	}
	atomic_store_relaxed(&cache->count, count - 1);
	return cache->frames[count - 1];
}

static inline void frame_cache_push(struct frame_cache *cache, struct frame *frame)
{
	uint64_t count = atomic_load_relaxed(&cache->count);

	if (__builtin_expect(count == FRAME_CACHE_MAX, 0)) {
		frame_cache_drain(cache);
		count = atomic_load_relaxed(&cache->count);
	}
	cache->frames[count] = frame;
	atomic_store_relaxed(&cache->count, count + 1);
}

static inline void frame_cache_account(struct frame_cache *cache, size_t tag, uint64_t frames)
{
	uint64_t *count = &cache->by_tag[tag];

	atomic_store_relaxed(count, *count + frames);
}

/* How often frame_reclaim_caches() ran. */
uint64_t frame_cache_reclaims(void);

#endif
