/*
 * An arena: a range of numbers (addresses, ids, anything) of which pieces are taken and given back,
 * by one of four strategies for choosing among the free pieces.
 *
 * It knows nothing of what the numbers mean and never touches what they may be addresses of; its
 * own records of pieces come from the caller. Free neighbours always merge. Not synchronised: the
 * owner's lock.
 */
#ifndef MM_ARENA_H
#define MM_ARENA_H

#include <lib/list.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum arena_strategy {
	ARENA_INSTANT_FIT, /* any piece of the size class that is surely large enough: O(1) */
	ARENA_FIRST_FIT,   /* the lowest that is large enough */
	ARENA_BEST_FIT,    /* the smallest that is large enough */
	ARENA_WORST_FIT,   /* the largest */
	ARENA_NEXT_FIT,    /* the first that is large enough behind the last one taken */
	ARENA_STRATEGIES,
};

/* A piece, taken or free. */
struct arena_piece {
	struct list by_address;
	struct list by_size; /* free: of its size class; taken: of its bucket in the hash */
	uint64_t base;
	uint64_t size;
	uint64_t note; /* taken: the owner's */
	bool is_free;
	uint8_t class; /* free: where by_size is */
};

#define ARENA_CLASSES 64
#define ARENA_BUCKETS 256

struct arena {
	uint64_t quantum; /* a power of two: bases and sizes are multiples */
	unsigned shift;   /* its exponent */
	enum arena_strategy strategy;
	/* Room for records: at least one, *count of them; NULL: none. They are kept for good. */
	struct arena_piece *(*more)(size_t *count);
	struct list by_address;
	struct list classes[ARENA_CLASSES]; /* free pieces of 2^n to 2^(n+1) - 1 quanta */
	uint64_t occupied;                  /* bit n: class n is not empty */
	struct list buckets[ARENA_BUCKETS]; /* taken pieces, by base */
	struct list spare;                  /* records that are in no use */
	struct arena_piece *last;           /* for next fit */
	uint64_t free;
	uint64_t taken;
	uint64_t pieces_free;
	uint64_t pieces_taken;
};

/* quantum: a power of two. more: see above. No memory is needed before arena_add(). */
void arena_init(struct arena *arena, uint64_t quantum, enum arena_strategy strategy,
		struct arena_piece *(*more)(size_t *count));

/* Adds [base, base + size) as free. -ENOMEM; -EEXIST: part of it is in the arena. */
int arena_add(struct arena *arena, uint64_t base, uint64_t size);

/*
 * Takes size (rounded up to the quantum) aligned to alignment (a power of two). note: to find at
 * arena_find(). The piece, or NULL: no room, or no record. Its base and size are constant while it
 * is taken.
 */
struct arena_piece *arena_take(struct arena *arena, uint64_t size, uint64_t alignment,
			       uint64_t note);

/* Gives back a piece that was taken. */
void arena_give(struct arena *arena, struct arena_piece *piece);

/* The taken piece that begins at base; NULL. */
struct arena_piece *arena_find(struct arena *arena, uint64_t base);

/* The size of the largest free piece. Scans. */
uint64_t arena_largest_free(const struct arena *arena);

/* Panics when its own books do not agree. For tests. */
void arena_check(const struct arena *arena);

const char *arena_strategy_name(enum arena_strategy strategy);

#endif
