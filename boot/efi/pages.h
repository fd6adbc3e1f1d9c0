/*
 * Memory and files, as the loader needs them from the firmware. Boot services must still be there,
 * except for reading a struct pages.
 */
#ifndef BOOT_EFI_PAGES_H
#define BOOT_EFI_PAGES_H

#include <efi.h>
#include <stdint.h>

#define PAGES_ANYWHERE UINT64_MAX

/* A run of whole pages of physical memory, which the firmware maps at the same virtual address. */
struct pages {
	EFI_PHYSICAL_ADDRESS base;
	uint64_t size; /* bytes in use; the run is that, rounded up to whole pages; 0: no run */
};

/*
 * size > 0 bytes whose last byte lies at or below limit. Sets *pages on success only. Contents
 * undefined.
 */
EFI_STATUS pages_alloc(struct pages *pages, uint64_t size, EFI_MEMORY_TYPE type, uint64_t limit);

/* As pages_alloc, but at a multiple of alignment, a power of two of at least 4096. */
EFI_STATUS pages_alloc_aligned(struct pages *pages, uint64_t size, EFI_MEMORY_TYPE type,
			       uint64_t limit, uint64_t alignment);

/* Gives the run back and makes *pages the empty one; nothing to do for that. */
void pages_free(struct pages *pages);

/*
 * Reads a whole file into pages of its own. An empty file succeeds with the empty run.
 * EFI_NOT_FOUND: there is no such file; EFI_BAD_BUFFER_SIZE: it ended early; EFI_INVALID_PARAMETER:
 * it is a directory; else what the firmware said.
 */
EFI_STATUS pages_read_file(struct pages *pages, EFI_FILE_HANDLE root, CHAR16 *path);

#endif
