#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/slab.h>
#include <tests/kernel/balance.h>

uint64_t balance_frames_free(void)
{
	struct frame_statistics statistics;

	kspace_flush();
	slab_flush();
	frame_statistics(&statistics);
	return statistics.free;
}
