/*
 * Physical memory of the host's own, with the real frame allocator on it, and one CPU: what the
 * sources of mm/ need below and beside them.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <mm/memory_map.h>
#include <mm/space.h>
#include <stdint.h>

/* The sources that a program with this helper links, beside its own and tests/host/memory.c:
 * mm/frame.c mm/frame_cache.c mm/frame_check.c mm/frame_map.c mm/buddy.c mm/memory_map.c */

#define HOST_MEMORY_FIRST 0x100000UL
#define HOST_MEMORY_END 0x2000000UL /* 32 MiB, with a hole in it */
#define HOST_HOLE_FIRST 0x900000UL
#define HOST_HOLE_END 0xa03000UL

/* Maps it, once, and gives it to frame_init(). */
void host_memory_init(void);

/* So many more frame_alloc_zeroed() for tables succeed; UINT64_MAX: all. */
extern uint64_t host_tables_left;
uint64_t host_table(void);

/* Requests that tlb_invalidate() was given. */
extern uint64_t host_invalidations;

#endif
