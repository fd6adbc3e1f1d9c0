/*
 * Magazines, depot and slabs, and how they are taken back under pressure.
 *
 * Locks: a cache's own, with interrupts disabled; the list's of all caches, outside of it. No frame
 * is allocated under either, so that frame_alloc() itself may come here when there is none left.
 * While a CPU spins, its magazines may be taken from it by an immediate call (surrender()): what
 * was read of them before is void.
 */
#include <arch/cpu.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <mm/slab_check.h>
#include <mm/slab_magazine.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

#define SITE() ((uintptr_t)__builtin_return_address(0))

/* A slab is as large as it takes to hold so many objects, or to waste no more than an eighth. */
#define PER_SLAB_MIN 8
#define DEPOT_MAX 16

_Static_assert(sizeof(struct slab_magazine) == 256, "SLAB_MAGAZINE_SIZE");
_Static_assert(sizeof(struct slab_cpu) == 64, "one line");
_Static_assert(CPU_MAX * sizeof(struct slab_cpu) <= PAGE_SIZE, "the CPUs' part is one frame");

/* What slabs are described by, and magazines. Neither has magazines. */
static struct slab_cache records;
static struct slab_cache magazines;

static struct spinlock all_lock = SPINLOCK_INITIALISER("slab caches");
static struct list all = LIST_EMPTY(all);

static char *object_of(const struct slab_cache *cache, char *stride)
{
	return stride + cache->front;
}

static void **link_of(const struct slab_cache *cache, char *stride)
{
	return (void **)(void *)(stride + cache->link);
}

/* A slab of records holds its own, as its first. */
static bool is_whole(const struct slab *slab)
{
	return slab->used == (slab->cache == &records);
}

/* ---- What caches are made of: no magazines, no quarantine; interrupts are disabled ---- */

static void *alloc_part(struct slab_cache *parts)
{
	void *part = slab_alloc_slowly(parts, NULL);

	if (part)
		slab_check_alloc(parts, part, parts->size, SITE());
	return part;
}

static void free_part(struct slab_cache *parts, void *part)
{
	slab_check_free(parts, part, SITE());
	slab_free_slowly(parts, NULL, part);
}

/* ---- Slabs: no lock held; interrupts are disabled ---- */

static struct slab *describe(struct slab_cache *cache, char *base)
{
	return cache == &records ? (struct slab *)(void *)object_of(cache, base)
				 : alloc_part(&records);
}

static struct slab *new_slab(struct slab_cache *cache)
{
	struct frame *frame = cache->order
				      ? frame_alloc_order(cache->order, UINT64_MAX, FRAME_TAG_SLAB)
				      : frame_alloc(FRAME_TAG_SLAB);
	struct slab *slab;
	char *base;

	if (!frame)
		return NULL;
	base = frame_to_virt(frame);
	slab = describe(cache, base);
	if (!slab) {
		frame_free_order(frame, cache->order);
		return NULL;
	}
	*slab = (struct slab){ .cache = cache, .first = base, .fresh = cache->per_slab };
	if (cache == &records) {
		slab_check_fresh(cache, slab);
		slab_check_alloc(cache, slab, sizeof(*slab), SITE());
		*slab = (struct slab){
			.cache = cache, .first = base, .used = 1, .fresh = cache->per_slab - 1
		};
	}
	list_init(&slab->list);
	for (size_t i = 0; i < (size_t)1 << cache->order; i++)
		frame[i].owner[0] = (uintptr_t)slab;
	return slab;
}

/* A whole slab that is in no list any more. */
static void release_slab(struct slab_cache *cache, struct slab *slab)
{
	uint64_t physical = direct_map_to_phys(slab->first);

	if (cache != &records)
		free_part(&records, slab);
	frame_free_order(frame_of(align_down(physical, PAGE_SIZE << cache->order)), cache->order);
}

static void release_slabs(struct slab_cache *cache, struct list *slabs)
{
	struct list *link;

	while ((link = list_pop_front(slabs)))
		release_slab(cache, container_of(link, struct slab, list));
}

/* ---- From here to the next such line: the cache's lock is held ---- */

