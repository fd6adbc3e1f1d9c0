/*
 * The heap: memory of any size. Up to HEAP_SMALL_MAX bytes from slab caches of 31 sizes, beyond in
 * runs of whole frames.
 *
 * An address is a multiple of 8; of 16 when its size is; of more with heap_alloc_aligned(). Every
 * function that allocates may return NULL: there is no memory, or the size is too large for any.
 * A size of 0 is an address of its own, too, and is freed. Sizes that are products go through
 * heap_alloc_array(), which fails when they overflow.
 *
 * In the checking build, misuse of a small block ends in a panic that names the sites of its
 * allocation and its freeing (mm/slab_check.h); of a large one, freeing it twice or not at its
 * begin.
 *
 * Context and ordering: as slab_alloc() (mm/slab.h).
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#define HEAP_SMALL_MAX 4096

/* Boot CPU, once, behind slab_init(). -ENOMEM. */
int heap_init(void);

/* size bytes, whose contents are anything. */
void *heap_alloc(size_t size);

/* The same, zero. */
void *heap_zalloc(size_t size);

/* alignment: a power of two, up to 1 GiB. */
void *heap_alloc_aligned(size_t size, size_t alignment);

/* count times size bytes, zero; NULL also when that is more than a size_t. */
void *heap_alloc_array(size_t count, size_t size);

/*
 * Makes a block larger or smaller, in place when its class allows. Its contents stay, up to the
 * smaller size; its alignment is then heap_alloc()'s. NULL: the old block is as it was. block NULL:
 * as heap_alloc().
 */
void *heap_realloc(void *block, size_t size);

/* NULL: nothing is done. */
void heap_free(void *block);

/*
 * How many bytes of a block may be used: at least as many as were asked for, and in the checking
 * build exactly that of a small one.
 */
size_t heap_usable_size(const void *block);

/*
 * A pointer whose block is freed when it goes out of scope; set it to NULL to keep the block:
 *	HEAP_SCOPED char *name = heap_alloc(40);
 */
#define HEAP_SCOPED __attribute__((cleanup(heap_free_scoped)))

static inline void heap_free_scoped(void *variable)
{
	heap_free(*(void **)variable);
}

#endif
