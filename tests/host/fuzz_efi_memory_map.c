/* sources: boot/efi/memory_map.c */
/*
 * Whatever map the firmware gives, the kernel's is sorted, free of overlaps, merged and within its
 * bounds, and the loader's own pages keep the kind that they were given. The first byte is the
 * distance between descriptors.
 */
#include <boot/efi/memory_map.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096ULL
#define KERNEL_BASE 0x200000ULL
#define KERNEL_SIZE 0x180000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_map(const struct boot_info *info)
{
	if (info->memory_range_count > BOOT_MEMORY_RANGES_MAX)
		abort();
	for (uint32_t i = 0; i < info->memory_range_count; i++) {
		const struct memory_range *range = &info->memory[i];
		uint64_t end = range->base + range->size;

		if (end <= range->base || (range->base | range->size) % PAGE != 0 ||
		    range->kind == 0)
			abort();
		if (i + 1 == info->memory_range_count)
			return;
		if (range[1].base < end || (range[1].base == end && range[1].kind == range->kind))
			abort();
	}
}

static void check_kernel(const struct boot_info *info)
{
	for (uint32_t i = 0; i < info->memory_range_count; i++)
		if (info->memory[i].kind == MEMORY_KERNEL) {
			if (info->memory[i].base != KERNEL_BASE ||
			    info->memory[i].size != KERNEL_SIZE)
				abort();
			return;
		}
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info info;
	uint8_t *map;

	if (size == 0)
		return 0;
	map = malloc(size - 1);
	memcpy(map, data + 1, size - 1);
	memory_map_convert(&info, map, size - 1, data[0]);
	check_map(&info);
	memory_map_set(&info, KERNEL_BASE, KERNEL_SIZE, MEMORY_KERNEL);
	check_map(&info);
	check_kernel(&info);
	free(map);
	return 0;
}