static void add_slab(struct slab_cache *cache, struct slab *slab)
{
	/*
	 * Objects of different slabs begin at different lines of their pages, as far as there is
	 * slack, so that they do not all compete for the same sets of a cache.
	 */
	if (cache != &records) {
		slab->first += cache->colour;
		cache->colour += cache->alignment;
		if (cache->colour > cache->slack)
			cache->colour = 0;
	}
	list_push_front(&cache->whole, &slab->list);
	cache->whole_count++;
	cache->slabs++;
}

static struct slab *slab_with_room(struct slab_cache *cache)
{
	struct slab *slab;

	if (!list_is_empty(&cache->partial))
		return container_of(cache->partial.next, struct slab, list);
	if (list_is_empty(&cache->whole))
		return NULL;
	slab = container_of(cache->whole.next, struct slab, list);
	list_remove(&slab->list);
	cache->whole_count--;
	list_push_front(&cache->partial, &slab->list);
	return slab;
}

static char *first_stride(struct slab_cache *cache, struct slab *slab)
{
	char *stride = slab->free;

	if (stride) {
		slab->free = *link_of(cache, stride);
		return stride;
	}
	stride = slab->first + (size_t)(cache->per_slab - slab->fresh--) * cache->stride;
	slab_check_fresh(cache, object_of(cache, stride));
	if (cache->construct)
		cache->construct(object_of(cache, stride));
	return stride;
}

/* An object out of a slab, or NULL. */
static void *take(struct slab_cache *cache)
{
	struct slab *slab = slab_with_room(cache);
	char *stride;

	if (!slab)
		return NULL;
	stride = first_stride(cache, slab);
	slab->used++;
	cache->objects++;
	if (!slab->free && !slab->fresh) {
		list_remove(&slab->list);
		list_push_front(&cache->used_up, &slab->list);
	}
	return object_of(cache, stride);
}

/* An object into its slab, which goes to surplus when it is the second one that is whole. */
static void give(struct slab_cache *cache, void *object, struct list *surplus)
{
	struct slab *slab = slab_of(object);
	char *stride = (char *)object - cache->front;
	bool was_used_up = !slab->free && !slab->fresh;

	*link_of(cache, stride) = slab->free;
	slab->free = stride;
	slab->used--;
	cache->objects--;
	if (!is_whole(slab)) {
		if (was_used_up) {
			list_remove(&slab->list);
			list_push_front(&cache->partial, &slab->list);
		}
		return;
	}
	list_remove(&slab->list);
	if (cache->whole_count == 0) {
		cache->whole_count = 1;
		list_push_front(&cache->whole, &slab->list);
	} else {
		cache->slabs--;
		list_push_front(surplus, &slab->list);
	}
}

static void give_all(struct slab_cache *cache, struct slab_magazine *magazine, struct list *surplus)
{
	while (magazine->count > 0)
		give(cache, magazine->objects[--magazine->count], surplus);
}

static struct slab_magazine *pop(struct slab_magazine **stack)
{
	struct slab_magazine *magazine = *stack;

	if (magazine)
		*stack = magazine->next;
	return magazine;
}

static void push(struct slab_magazine **stack, struct slab_magazine *magazine)
{
	magazine->next = *stack;
	*stack = magazine;
}

/* The CPU has nothing: a full magazine, or some objects in the empty one, and one of them. */
static void *refill(struct slab_cache *cache, struct slab_cpu *cpu)
{
	struct slab_magazine *full = pop(&cache->full);

	if (full) {
		cache->full_count--;
		if (cpu->previous)
			push(&cache->empty, cpu->previous);
		cpu->previous = cpu->loaded;
		cpu->previous_count = cpu->count;
		cpu->loaded = full;
		cpu->count = full->count;
		return full->objects[--cpu->count];
	}
	while (cpu->loaded && cpu->count < SLAB_MAGAZINE_SIZE / 2) {
		void *object = take(cache);

		if (!object)
			break;
		cpu->loaded->objects[cpu->count++] = object;
	}
	return cpu->count > 0 ? cpu->loaded->objects[--cpu->count] : take(cache);
}

/* The CPU's loaded magazine becomes the previous one, and an empty one is loaded. */
static void load_empty(struct slab_cache *cache, struct slab_cpu *cpu, struct slab_magazine *empty,
		       struct list *surplus)
{
	struct slab_magazine *previous = cpu->previous;

