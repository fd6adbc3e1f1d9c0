#include <arch/cpu.h>
#include <mm/buddy.h>
#include <mm/frame_cache.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

DEFINE_PER_CPU(struct frame_cache, frame_cache);

static uint64_t reclaims; /* atomic; relaxed, it orders nothing */

static void count_up(uint64_t *counter)
{
	atomic_store_relaxed(counter, *counter + 1);
}

/*
 * The zone's lock is the place where this CPU may have to give its cache away: into an array of its
 * own first, for the cache is not to be half full while it spins for the second zone.
 */
bool frame_cache_refill(struct frame_cache *cache)
{
	struct frame *frames[FRAME_CACHE_BATCH];
	size_t count = buddy_take_singles(frames, FRAME_CACHE_BATCH);

	for (size_t i = 0; i < count; i++)
		/* Backwards: handed out by rising address. */
		cache->frames[i] = frames[count - 1 - i];
	atomic_store_relaxed(&cache->count, (uint64_t)count);
	count_up(&cache->refills);
	return count != 0;
}

/* Out of the cache before the lock is taken: whoever takes the rest meanwhile leaves room, too. */
void frame_cache_drain(struct frame_cache *cache)
{
	struct frame *frames[FRAME_CACHE_BATCH];
	uint64_t left = FRAME_CACHE_MAX - FRAME_CACHE_BATCH;

	for (size_t i = 0; i < FRAME_CACHE_BATCH; i++)
		frames[i] = cache->frames[left + i];
	atomic_store_relaxed(&cache->count, left);
	buddy_give_singles(frames, FRAME_CACHE_BATCH);
	count_up(&cache->drains);
}

/* What the CPUs give away: chained by their owner words, a struct frame * each. */
struct surrender {
	uint64_t first; /* atomic */
};

static void surrender(void *argument)
{
	struct surrender *all = argument;
	struct frame_cache *cache = &this_cpu(frame_cache);
	uint64_t count = atomic_load_relaxed(&cache->count);
	uint64_t old;

	if (count == 0)
		return;
	for (uint64_t i = 0; i + 1 < count; i++)
		cache->frames[i]->owner[0] = (uintptr_t)cache->frames[i + 1];
	old = atomic_load_relaxed(&all->first);
	/*
	 * Relaxed: frame_reclaim_caches in mm/frame_cache.c looks after the call, which orders
	 * them.
	 */
	do
		cache->frames[count - 1]->owner[0] = old;
	while (!atomic_compare_exchange_relaxed(&all->first, &old, (uintptr_t)cache->frames[0]));
	atomic_store_relaxed(&cache->count, (uint64_t)0);
}

void frame_reclaim_caches(void)
{
	struct surrender all = { 0 };
	struct frame *frame;

	atomic_fetch_add_relaxed(&reclaims, (uint64_t)1);
	on_cpus_immediate(cpus_online(), surrender, &all);
	for (frame = (struct frame *)(uintptr_t)all.first; frame;) {
		struct frame *next = (struct frame *)(uintptr_t)frame->owner[0];

		buddy_give(frame, 0);
		frame = next;
	}
}

uint64_t frame_cache_reclaims(void)
{
	return atomic_load_relaxed(&reclaims);
}
