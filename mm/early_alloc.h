/*
 * Frames before there is a frame allocator: whole pages cut off the usable ranges of the memory
 * map. frame_init() makes them allocated frames, single ones, which their owners may free.
 *
 * Only the boot CPU allocates, so there is no lock. The lowest megabyte is never handed out: a PC's
 * start-up code and legacy devices live there.
 */
#ifndef MM_EARLY_ALLOC_H
#define MM_EARLY_ALLOC_H

#include <mm/memory_map.h>
#include <stddef.h>
#include <stdint.h>

#define EARLY_ALLOC_LOWEST 0x100000UL

/* Starts on a map, which must live for ever; pages handed out become MEMORY_EARLY in it. */
void early_alloc_init(struct memory_map *map);

/* Confines what is handed out to [lowest, highest): to what is mapped so far. */
void early_alloc_confine(uint64_t lowest, uint64_t highest);

/*
 * count pages in a row, aligned to alignment bytes (a power of two, at least a page), zeroed. 0: no
 * room.
 */
uint64_t early_alloc_pages(size_t count, uint64_t alignment);

/* The frame allocator has taken over: who asks from here on panics. */
void early_alloc_end(void);

/* The map as it stands: what is usable now is free, or was when the frame allocator took over. */
const struct memory_map *early_alloc_map(void);

#endif
