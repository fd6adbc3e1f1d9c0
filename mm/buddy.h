/*
 * The buddy allocator: free memory in blocks of 2^order frames, each aligned to its size. A block
 * that becomes free merges with its buddy, the other half of the next larger block, as often as
 * that is free, too.
 *
 * Two zones, below 4 GiB and above, so that what devices with 32-bit addresses can reach is used
 * last. Each has its own lock, taken with interrupts disabled; nothing else is taken under it.
 * Blocks are handed over by the record of their first frame, whose state is then FRAME_CACHED: the
 * caller makes it what it will be.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include <mm/frame.h>

/* Makes the zones empty. Boot CPU, once. */
void buddy_init(void);

/* A block, with no byte at or above highest; NULL. Its order is set. O(orders) when highest is
 * UINT64_MAX or beyond all memory below 4 GiB; else it looks through free blocks. */
struct frame *buddy_take(unsigned order, uint64_t highest);

/* Takes up to count single frames at once; how many. */
size_t buddy_take_singles(struct frame **frames, size_t count);

/* Gives back blocks of the order, whose records nobody else uses. */
void buddy_give(struct frame *frame, unsigned order);
void buddy_give_singles(struct frame *const *frames, size_t count);

/* Adds to the numbers of free frames and blocks. */
void buddy_count(struct frame_statistics *statistics);

#endif
