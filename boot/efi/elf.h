/*
 * The kernel's ELF file, for the UEFI loader: checking it, and laying it out in memory.
 *
 * Bytes in, bytes out: nothing here knows UEFI, so the host's tests and fuzzers run the very same
 * code. The file is not trusted: whatever elf_check() accepts, elf_load() can copy without leaving
 * the file or the image.
 */
#ifndef BOOT_EFI_ELF_H
#define BOOT_EFI_ELF_H

#include <stddef.h>
#include <stdint.h>

#define ELF_PAGE_SIZE 4096U

/* More than this is no kernel of ours but a damaged size. */
#define ELF_IMAGE_SIZE_MAX (256ULL << 20)

/* System V ABI, chapter 4, and its processor supplements: e_machine. */
#define ELF_MACHINE_X86_64 62
#define ELF_MACHINE_AARCH64 183

/* What the loader has to know of an executable; every offset counts from the image's first byte. */
struct elf_image {
	uint64_t link_base;    /* the lowest virtual address, page-aligned */
	uint64_t size;         /* bytes of memory from there on, bss included: whole pages */
	uint64_t entry_offset; /* lies in an executable segment, in bytes that the file holds */
};

/*
 * Checks an ELF64 little-endian ET_EXEC file of the given machine and describes its image. Returns
 * 0, or -EINVAL with *problem set to a sentence for people; *image is then untouched. The file may
 * stand at any alignment.
 */
int elf_check(const void *file, size_t size, uint16_t machine, struct elf_image *image,
	      const char **problem);

/*
 * Copies the segments of a file that elf_check() accepted to memory (image->size bytes) and clears
 * everything between and behind them.
 */
void elf_load(const void *file, const struct elf_image *image, void *memory);

#endif
