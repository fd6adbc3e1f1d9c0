/*
 * The regions of the kernel's address space, as mm/layout.h draws them, with this machine's
 * numbers.
 */
#include <lib/image.h>
#include <lib/panic.h>
#include <mm/kspace.h>
#include <mm/layout.h>

enum region {
	REGION_USER,
	REGION_DIRECT_MAP,
	REGION_FRAME_MAP,
	REGION_KSPACE,
	REGION_IMAGE,
	REGIONS
};

const size_t kspace_region_count = REGIONS;

/* By rising address: with Sv39 the frame map lies behind kernel space. */
static enum region region_at(size_t index)
{
	if (FRAME_MAP_BASE > KSPACE_BASE && (index == REGION_FRAME_MAP || index == REGION_KSPACE))
		return index == REGION_FRAME_MAP ? REGION_KSPACE : REGION_FRAME_MAP;
	return (enum region)index;
}

static void set_region(struct kspace_region *region, const char *name, uintptr_t first,
		       uint64_t size, const char *holds)
{
	*region = (struct kspace_region){ name, first, first + size - 1, holds };
}

void kspace_region(size_t index, struct kspace_region *region)
{
	uint64_t records = DIRECT_MAP_SIZE / PAGE_SIZE * sizeof(struct frame);

	BUG_ON(index >= REGIONS);
	switch (region_at(index)) {
	case REGION_USER:
		set_region(region, "lower half", 0, 1UL << (PAGE_LEVEL_SHIFT(pte_levels()) - 1),
			   "user addresses; page zero never");
		break;
	case REGION_DIRECT_MAP:
		set_region(region, "direct map", DIRECT_MAP_BASE, DIRECT_MAP_SIZE,
			   "physical memory");
		break;
	case REGION_FRAME_MAP:
		set_region(region, "frame map", FRAME_MAP_BASE, records,
			   "a record for each frame, where there is memory");
		break;
	case REGION_KSPACE:
		set_region(region, "kernel space", KSPACE_BASE, KSPACE_END - KSPACE_BASE,
			   "stacks, buffers, device registers");
		break;
	default:
		set_region(region, "kernel image", KERNEL_IMAGE_BASE, -KERNEL_IMAGE_BASE,
			   "text, constants, data");
		break;
	}
}

size_t kspace_region_of(uintptr_t address)
{
	for (size_t i = 0; i < REGIONS; i++) {
		struct kspace_region region;

		kspace_region(i, &region);
		if (address >= region.first && address <= region.last)
			return i;
	}
	return REGIONS;
}
