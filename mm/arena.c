/*
 * The books of an arena: all pieces by address, the free ones also by size class, the taken ones
 * also by the hash of their base. Two free pieces are never neighbours.
 */
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <mm/arena.h>

void arena_init(struct arena *arena, uint64_t quantum, enum arena_strategy strategy,
		struct arena_piece *(*more)(size_t *count))
{
	BUG_ON(!is_power_of_two(quantum) || strategy >= ARENA_STRATEGIES);
	*arena = (struct arena){ .quantum = quantum,
				 .shift = (unsigned)__builtin_ctzl(quantum),
				 .strategy = strategy,
				 .more = more };
	list_init(&arena->by_address);
	list_init(&arena->spare);
	for (size_t i = 0; i < ARENA_CLASSES; i++)
		list_init(&arena->classes[i]);
	for (size_t i = 0; i < ARENA_BUCKETS; i++)
		list_init(&arena->buckets[i]);
}

/* The class of free pieces of a size: that of its highest bit. */
static unsigned class_of(const struct arena *arena, uint64_t size)
{
	return 63 - (unsigned)__builtin_clzl(size >> arena->shift);
}

static struct list *bucket_of(struct arena *arena, uint64_t base)
{
	/* Knuth's multiplicative hash: the top bits are mixed best. */
	return &arena->buckets[((base >> arena->shift) * 0x9e3779b97f4a7c15UL) >> 56];
}
_Static_assert(ARENA_BUCKETS == 256, "bucket_of() keeps eight bits");

static uint64_t end_of(const struct arena_piece *piece)
{
	return piece->base + piece->size;
}

static void insert_free(struct arena *arena, struct arena_piece *piece)
{
	unsigned class = class_of(arena, piece->size);

	piece->is_free = true;
	piece->class = (uint8_t) class;
	list_push_front(&arena->classes[class], &piece->by_size);
	arena->occupied |= 1UL << class;
	arena->free += piece->size;
	arena->pieces_free++;
}

static void remove_free(struct arena *arena, struct arena_piece *piece)
{
	list_remove(&piece->by_size);
	if (list_is_empty(&arena->classes[piece->class]))
		arena->occupied &= ~(1UL << piece->class);
	arena->free -= piece->size;
	arena->pieces_free--;
}

/* A record for which reserve_records() has seen to it. */
static struct arena_piece *new_record(struct arena *arena)
{
	struct list *link = list_pop_front(&arena->spare);

	BUG_ON(!link);
	return container_of(link, struct arena_piece, by_address);
}

/* Makes sure of that many records. False: there is no memory for them. */
static bool reserve_records(struct arena *arena, size_t needed)
{
	size_t have = 0;

	for (struct list *link = arena->spare.next; link != &arena->spare && have < needed;
	     link = link->next)
		have++;
	while (have < needed) {
		size_t count;
		struct arena_piece *fresh = arena->more(&count);

		if (!fresh)
			return false;
		for (size_t i = 0; i < count; i++)
			list_push_front(&arena->spare, &fresh[i].by_address);
		have += count;
	}
	return true;
}

static struct arena_piece *neighbour(struct arena *arena, struct list *link)
{
	return link == &arena->by_address ? NULL
					  : container_of(link, struct arena_piece, by_address);
}

/* Swallows the neighbour behind a piece that is in no list of free ones, when it is free. */
static void merge_behind(struct arena *arena, struct arena_piece *piece)
{
	struct arena_piece *behind = neighbour(arena, piece->by_address.next);

	if (!behind || !behind->is_free || behind->base != end_of(piece))
		return;
	remove_free(arena, behind);
	piece->size += behind->size;
	if (arena->last == behind)
		arena->last = piece;
	list_remove(&behind->by_address);
	list_push_front(&arena->spare, &behind->by_address);
}

/* A piece becomes free, and one with its free neighbours. */
static void free_piece(struct arena *arena, struct arena_piece *piece)
{
	struct arena_piece *before = neighbour(arena, piece->by_address.previous);

	merge_behind(arena, piece);
	if (before && before->is_free && end_of(before) == piece->base) {
		remove_free(arena, before);
		before->size += piece->size;
		if (arena->last == piece)
			arena->last = before;
		list_remove(&piece->by_address);
		list_push_front(&arena->spare, &piece->by_address);
		piece = before;
	}
	insert_free(arena, piece);
}

