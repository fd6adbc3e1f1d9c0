/*
 * Invalidation on every CPU: the machine's broadcast where there is one, else a call on each other
 * CPU.
 */
#include <arch/mmu.h>
#include <arch/pte.h>
#include <lib/bits.h>
#include <mm/frame.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

/* Statistics: relaxed, they order nothing. */
static uint64_t requests;
static uint64_t ipis;

static void invalidate_here(void *argument)
{
	/* On an interrupted CPU: pairs with tlb_invalidate in mm/tlb.c, which waits for it. */
	tlb_invalidate_local(argument);
}

void tlb_invalidate(struct space *space, uintptr_t address, size_t size, unsigned level,
		    bool tables)
{
	struct tlb_request request = { .address = address,
				       .size = size,
				       .id = TLB_GLOBAL,
				       .level = level,
				       .tables = tables };

	(void)space;
	atomic_fetch_add_relaxed(&requests, (uint64_t)1);
	if (size >> PAGE_LEVEL_SHIFT(level) > tlb_range_pages_max)
		request.size = TLB_EVERYTHING;
	/*
	 * The caller's stores to the tables before the invalidation. Pairs with entry_write in
	 * mm/page_table.c, which made them, and with the walks of every CPU.
	 */
	if (tlb_invalidate_on(cpus_online(), &request))
		return;
	atomic_fetch_add_relaxed(&ipis, on_cpus_immediate(cpus_online(), invalidate_here, &request));
}

void tlb_statistics(struct tlb_statistics *statistics)
{
	*statistics = (struct tlb_statistics){ .requests = atomic_load_relaxed(&requests),
					       .ipis = atomic_load_relaxed(&ipis) };
}

void tlb_gather_begin(struct tlb_gather *gather, struct space *space, bool puts_frames)
{
	*gather = (struct tlb_gather){ .space = space,
				       .puts_frames = puts_frames,
				       .first = UINTPTR_MAX,
				       .level = PAGE_TABLE_LEVELS_MAX };
}

static void note_range(struct tlb_gather *gather, uintptr_t first, uintptr_t last)
{
	gather->first = min(gather->first, first);
	gather->last = max(gather->last, last);
}

void tlb_gather_leaf(struct tlb_gather *gather, uintptr_t address, uint64_t entry, unsigned level,
		     bool unmapped)
{
	note_range(gather, address, address + PAGE_LEVEL_SIZE(level) - 1);
	gather->level = min(gather->level, level);
	gather->pages++;
	if (!unmapped || !gather->puts_frames)
		return;
	if (gather->inline_count == TLB_GATHER_INLINE)
		tlb_gather_flush(gather);
	gather->inline_frames[gather->inline_count++] = frame_of(pte_address(entry));
}

void tlb_gather_table(struct tlb_gather *gather, uint64_t table, uintptr_t first, uintptr_t last)
{
	note_range(gather, first, last);
	gather->lost_tables = true;
	frame_of(table)->owner[0] = gather->tables;
	gather->tables = table;
}

void tlb_gather_flush(struct tlb_gather *gather)
{
	struct space *space = gather->space;
	bool puts_frames = gather->puts_frames;

	if (gather->first <= gather->last)
		tlb_invalidate(space, gather->first, gather->last - gather->first + 1,
			       gather->level < PAGE_TABLE_LEVELS_MAX ? gather->level : 0,
			       gather->lost_tables);
	for (uint64_t i = 0; i < gather->inline_count; i++)
		frame_put(gather->inline_frames[i]);
	while (gather->tables) {
		struct frame *frame = frame_of(gather->tables);

		gather->tables = frame->owner[0];
		frame_free(frame);
	}
	tlb_gather_begin(gather, space, puts_frames);
}

void tlb_gather_end(struct tlb_gather *gather)
{
	tlb_gather_flush(gather);
}
