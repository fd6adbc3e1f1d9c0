#include <mm/slab_check.h>

#ifdef CONFIG_CHECK
#include <lib/bits.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <lib/symbols.h>
#include <sync/spin/percpu.h>

#define SITE_TEXT_MAX 64
#define QUARANTINE_MAX 128

/* What bytes are when nobody may have written them, or read them. */
#define RED 0xbb
#define POISON_FREE 0x6b
#define POISON_NEW 0x5a

/* Unlikely words, so that memory that is no object is told from one. */
enum slab_state {
	SLAB_FREE = 0x46726565,
	SLAB_ALLOCATED = 0x55736564,
};

/* A CPU's objects that wait, oldest at next. Its own with interrupts disabled. */
struct quarantine {
	size_t next;
	void *objects[QUARANTINE_MAX];
};

static DEFINE_PER_CPU(struct quarantine, quarantine);

static struct slab_note *note_of(const struct slab_cache *cache, const void *object)
{
	return (struct slab_note *)((uintptr_t)object - cache->front + cache->link -
				    offsetof(struct slab_note, link));
}

static const char *describe(char *text, uint32_t offset)
{
	if (offset == 0)
		return "nowhere";
	symbol_describe(text, SITE_TEXT_MAX, KERNEL_IMAGE_BASE + offset);
	return text;
}

/* site: 0 when it is not known who did it. */
static _Noreturn void complain(const struct slab_cache *cache, const void *object, const char *what,
			       uintptr_t site)
{
	const struct slab_note *note = note_of(cache, object);
	char here[SITE_TEXT_MAX];
	char allocated[SITE_TEXT_MAX];
	char freed[SITE_TEXT_MAX];

	panic("%s object 0x%lx: %s, found in %s; allocated in %s, last freed in %s", cache->name,
	      (unsigned long)(uintptr_t)object, what,
	      describe(here, (uint32_t)(site - KERNEL_IMAGE_BASE)),
	      describe(allocated, note->allocated_at), describe(freed, note->freed_at));
}

