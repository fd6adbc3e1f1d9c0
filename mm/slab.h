/*
 * Slab caches: objects of one size, fast to get and to give back.
 *
 *   slab_alloc() ⇄ this CPU's two magazines ⇄ the depot's full and empty magazines ⇄ slabs ⇄ frames
 *                  interrupts disabled         ──── the cache's lock ────
 *
 * A magazine is an array of free objects that belongs to a CPU or to the depot, and changes hands
 * whole (Bonwick and Adams, "Magazines and Vmem", USENIX 2001). In the usual case an allocation
 * takes no lock and touches no line that another CPU writes. A slab is a block of frames cut into
 * objects; its record lies elsewhere, and each of its frames' records points to that.
 *
 * In the checking build each object has red zones, a note of who allocated and freed it, poison
 * while it is free, and a time in quarantine before it is used again (mm/slab_check.h).
 *
 * Context: any, also with interrupts disabled and under locks; from interrupt handlers, but not
 * from immediate cross-CPU calls. Nothing blocks. Ordering: none between who frees and who
 * allocates; an object handed to another CPU is ordered by whatever hands it over.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <lib/list.h>
#include <mm/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sync/spin/spinlock.h>

#define SLAB_ALIGNMENT_MAX 256
#define SLAB_SIZE_MAX 4096
/* Of a slab's block of frames. */
#define SLAB_ORDER_MAX 3

struct slab_magazine;
struct slab_cpu;

struct slab_cache {
	const char *name;
	struct slab_cpu *cpus; /* an array; NULL: no magazines */
	void (*construct)(void *object);
	uint32_t size;
	uint32_t stride; /* from object to object */
	uint32_t front;  /* of the stride, before the object */
	uint32_t link;   /* where in the stride a free object's link is */
	uint32_t per_slab;
	uint32_t slack; /* bytes of a slab that are no object's */
	uint16_t order; /* of a slab's block */
	uint16_t alignment;

	struct spinlock lock; /* from here on */
	struct slab_magazine *full;
	struct slab_magazine *empty;
	uint64_t full_count;
	struct list partial; /* slabs with free objects, and objects in use */
	struct list whole;   /* slabs with none in use */
	struct list used_up; /* slabs with none free */
	uint64_t whole_count;
	uint64_t slabs;
	uint64_t objects; /* out of the slabs: allocated, or in magazines */
	uint32_t colour;  /* where the next slab's objects begin */
	struct list link_all;
};

/* The caches that slabs and magazines come from. Boot CPU, once, when frames can be allocated. */
void slab_init(void);

/*
 * Makes a cache, in storage of the caller's, of objects of size bytes, at most SLAB_SIZE_MAX, at
 * multiples of alignment, a power of two up to SLAB_ALIGNMENT_MAX. construct: NULL, or called once
 * for an object when its memory is fresh, under a lock; users give objects back in that state.
 * -ENOMEM.
 */
int slab_cache_init(struct slab_cache *cache, const char *name, size_t size, size_t alignment,
		    void (*construct)(void *object));

/* All objects have been freed, and no CPU uses it; else it panics. Interrupts enabled. */
void slab_cache_destroy(struct slab_cache *cache);

/* An object, whose contents are anything, or as constructed. NULL: no memory. */
void *slab_alloc(struct slab_cache *cache);

/* object: of that cache. */
void slab_free(struct slab_cache *cache, void *object);

/* For layers above: with a call site to note, and the part of size that the user asked for. */
void *slab_alloc_at(struct slab_cache *cache, size_t requested, uintptr_t site);
void slab_free_at(struct slab_cache *cache, void *object, uintptr_t site);

/*
 * Gives back what is free: this CPU's quarantine, the magazines of all CPUs, whole slabs. Returns
 * how many frames were freed. frame_alloc() calls it before it fails. Any context of slab_alloc().
 */
uint64_t slab_reclaim(void);

/* The same, with the quarantines of all CPUs. Interrupts enabled. */
void slab_flush(void);

struct slab_statistics {
	uint64_t slabs;
	uint64_t frames;
	uint64_t objects; /* out of the slabs: allocated, quarantined or in magazines */
	uint64_t capacity;
};

void slab_statistics(struct slab_cache *cache, struct slab_statistics *statistics);

/* Calls visit for each cache, under the lock of their list: it creates and destroys none. */
void slab_visit_caches(void (*visit)(struct slab_cache *cache, void *argument), void *argument);

/* An object that somebody has: as the checking build notes it. */
struct slab_object {
	void *object;
	size_t requested;
	uintptr_t allocated_at; /* call site */
};

/*
 * Calls visit for each object of a cache that is allocated, under the cache's lock: it neither
 * allocates nor frees of it. The release build has no notes and visits none.
 */
void slab_visit_objects(struct slab_cache *cache,
			void (*visit)(const struct slab_object *object, void *argument),
			void *argument);

/* What a frame of a slab belongs to. */
struct slab {
	struct list list; /* in the cache's, by how full it is */
	struct slab_cache *cache;
	char *first;    /* object's stride */
	void *free;     /* strides that came back, a chain */
	uint32_t used;  /* objects out of it */
	uint32_t fresh; /* strides that never left it: the last ones */
};

/* The slab that an address of the direct map lies in. The frame is one of a slab. */
static inline struct slab *slab_of(const void *object)
{
	return (struct slab *)(uintptr_t)frame_of(direct_map_to_phys(object))->owner[0];
}

#endif
