/* sources: boot/direct/pvh.c tests/host/physical.c */
/*
 * Any memory as a PVH start info. The input is a memory image (physical.h) with the start info as
 * its root.
 */
#include "physical.h"
#include <boot/direct/pvh.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info info;
	const char *reason = NULL;
	uint32_t usable = 0;
	int error;

	physical_reset();
	memset(&info, 0, sizeof(info));
	error = pvh_read(physical_add_image(data, size), physical_map, &info, &reason);
	require(info.memory_range_count <= BOOT_MEMORY_RANGES_MAX);
	for (uint32_t i = 0; i < info.memory_range_count; i++) {
		require(info.memory[i].size <= UINT64_MAX - info.memory[i].base);
		usable += info.memory[i].kind == MEMORY_USABLE;
	}
	require(error ? reason != NULL : usable > 0);
	require(memchr(info.command_line, 0, sizeof(info.command_line)) != NULL);
	require(info.ramdisk.size <= UINT64_MAX - info.ramdisk.base);
	return 0;
}