int arena_add(struct arena *arena, uint64_t base, uint64_t size)
{
	struct list *behind = &arena->by_address;
	struct arena_piece *piece;

	BUG_ON(size == 0 || ((base | size) & (arena->quantum - 1)));
	list_for_each_entry(other, &arena->by_address, struct arena_piece, by_address) {
		if (other->base < base + size && base < end_of(other))
			return -EEXIST;
		if (other->base > base) {
			behind = &other->by_address;
			break;
		}
	}
	if (!reserve_records(arena, 1))
		return -ENOMEM;
	piece = new_record(arena);
	*piece = (struct arena_piece){ .base = base, .size = size };
	list_push_back(behind, &piece->by_address);
	free_piece(arena, piece);
	return 0;
}

/* ---- The strategies: which free piece ---- */

static bool fits(const struct arena_piece *piece, uint64_t size, uint64_t alignment)
{
	uint64_t base = align_up(piece->base, alignment);

	return piece->is_free && base >= piece->base && base - piece->base < piece->size &&
	       piece->size - (base - piece->base) >= size;
}

/* The first that fits from a link on, to the end of the list. */
static struct arena_piece *find_from(struct arena *arena, struct list *link, uint64_t size,
				     uint64_t alignment)
{
	for (; link != &arena->by_address; link = link->next) {
		struct arena_piece *piece = container_of(link, struct arena_piece, by_address);

		if (fits(piece, size, alignment))
			return piece;
	}
	return NULL;
}

static struct arena_piece *find_next(struct arena *arena, uint64_t size, uint64_t alignment)
{
	struct arena_piece *piece = NULL;

	if (arena->last)
		piece = find_from(arena, &arena->last->by_address, size, alignment);
	return piece ? piece : find_from(arena, arena->by_address.next, size, alignment);
}

/* A class's pieces that fit: the first of them, or the smallest. */
static struct arena_piece *find_in_class(struct arena *arena, unsigned class, uint64_t size,
					 uint64_t alignment, bool smallest)
{
	struct arena_piece *best = NULL;

	list_for_each_entry(piece, &arena->classes[class], struct arena_piece, by_size) {
		if (!fits(piece, size, alignment) || (best && piece->size >= best->size))
			continue;
		best = piece;
		if (!smallest)
			break;
	}
	return best;
}

/* From the lowest class that may hold one. */
static struct arena_piece *find_smallest(struct arena *arena, uint64_t size, uint64_t alignment,
					 bool smallest)
{
	uint64_t classes = arena->occupied >> class_of(arena, size) << class_of(arena, size);

	for (; classes; classes &= classes - 1) {
		struct arena_piece *piece = find_in_class(arena, (unsigned)__builtin_ctzl(classes),
							  size, alignment, smallest);

		if (piece)
			return piece;
	}
	return NULL;
}

/* Any of a class in which all are large enough, whatever they are aligned to. */
static struct arena_piece *find_instantly(struct arena *arena, uint64_t size, uint64_t alignment)
{
	uint64_t enough = alignment > arena->quantum ? size + alignment - arena->quantum : size;
	unsigned class = class_of(arena, enough) + !is_power_of_two(enough >> arena->shift);
	uint64_t classes = class < 64 ? arena->occupied >> class << class : 0;

	if (classes)
		return container_of(arena->classes[__builtin_ctzl(classes)].next,
				    struct arena_piece, by_size);
	return find_smallest(arena, size, alignment, false);
}

static struct arena_piece *find_largest(struct arena *arena, uint64_t size, uint64_t alignment)
{
	uint64_t classes = arena->occupied;
	struct arena_piece *largest = NULL;

	for (; classes && !largest; classes &= ~(1UL << (63 - (unsigned)__builtin_clzl(classes)))) {
		unsigned class = 63 - (unsigned)__builtin_clzl(classes);

		list_for_each_entry(piece, &arena->classes[class], struct arena_piece, by_size) {
			if (fits(piece, size, alignment) &&
			    (!largest || piece->size > largest->size))
				largest = piece;
		}
	}
	return largest;
}

static struct arena_piece *find_free(struct arena *arena, uint64_t size, uint64_t alignment)
{
	switch (arena->strategy) {
	case ARENA_FIRST_FIT:
		return find_from(arena, arena->by_address.next, size, alignment);
	case ARENA_BEST_FIT:
		return find_smallest(arena, size, alignment, true);
	case ARENA_WORST_FIT:
		return find_largest(arena, size, alignment);
	case ARENA_NEXT_FIT:
		return find_next(arena, size, alignment);
	default:
		return find_instantly(arena, size, alignment);
	}
}