	if (previous) {
		previous->count = cpu->previous_count;
		if (cache->full_count < DEPOT_MAX && previous->count == SLAB_MAGAZINE_SIZE) {
			push(&cache->full, previous);
			cache->full_count++;
		} else {
			give_all(cache, previous, surplus);
			push(&cache->empty, previous);
		}
	}
	cpu->previous = cpu->loaded;
	cpu->previous_count = cpu->count;
	cpu->loaded = empty;
	cpu->count = 0;
}

/* ---- The lock is taken; interrupts are disabled ---- */

static void exchange_magazines(struct slab_cpu *cpu)
{
	struct slab_magazine *loaded = cpu->loaded;
	int64_t count = cpu->count;

	cpu->loaded = cpu->previous;
	cpu->count = cpu->previous_count;
	cpu->previous = loaded;
	cpu->previous_count = count;
}

static void *take_locked(struct slab_cache *cache, struct slab *fresh, struct slab_cpu *cpu)
{
	void *object;

	spinlock_lock(&cache->lock);
	if (fresh)
		add_slab(cache, fresh);
	object = cpu ? refill(cache, cpu) : take(cache);
	spinlock_unlock(&cache->lock);
	return object;
}

void *slab_alloc_slowly(struct slab_cache *cache, struct slab_cpu *cpu)
{
	struct slab *slab;
	void *object;

	if (cpu && cpu->previous_count > 0) {
		exchange_magazines(cpu);
		return cpu->loaded->objects[--cpu->count];
	}
	object = take_locked(cache, NULL, cpu);
	if (object)
		return object;
	slab = new_slab(cache);
	return slab ? take_locked(cache, slab, cpu) : NULL;
}

void slab_free_slowly(struct slab_cache *cache, struct slab_cpu *cpu, void *object)
{
	struct list surplus = LIST_EMPTY(surplus);
	struct slab_magazine *empty = NULL;

	if (cpu && cpu->previous_count == 0) {
		exchange_magazines(cpu);
		cpu->loaded->objects[cpu->count++] = object;
		return;
	}
	spinlock_lock(&cache->lock);
	if (cpu) {
		empty = pop(&cache->empty);
		if (!empty) {
			spinlock_unlock(&cache->lock);
			empty = alloc_part(&magazines);
			spinlock_lock(&cache->lock);
		}
	}
	if (empty) {
		load_empty(cache, cpu, empty, &surplus);
		empty->objects[cpu->count++] = object;
	} else {
		give(cache, object, &surplus);
	}
	spinlock_unlock(&cache->lock);
	release_slabs(cache, &surplus);
}

/* ---- For users ---- */

void *slab_alloc_at(struct slab_cache *cache, size_t requested, uintptr_t site)
{
	return slab_alloc_inline(cache, requested, site);
}

void slab_free_at(struct slab_cache *cache, void *object, uintptr_t site)
{
	slab_free_inline(cache, object, site);
}

void *slab_alloc(struct slab_cache *cache)
{
	return slab_alloc_inline(cache, cache->size, SITE());
}

void slab_free(struct slab_cache *cache, void *object)
{
	slab_free_inline(cache, object, SITE());
}

/* ---- Taking back ---- */

/* What the CPUs give away, chained. */
struct surrender {
	uint64_t magazines; /* atomic: a struct slab_magazine * */
};

static void surrender_magazine(struct surrender *to, struct slab_magazine *magazine, int64_t count)
{
	uint64_t old = atomic_load_relaxed(&to->magazines);

	if (!magazine)
		return;
	magazine->count = count;
	/* Relaxed: slab_reclaim in mm/slab.c looks after the call, which orders them. */
	do
		magazine->next = (struct slab_magazine *)(uintptr_t)old;
	while (!atomic_compare_exchange_relaxed(&to->magazines, &old, (uintptr_t)magazine));
}

/* By an immediate call. The list does not change: its lock is held by who calls. */
static void surrender(void *argument)
{
	unsigned cpu = cpu_current();

	list_for_each_entry(cache, &all, struct slab_cache, link_all) {
		struct slab_cpu *own = cache->cpus ? &cache->cpus[cpu] : NULL;

		if (!own)
			continue;
		surrender_magazine(argument, own->loaded, own->count);
		surrender_magazine(argument, own->previous, own->previous_count);
		*own = (struct slab_cpu){ .count = -1, .previous_count = -1 };
	}
}

