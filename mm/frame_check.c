#include <mm/frame_check.h>

#ifdef CONFIG_CHECK
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/symbols.h>
#include <sync/spin/atomic.h>

#define SITE_TEXT_MAX 64

static const char *describe(char *text, uint32_t offset)
{
	if (offset == 0)
		return "nowhere";
	symbol_describe(text, SITE_TEXT_MAX, KERNEL_IMAGE_BASE + offset);
	return text;
}

static _Noreturn void complain(const struct frame *frame, const char *what, uintptr_t site)
{
	char here[SITE_TEXT_MAX];
	char allocated[SITE_TEXT_MAX];
	char freed[SITE_TEXT_MAX];

	symbol_describe(here, sizeof(here), site);
	panic("frame 0x%llx: %s, in %s; allocated in %s, last freed in %s",
	      (unsigned long long)frame_to_phys(frame), what, here,
	      describe(allocated, frame->allocated_at), describe(freed, frame->freed_at));
}

void frame_check_free(const struct frame *frame, unsigned order, uintptr_t site)
{
	char where[SITE_TEXT_MAX];

	if (((uintptr_t)frame - FRAME_MAP_BASE) % sizeof(*frame) != 0 ||
	    (uintptr_t)frame < FRAME_MAP_BASE || !frame_exists(frame_to_phys(frame))) {
		symbol_describe(where, sizeof(where), site);
		panic("frame record 0x%lx: freed and no memory, in %s",
		      (unsigned long)(uintptr_t)frame, where);
	}
	if (frame->state == FRAME_FREE || frame->state == FRAME_CACHED)
		complain(frame, "freed twice", site);
	if (frame->state != FRAME_ALLOCATED)
		complain(frame, "freed and not the first of a block", site);
	if (frame->order != order)
		complain(frame, "freed with the wrong order", site);
	if (atomic_load_relaxed(&frame->references) != 1)
		complain(frame, "freed while others have it", site);
}

void frame_note_alloc(struct frame *frame, uintptr_t site)
{
	frame->allocated_at = (uint32_t)(site - KERNEL_IMAGE_BASE);
}

void frame_note_free(struct frame *frame, uintptr_t site)
{
	frame->freed_at = (uint32_t)(site - KERNEL_IMAGE_BASE);
}
#endif
