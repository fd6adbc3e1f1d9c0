/*
 * The gather: it only collects, until there is one range to invalidate for all, and releases behind
 * that. Nothing is written into table pages that were unhooked: a walker may be on its way through
 * them. They are chained by the owner words of their frames' records.
 */
#include <arch/mmu.h>
#include <arch/pte.h>
#include <lib/bits.h>
#include <lib/panic.h>
#include <mm/frame.h>
#include <mm/page_table.h>
#include <mm/tlb.h>

_Static_assert(sizeof(struct tlb_batch) <= PAGE_SIZE, "a batch is a frame");

/* No page is of this level. */
#define NO_LEVEL PAGE_TABLE_LEVELS_MAX

void tlb_gather_begin(struct tlb_gather *gather, struct space *space, bool puts_frames)
{
	gather->space = space;
	gather->puts_frames = puts_frames;
	gather->first = UINTPTR_MAX;
	gather->last = 0;
	gather->level = NO_LEVEL;
	gather->lost_tables = false;
	gather->everything = false;
	gather->pages = 0;
	gather->tables = 0;
	gather->inline_count = 0;
	gather->batches = NULL;
}

/* A batch with room; NULL: there is no memory for another. */
static struct tlb_batch *batch_with_room(struct tlb_gather *gather)
{
	struct tlb_batch *batch = gather->batches;
	struct frame *frame;

	if (batch && batch->count < ARRAY_SIZE(batch->frames))
		return batch;
	frame = frame_alloc(FRAME_TAG_TABLE);
	if (!frame)
		return NULL;
	batch = frame_to_virt(frame);
	batch->next = gather->batches;
	batch->count = 0;
	gather->batches = batch;
	return batch;
}

void tlb_gather_frame(struct tlb_gather *gather, uint64_t physical)
{
	struct frame *frame = frame_of(physical);
	struct tlb_batch *batch;

	if (gather->inline_count == TLB_GATHER_INLINE) {
		batch = batch_with_room(gather);
		if (batch) {
			batch->frames[batch->count++] = frame;
			return;
		}
		tlb_gather_flush(gather);
	}
	gather->inline_frames[gather->inline_count++] = frame;
}

void tlb_gather_table(struct tlb_gather *gather, uint64_t table, uintptr_t first, uintptr_t last)
{
	unsigned level = gather->level;

	/*
	 * An invalidation of any page in it drops what is cached of it. The range of leaves has
	 * one, if its steps are no larger than the table, unless the table was empty before.
	 */
	while (level > 0 && PAGE_LEVEL_SIZE(level) - 1 > last - first)
		level--;
	gather->level = level;
	gather->everything |= gather->first > last || gather->last < first;
	gather->lost_tables = true;
	frame_of(table)->owner[0] = gather->tables;
	gather->tables = table;
}

static void release(struct tlb_gather *gather)
{
	for (uint64_t i = 0; i < gather->inline_count; i++)
		frame_put(gather->inline_frames[i]);
	while (gather->batches) {
		struct tlb_batch *batch = gather->batches;

		for (uint64_t i = 0; i < batch->count; i++)
			frame_put(batch->frames[i]);
		gather->batches = batch->next;
		frame_free(frame_of(direct_map_to_phys(batch)));
	}
	while (gather->tables) {
		struct frame *frame = frame_of(gather->tables);

		gather->tables = frame->owner[0];
		frame_free(frame);
	}
}

static void invalidate(struct tlb_gather *gather)
{
	if (gather->everything)
		tlb_invalidate(gather->space, 0, TLB_EVERYTHING, 0, true);
	else if (gather->first <= gather->last)
		tlb_invalidate(gather->space, gather->first, gather->last - gather->first + 1,
			       gather->level, gather->lost_tables);
}

void tlb_gather_flush(struct tlb_gather *gather)
{
	invalidate(gather);
	release(gather);
	tlb_gather_begin(gather, gather->space, gather->puts_frames);
}

void tlb_gather_end(struct tlb_gather *gather)
{
	invalidate(gather);
	release(gather);
}