/* One of which a CPU had it: its objects go to their slabs. */
static void empty_magazine(struct slab_magazine *magazine)
{
	if (magazine->count > 0) {
		struct slab_cache *cache = slab_of(magazine->objects[0])->cache;
		struct list surplus = LIST_EMPTY(surplus);

		spinlock_lock(&cache->lock);
		give_all(cache, magazine, &surplus);
		spinlock_unlock(&cache->lock);
		release_slabs(cache, &surplus);
	}
	free_part(&magazines, magazine);
}

static void empty_cache(struct slab_cache *cache)
{
	struct list surplus = LIST_EMPTY(surplus);
	struct slab_magazine *emptied = NULL;
	struct slab_magazine *magazine;
	struct list *link;

	spinlock_lock(&cache->lock);
	while ((magazine = pop(&cache->full))) {
		cache->full_count--;
		give_all(cache, magazine, &surplus);
		push(&emptied, magazine);
	}
	while ((magazine = pop(&cache->empty)))
		push(&emptied, magazine);
	while ((link = list_pop_front(&cache->whole))) {
		cache->slabs--;
		list_push_front(&surplus, link);
	}
	cache->whole_count = 0;
	spinlock_unlock(&cache->lock);
	release_slabs(cache, &surplus);
	while ((magazine = pop(&emptied)))
		free_part(&magazines, magazine);
}

/* To the slabs, not to magazines: that could allocate one. */
static void empty_quarantine(void *argument)
{
	struct slab_cache *cache;
	void *object;

	(void)argument;
	while ((object = slab_quarantine_take(&cache))) {
		struct list surplus = LIST_EMPTY(surplus);

		spinlock_lock(&cache->lock);
		give(cache, object, &surplus);
		spinlock_unlock(&cache->lock);
		release_slabs(cache, &surplus);
	}
}

uint64_t slab_reclaim(void)
{
	unsigned long irq = spinlock_lock_irqsave(&all_lock);
	struct frame_statistics before;
	struct frame_statistics after;
	struct surrender given = { 0 };
	struct slab_magazine *magazine;

	frame_statistics(&before);
	empty_quarantine(NULL);
	on_cpus_immediate(cpus_online() | (uint64_t)1 << cpu_current(), surrender, &given);
	magazine = (struct slab_magazine *)(uintptr_t)given.magazines;
	while (magazine) {
		struct slab_magazine *next = magazine->next;

		empty_magazine(magazine);
		magazine = next;
	}
	list_for_each_entry(cache, &all, struct slab_cache, link_all) {
		empty_cache(cache);
	}
	/* Those whose objects the others were made of. */
	empty_cache(&magazines);
	empty_cache(&records);
	frame_statistics(&after);
	spinlock_unlock_irqrestore(&all_lock, irq);
	return after.free > before.free ? after.free - before.free : 0;
}

void slab_flush(void)
{
	on_each_cpu(empty_quarantine, NULL);
	slab_reclaim();
}

/* ---- Caches ---- */

#ifdef CONFIG_CHECK
#define NOTE_SIZE sizeof(struct slab_note)
#define NOTE_LINK offsetof(struct slab_note, link)
#else
#define NOTE_SIZE 0
#define NOTE_LINK 0
#endif

/* How a stride is laid out: see mm/slab_check.h. */
static void lay_out(struct slab_cache *cache)
{
	size_t end;

	/* A red zone keeps the object's alignment. */
	cache->front = (uint32_t)align_up((size_t)SLAB_RED_ZONE, (size_t)cache->alignment);
	end = align_up(cache->front + cache->size, 8UL) + SLAB_RED_ZONE / 2;
	/* The link of a free object is in its note, or in the object unless that is to be kept. */
	cache->link = (uint32_t)(SLAB_RED_ZONE || cache->construct ? end + NOTE_LINK : 0);
	end += NOTE_SIZE ? NOTE_SIZE : (cache->construct ? sizeof(void *) : 0);
	cache->stride = (uint32_t)align_up(max(end, sizeof(void *)), (size_t)cache->alignment);
	for (cache->order = 0; cache->order < SLAB_ORDER_MAX; cache->order++) {
		size_t block = PAGE_SIZE << cache->order;

		if (block / cache->stride >= PER_SLAB_MIN ||
		    (block >= cache->stride && block % cache->stride <= block / 8))
			break;
	}
	cache->per_slab = (uint32_t)((PAGE_SIZE << cache->order) / cache->stride);
	cache->slack = (uint32_t)((PAGE_SIZE << cache->order) % cache->stride);
}