/* Whether count bytes are all the same. */
static bool is_filled(const void *memory, uint8_t byte, size_t count)
{
	const uint8_t *bytes = memory;

	for (size_t i = 0; i < count; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

static void check_red_zones(const struct slab_cache *cache, void *object, size_t size,
			    uintptr_t site)
{
	const char *end = (const char *)note_of(cache, object);
	const char *behind = (const char *)object + size;

	if (!is_filled((const char *)object - cache->front, RED, cache->front))
		complain(cache, object, "written before its begin", site);
	if (!is_filled(behind, RED, (size_t)(end - behind)))
		complain(cache, object, "written beyond its end", site);
}

static void check_poison(const struct slab_cache *cache, void *object, uintptr_t site)
{
	if (!cache->construct && !is_filled(object, POISON_FREE, cache->size))
		complain(cache, object, "written after it was freed", site);
	check_red_zones(cache, object, cache->size, site);
}

void slab_check_fresh(const struct slab_cache *cache, void *object)
{
	struct slab_note *note = note_of(cache, object);

	memset((char *)object - cache->front, RED,
	       (size_t)((char *)note - (char *)object) + cache->front);
	memset(object, POISON_FREE, cache->size);
	*note = (struct slab_note){ .state = SLAB_FREE };
}

void slab_check_alloc(const struct slab_cache *cache, void *object, size_t requested,
		      uintptr_t site)
{
	struct slab_note *note = note_of(cache, object);

	if (note->state != SLAB_FREE)
		complain(cache, object, "allocated twice", site);
	check_poison(cache, object, site);
	if (!cache->construct) {
		memset(object, POISON_NEW, requested);
		memset((char *)object + requested, RED, cache->size - requested);
	}
	note->state = SLAB_ALLOCATED;
	note->requested = (uint32_t)requested;
	note->allocated_at = (uint32_t)(site - KERNEL_IMAGE_BASE);
}

/* Of a slab's frames the first alone is the head of a block. */
bool slab_owns(const void *address)
{
	uintptr_t offset = (uintptr_t)address - DIRECT_MAP_BASE;

	for (unsigned order = 0; offset < DIRECT_MAP_SIZE && order <= SLAB_ORDER_MAX; order++) {
		uint64_t head = align_down(offset, PAGE_SIZE << order);
		const struct frame *frame = frame_of(head);

		if (frame_exists(head) && frame->state == FRAME_ALLOCATED &&
		    frame->tag == FRAME_TAG_SLAB && frame->order >= order)
			return true;
	}
	return false;
}

/* Panics when the address is no object of the cache. */
static void check_belongs(const struct slab_cache *cache, const void *object, uintptr_t site)
{
	char here[SITE_TEXT_MAX];
	const struct slab *slab;
	uint64_t distance;

	symbol_describe(here, sizeof(here), site);
	if (!slab_owns(object))
		panic("slab: 0x%lx is freed to %s and is of no slab, in %s",
		      (unsigned long)(uintptr_t)object, cache->name, here);
	slab = slab_of(object);
	if (slab->cache != cache)
		panic("slab: 0x%lx is freed to %s and is another cache's, in %s",
		      (unsigned long)(uintptr_t)object, cache->name, here);
	distance = (uintptr_t)object - cache->front - (uintptr_t)slab->first;
	if (distance % cache->stride || distance / cache->stride >= cache->per_slab)
		panic("slab: 0x%lx is freed to %s and is the begin of no object, in %s",
		      (unsigned long)(uintptr_t)object, cache->name, here);
}

void slab_check_free(const struct slab_cache *cache, void *object, uintptr_t site)
{
	struct slab_note *note;

	check_belongs(cache, object, site);
	note = note_of(cache, object);
	if (note->state == SLAB_FREE)
		complain(cache, object, "freed twice", site);
	if (note->state != SLAB_ALLOCATED)
		complain(cache, object, "freed, but its note is overwritten", site);
	check_red_zones(cache, object, cache->construct ? cache->size : note->requested, site);
	note->state = SLAB_FREE;
	note->freed_at = (uint32_t)(site - KERNEL_IMAGE_BASE);
	if (!cache->construct)
		memset(object, POISON_FREE, cache->size);
	memset((char *)object + cache->size, RED,
	       (size_t)((char *)note - ((char *)object + cache->size)));
}

static void *leave(struct slab_cache **cache, void *object)
{
	if (!object)
		return NULL;
	*cache = slab_of(object)->cache;
	check_poison(*cache, object, note_of(*cache, object)->freed_at + KERNEL_IMAGE_BASE);
	return object;
}

void *slab_quarantine(struct slab_cache **cache, void *object)
{
	struct quarantine *own = &this_cpu(quarantine);
	void *oldest = own->objects[own->next];

	own->objects[own->next] = object;
	own->next = (own->next + 1) % QUARANTINE_MAX;
	return leave(cache, oldest);
}

void *slab_quarantine_take(struct slab_cache **cache)
{
	struct quarantine *own = &this_cpu(quarantine);

	for (size_t i = 0; i < QUARANTINE_MAX; i++) {
		void *object = own->objects[i];

		if (!object)
			continue;
		own->objects[i] = NULL;
		return leave(cache, object);
	}
	return NULL;
}

void slab_check_resize(const struct slab_cache *cache, void *object, size_t requested,
		       uintptr_t site)
{
	struct slab_note *note = note_of(cache, object);

	check_belongs(cache, object, site);
	if (note->state != SLAB_ALLOCATED)
		complain(cache, object, "resized when it was freed", site);
	check_red_zones(cache, object, note->requested, site);
	if (requested > note->requested)
		memset((char *)object + note->requested, POISON_NEW, requested - note->requested);
	memset((char *)object + requested, RED, cache->size - requested);
	note->requested = (uint32_t)requested;
}

bool slab_check_look(const struct slab_cache *cache, void *object, struct slab_object *found)
{
	const struct slab_note *note = note_of(cache, object);

	*found = (struct slab_object){ .object = object,
				       .requested = note->requested,
				       .allocated_at = KERNEL_IMAGE_BASE + note->allocated_at };
	return note->state == SLAB_ALLOCATED;
}

size_t slab_check_requested(const struct slab_cache *cache, const void *object)
{
	return note_of(cache, object)->requested;
}
#endif
