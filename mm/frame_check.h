/*
 * Misuse of frames, caught in the checking build: where each was allocated and freed.
 */
#ifndef MM_FRAME_CHECK_H
#define MM_FRAME_CHECK_H

#include <mm/frame.h>

/* The call site of the function that says this. */
#define FRAME_SITE() ((uintptr_t)__builtin_return_address(0))

#ifdef CONFIG_CHECK
/* A block is about to be freed by its only owner: panics when it may not be. */
void frame_check_free(const struct frame *frame, unsigned order, uintptr_t site);

/* Notes the sites. */
void frame_note_alloc(struct frame *frame, uintptr_t site);
void frame_note_free(struct frame *frame, uintptr_t site);
#else
#define frame_check_free(frame, order, site) ((void)(site))
#define frame_note_alloc(frame, site) ((void)(site))
#define frame_note_free(frame, site) ((void)(site))
#endif

#endif
