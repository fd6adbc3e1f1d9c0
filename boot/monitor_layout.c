/*
 * `layout`: the regions of the kernel's address space.
 */
#include <boot/monitor_commands.h>
#include <boot/monitor_text.h>
#include <dev/console.h>
#include <mm/kspace.h>

bool monitor_layout(const struct monitor_arguments *arguments)
{
	struct kspace_statistics pieces;

	if (arguments->count != 0)
		return false;
	console_print("%-18s  %-18s  %12s  %s\n", "first byte", "last byte", "size", "region");
	for (size_t i = 0; i < kspace_region_count; i++) {
		struct kspace_region region;
		char size[16];

		kspace_region(i, &region);
		monitor_format_bytes(size, sizeof(size), region.last - region.first + 1);
		console_print("0x%016lx  0x%016lx  %12s  %s: %s\n", region.first, region.last, size,
			      region.name, region.holds);
	}
	kspace_statistics(&pieces);
	console_print(
		"kernel space: %llu pieces with %llu pages; %llu freed and waiting with %llu; "
		"%llu flushes\n",
		(unsigned long long)(pieces.pieces - pieces.lazy_pieces),
		(unsigned long long)pieces.pages, (unsigned long long)pieces.lazy_pieces,
		(unsigned long long)pieces.lazy_pages, (unsigned long long)pieces.flushes);
	return true;
}