/* A cache without magazines. */
static void init_cache(struct slab_cache *cache, const char *name, size_t size, size_t alignment,
		       void (*construct)(void *object))
{
	BUG_ON(size == 0 || size > SLAB_SIZE_MAX);
	BUG_ON(!is_power_of_two(alignment) || alignment > SLAB_ALIGNMENT_MAX);
	*cache = (struct slab_cache){ .name = name,
				      .construct = construct,
				      .size = (uint32_t)size,
				      .alignment = (uint16_t)align_up(alignment, 8UL),
				      .lock = SPINLOCK_INITIALISER("slab cache") };
	list_init(&cache->partial);
	list_init(&cache->whole);
	list_init(&cache->used_up);
	list_init(&cache->link_all);
	lay_out(cache);
	BUG_ON(cache->per_slab == 0);
}

void slab_init(void)
{
	init_cache(&records, "slab records", sizeof(struct slab), 8, NULL);
	init_cache(&magazines, "magazines", sizeof(struct slab_magazine), 8, NULL);
	frame_set_reclaim(slab_reclaim);
}

int slab_cache_init(struct slab_cache *cache, const char *name, size_t size, size_t alignment,
		    void (*construct)(void *object))
{
	struct frame *frame = frame_alloc(FRAME_TAG_SLAB);
	unsigned long irq;

	if (!frame)
		return -ENOMEM;
	init_cache(cache, name, size, alignment, construct);
	cache->cpus = frame_to_virt(frame);
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		cache->cpus[cpu] = (struct slab_cpu){ .count = -1, .previous_count = -1 };
	irq = spinlock_lock_irqsave(&all_lock);
	list_push_back(&all, &cache->link_all);
	spinlock_unlock_irqrestore(&all_lock, irq);
	return 0;
}

void slab_cache_destroy(struct slab_cache *cache)
{
	unsigned long irq;

	slab_flush();
	irq = spinlock_lock_irqsave(&all_lock);
	if (cache->objects)
		panic("slab cache %s: destroyed with %llu objects in use", cache->name,
		      (unsigned long long)cache->objects);
	list_remove(&cache->link_all);
	spinlock_unlock_irqrestore(&all_lock, irq);
	frame_free(frame_of(direct_map_to_phys(cache->cpus)));
}

void slab_statistics(struct slab_cache *cache, struct slab_statistics *statistics)
{
	unsigned long irq = spinlock_lock_irqsave(&cache->lock);

	*statistics = (struct slab_statistics){ .slabs = cache->slabs,
						.frames = cache->slabs << cache->order,
						.objects = cache->objects,
						.capacity = cache->slabs * cache->per_slab };
	spinlock_unlock_irqrestore(&cache->lock, irq);
}

void slab_visit_caches(void (*visit)(struct slab_cache *cache, void *argument), void *argument)
{
	unsigned long irq = spinlock_lock_irqsave(&all_lock);

	visit(&records, argument);
	visit(&magazines, argument);
	list_for_each_entry(cache, &all, struct slab_cache, link_all) {
		visit(cache, argument);
	}
	spinlock_unlock_irqrestore(&all_lock, irq);
}

static void visit_slabs(struct slab_cache *cache, const struct list *slabs,
			void (*visit)(const struct slab_object *object, void *argument),
			void *argument)
{
	list_for_each_entry(slab, slabs, struct slab, list) {
		for (uint32_t i = 0; i < cache->per_slab - slab->fresh; i++) {
			char *stride = slab->first + (size_t)i * cache->stride;
			struct slab_object found;

			if (slab_check_look(cache, object_of(cache, stride), &found))
				visit(&found, argument);
		}
	}
}

void slab_visit_objects(struct slab_cache *cache,
			void (*visit)(const struct slab_object *object, void *argument),
			void *argument)
{
	unsigned long irq = spinlock_lock_irqsave(&cache->lock);

	visit_slabs(cache, &cache->partial, visit, argument);
	visit_slabs(cache, &cache->used_up, visit, argument);
	spinlock_unlock_irqrestore(&cache->lock, irq);
}
