#include <lib/bits.h>
#include <lib/panic.h>
#include <mm/buddy.h>
#include <sync/spin/atomic.h>
#include <sync/spin/spinlock.h>

#define LOW_ZONE_END (1UL << 32)

/*
 * Records of a page of the frame map describe 2^7 frames. Buddies of lower orders share it, so they
 * have a record; that of a larger block's buddy need not exist.
 */
#define ORDER_WITHIN_PAGE 7
_Static_assert(sizeof(struct frame) << ORDER_WITHIN_PAGE == PAGE_SIZE, "2^7 records a page");

struct zone {
	struct spinlock lock;
	uint64_t free;                 /* frames; this and what follows under the lock */
	uint64_t blocks[FRAME_ORDERS]; /* how many are in each list */
	struct list lists[FRAME_ORDERS];
	uint64_t occupied; /* bit n: lists[n] is not empty */
};

/* The lower one last. */
static struct zone zones[] = {
	{ .lock = SPINLOCK_INITIALISER("frames above 4 GiB") },
	{ .lock = SPINLOCK_INITIALISER("frames below 4 GiB") },
};
#define HIGH_ZONE (&zones[0])
#define LOW_ZONE (&zones[1])

void buddy_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		for (unsigned order = 0; order < FRAME_ORDERS; order++)
			list_init(&zones[i].lists[order]);
}

static struct zone *zone_of(const struct frame *frame)
{
	return frame_to_phys(frame) < LOW_ZONE_END ? LOW_ZONE : HIGH_ZONE;
}

/* The functions from here to the next comment: the zone's lock is held. */
static void insert(struct zone *zone, struct frame *frame, unsigned order)
{
	frame->state = FRAME_FREE;
	frame->order = (uint8_t)order;
	list_push_front(&zone->lists[order], &frame->link);
	zone->blocks[order]++;
	zone->occupied |= 1UL << order;
}

static void remove(struct zone *zone, struct frame *frame)
{
	unsigned order = frame->order;

	list_remove(&frame->link);
	zone->blocks[order]--;
	if (list_is_empty(&zone->lists[order]))
		zone->occupied &= ~(1UL << order);
}

/* Cuts a block that is in no list down to an order; the upper halves become free. */
static void cut(struct zone *zone, struct frame *frame, unsigned from, unsigned to)
{
	while (from > to) {
		from--;
		insert(zone, frame + (1UL << from), from);
	}
	frame->state = FRAME_CACHED;
	frame->order = (uint8_t)to;
	zone->free -= 1UL << to;
}

static struct frame *take_any(struct zone *zone, unsigned order)
{
	uint64_t fitting = zone->occupied >> order;

	if (!fitting)
		return NULL;

	unsigned from = order + (unsigned)__builtin_ctzl(fitting);
	struct frame *frame = container_of(zone->lists[from].next, struct frame, link);

	remove(zone, frame);
	cut(zone, frame, from, order);
	return frame;
}

/* A free block with its lowest part below highest is cut there: its first blocks are lowest. */
static struct frame *take_below(struct zone *zone, unsigned order, uint64_t highest)
{
	for (unsigned from = order; from < FRAME_ORDERS; from++) {
		list_for_each_entry(frame, &zone->lists[from], struct frame, link) {
			uint64_t end = frame_to_phys(frame) + (PAGE_SIZE << order);

			if (end > highest)
				continue;
			remove(zone, frame);
			cut(zone, frame, from, order);
			return frame;
		}
	}
	return NULL;
}

static struct frame *buddy_of(struct frame *frame, unsigned order)
{
	return FRAME_MAP + ((uint64_t)(frame - FRAME_MAP) ^ 1UL << order);
}

static bool can_merge(const struct frame *buddy, unsigned order)
{
	if (order >= ORDER_WITHIN_PAGE && !frame_exists(frame_to_phys(buddy)))
		return false;
	return buddy->state == FRAME_FREE && buddy->order == order;
}

static void give(struct zone *zone, struct frame *frame, unsigned order)
{
	zone->free += 1UL << order;
	while (order < FRAME_ORDER_MAX) {
		struct frame *buddy = buddy_of(frame, order);

		/* 4 GiB is a border of a block of every order: a buddy is in the same zone. */
		if (!can_merge(buddy, order))
			break;
		remove(zone, buddy);
		/* The upper of the two is no head any more. */
		max(frame, buddy)->state = FRAME_NONE;
		frame = min(frame, buddy);
		order++;
	}
	insert(zone, frame, order);
}

/* From here on locks are taken. */
struct frame *buddy_take(unsigned order, uint64_t highest)
{
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct zone *zone = &zones[i];
		bool is_bounded = highest < (zone == LOW_ZONE ? LOW_ZONE_END : UINT64_MAX);

		if (zone == HIGH_ZONE && highest <= LOW_ZONE_END)
			continue;

		unsigned long irq = spinlock_lock_irqsave(&zone->lock);
		struct frame *frame = is_bounded ? take_below(zone, order, highest)
						 : take_any(zone, order);

		spinlock_unlock_irqrestore(&zone->lock, irq);
		if (frame)
			return frame;
	}
	return NULL;
}

size_t buddy_take_singles(struct frame **frames, size_t count)
{
	size_t taken = 0;

	for (size_t i = 0; i < ARRAY_SIZE(zones) && taken < count; i++) {
		struct zone *zone = &zones[i];

		/* Relaxed: whether it is worth a look. */
		if (atomic_load_relaxed(&zone->free) == 0)
			continue;

		unsigned long irq = spinlock_lock_irqsave(&zone->lock);
		struct frame *frame;

		while (taken < count && (frame = take_any(zone, 0)))
			frames[taken++] = frame;
		spinlock_unlock_irqrestore(&zone->lock, irq);
	}
	return taken;
}

void buddy_give(struct frame *frame, unsigned order)
{
	struct zone *zone = zone_of(frame);
	unsigned long irq = spinlock_lock_irqsave(&zone->lock);

	give(zone, frame, order);
	spinlock_unlock_irqrestore(&zone->lock, irq);
}

/* One lock for each stretch of frames of one zone; they rarely alternate. */
void buddy_give_singles(struct frame *const *frames, size_t count)
{
	size_t i = 0;

	while (i < count) {
		struct zone *zone = zone_of(frames[i]);
		unsigned long irq = spinlock_lock_irqsave(&zone->lock);

		for (; i < count && zone_of(frames[i]) == zone; i++)
			give(zone, frames[i], 0);
		spinlock_unlock_irqrestore(&zone->lock, irq);
	}
}

void buddy_count(struct frame_statistics *statistics)
{
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct zone *zone = &zones[i];
		unsigned long irq = spinlock_lock_irqsave(&zone->lock);

		statistics->free += zone->free;
		for (unsigned order = 0; order < FRAME_ORDERS; order++)
			statistics->free_blocks[order] += zone->blocks[order];
		spinlock_unlock_irqrestore(&zone->lock, irq);
	}
}
