/*
 * The part of `mem` that is about slab caches and the heap.
 */
#ifndef BOOT_MONITOR_HEAP_H
#define BOOT_MONITOR_HEAP_H

/* The caches that have slabs, and in the checking build the call sites that have most bytes. */
void monitor_print_caches(void);

#endif