/* ---- Taking and giving ---- */

/* Cuts a free piece that is in no list at an offset: what lies behind becomes a free piece. */
static void cut(struct arena *arena, struct arena_piece *piece, uint64_t offset)
{
	struct arena_piece *rest;

	if (offset == piece->size)
		return;
	rest = new_record(arena);
	*rest = (struct arena_piece){ .base = piece->base + offset, .size = piece->size - offset };
	piece->size = offset;
	list_push_front(&piece->by_address, &rest->by_address);
	insert_free(arena, rest);
}

struct arena_piece *arena_take(struct arena *arena, uint64_t size, uint64_t alignment,
			       uint64_t note)
{
	struct arena_piece *piece;
	uint64_t skip;

	BUG_ON(!is_power_of_two(alignment));
	size = align_up(size, arena->quantum);
	if (size == 0 || size > arena->free || !reserve_records(arena, 2))
		return NULL;
	piece = find_free(arena, size, alignment);
	if (!piece)
		return NULL;
	remove_free(arena, piece);
	skip = align_up(piece->base, alignment) - piece->base;
	if (skip) {
		struct arena_piece *front = piece;

		cut(arena, front, skip);
		insert_free(arena, front);
		piece = neighbour(arena, front->by_address.next);
		remove_free(arena, piece);
	}
	cut(arena, piece, size);
	piece->is_free = false;
	piece->note = note;
	list_push_front(bucket_of(arena, piece->base), &piece->by_size);
	arena->last = piece;
	arena->taken += size;
	arena->pieces_taken++;
	return piece;
}

void arena_give(struct arena *arena, struct arena_piece *piece)
{
	BUG_ON(piece->is_free);
	list_remove(&piece->by_size);
	arena->taken -= piece->size;
	arena->pieces_taken--;
	free_piece(arena, piece);
}

struct arena_piece *arena_find(struct arena *arena, uint64_t base)
{
	list_for_each_entry(piece, bucket_of(arena, base), struct arena_piece, by_size) {
		if (piece->base == base)
			return piece;
	}
	return NULL;
}

uint64_t arena_largest_free(const struct arena *arena)
{
	uint64_t largest = 0;
	unsigned class;

	if (!arena->occupied)
		return 0;
	class = 63 - (unsigned)__builtin_clzl(arena->occupied);
	list_for_each_entry(piece, &arena->classes[class], struct arena_piece, by_size) {
		largest = max(largest, piece->size);
	}
	return largest;
}

void arena_check(const struct arena *arena)
{
	const struct arena_piece *before = NULL;
	uint64_t free = 0;
	uint64_t taken = 0;
	uint64_t pieces = 0;

	list_for_each_entry(piece, &arena->by_address, struct arena_piece, by_address) {
		BUG_ON(piece->size == 0 || ((piece->base | piece->size) & (arena->quantum - 1)));
		BUG_ON(before && end_of(before) > piece->base);
		BUG_ON(before && before->is_free && piece->is_free &&
		       end_of(before) == piece->base);
		*(piece->is_free ? &free : &taken) += piece->size;
		pieces++;
		before = piece;
	}
	BUG_ON(free != arena->free || taken != arena->taken);
	BUG_ON(pieces != arena->pieces_free + arena->pieces_taken);
	for (unsigned class = 0; class < ARENA_CLASSES; class ++) {
		BUG_ON(list_is_empty(&arena->classes[class]) ==
		       (bool)(arena->occupied >> class & 1));
		list_for_each_entry(piece, &arena->classes[class], struct arena_piece, by_size) {
			BUG_ON(!piece->is_free || class_of(arena, piece->size) != class);
		}
	}
}

const char *arena_strategy_name(enum arena_strategy strategy)
{
	static const char *const names[ARENA_STRATEGIES] = {
		[ARENA_INSTANT_FIT] = "instant fit", [ARENA_FIRST_FIT] = "first fit",
		[ARENA_BEST_FIT] = "best fit",       [ARENA_WORST_FIT] = "worst fit",
		[ARENA_NEXT_FIT] = "next fit",
	};

	return names[strategy];
}
