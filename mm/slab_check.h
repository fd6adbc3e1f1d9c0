/*
 * The checking build's view of an object.
 *
 *   | red zone | object: asked for ░ red zone | note |      one stride
 *   ^ front bytes                                            ^ cache->link - offset of link
 *
 * An object that is free is poison, so that a write after it was freed is found when it leaves the
 * quarantine or is allocated; one that has a constructor is not. The release build has none of it.
 */
#ifndef MM_SLAB_CHECK_H
#define MM_SLAB_CHECK_H

#include <mm/slab.h>

struct slab_note {
	uint32_t state; /* enum slab_state */
	uint32_t requested;
	uint32_t allocated_at; /* call sites, as offsets from KERNEL_IMAGE_BASE; 0: never */
	uint32_t freed_at;
	void *link; /* of a free object in its slab */
};

#ifdef CONFIG_CHECK

#define SLAB_RED_ZONE 16

/* An object leaves its slab for the first time. */
void slab_check_fresh(const struct slab_cache *cache, void *object);

/* It is handed to a user, who asked for so many bytes of it. */
void slab_check_alloc(const struct slab_cache *cache, void *object, size_t requested,
		      uintptr_t site);

/* A user gives it back: panics when it is none of the cache's, or was written beyond. */
void slab_check_free(const struct slab_cache *cache, void *object, uintptr_t site);

/*
 * Puts a freed object, whose checks are done, into this CPU's quarantine. Returns one that leaves
 * it, and sets its cache; NULL. Interrupts disabled.
 */
void *slab_quarantine(struct slab_cache **cache, void *object);

/* Takes one out of this CPU's quarantine; NULL. Interrupts disabled. */
void *slab_quarantine_take(struct slab_cache **cache);

/* An allocated object's user asks for another size of it, and keeps what it holds of both. */
void slab_check_resize(const struct slab_cache *cache, void *object, size_t requested,
		       uintptr_t site);

/* What is noted of an object that left its slab at some time; false: it is not allocated. */
bool slab_check_look(const struct slab_cache *cache, void *object, struct slab_object *found);

/* Whether an address is in the frames of a slab. */
bool slab_owns(const void *address);

/* What was asked for. */
size_t slab_check_requested(const struct slab_cache *cache, const void *object);

#else

#define SLAB_RED_ZONE 0

static inline void slab_check_fresh(const struct slab_cache *cache, void *object)
{
	(void)cache, (void)object;
}

static inline void slab_check_alloc(const struct slab_cache *cache, void *object, size_t requested,
				    uintptr_t site)
{
	(void)cache, (void)object, (void)requested, (void)site;
}

static inline void slab_check_free(const struct slab_cache *cache, void *object, uintptr_t site)
{
	(void)cache, (void)object, (void)site;
}

static inline void *slab_quarantine(struct slab_cache **cache, void *object)
{
	(void)cache;
	return object;
}

static inline void *slab_quarantine_take(struct slab_cache **cache)
{
	(void)cache;
	return NULL;
}

static inline void slab_check_resize(const struct slab_cache *cache, void *object, size_t requested,
				     uintptr_t site)
{
	(void)cache, (void)object, (void)requested, (void)site;
}

static inline bool slab_check_look(const struct slab_cache *cache, void *object,
				   struct slab_object *found)
{
	(void)cache, (void)object, (void)found;
	return false;
}

static inline size_t slab_check_requested(const struct slab_cache *cache, const void *object)
{
	(void)object;
	return cache->size;
}

#endif

#endif
