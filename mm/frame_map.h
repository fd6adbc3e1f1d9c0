/*
 * The frame map: which physical addresses have a record.
 */
#ifndef MM_FRAME_MAP_H
#define MM_FRAME_MAP_H

#include <mm/memory_map.h>
#include <stdint.h>

/* Maps the records of all memory of a map. -ENOMEM. Boot CPU, once. */
int frame_map_init(const struct memory_map *map);

/* Frames of memory in all. */
uint64_t frame_map_total(void);

#endif
