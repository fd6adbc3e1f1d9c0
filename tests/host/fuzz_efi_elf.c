/* sources: boot/efi/elf.c */
/*
 * Whatever the loader's reader of ELF files accepts can be loaded: no access outside the file or
 * the image. An odd first byte asks for a sound ELF header over the input, so that the fuzzer comes
 * to the segments at once.
 */
#include <boot/efi/elf.h>
#include <stdlib.h>
#include <string.h>

/* Larger images are checked, but not loaded: they would only fill memory with zeroes. */
#define LOAD_SIZE_MAX (4U << 20)
#define HEADER_SIZE 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_header_sound(uint8_t *file)
{
	static const uint8_t start[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1,  0, 0, 0, 0, 0,
					 0,    0,   0,   0,   2, 0, 62, 0, 1, 0, 0, 0 };

	memcpy(file, start, sizeof(start));
	memset(file + 32, 0, 8);
	file[32] = HEADER_SIZE;
	file[52] = HEADER_SIZE;
	file[53] = 0;
	file[54] = 56;
	file[55] = 0;
	file[56] = 1 + file[56] % 4;
	file[57] = 0;
}

static void check_and_load(const uint8_t *file, size_t size, uint16_t machine)
{
	const char *problem = NULL;
	struct elf_image image;
	uint8_t *memory;

	if (elf_check(file, size, machine, &image, &problem) != 0) {
		if (problem == NULL)
			abort();
		return;
	}
	if (image.size == 0 || image.size % ELF_PAGE_SIZE != 0 || image.entry_offset >= image.size)
		abort();
	if (image.size > LOAD_SIZE_MAX)
		return;
	memory = malloc(image.size);
	elf_load(file, &image, memory);
	free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file;

	if (size == 0)
		return 0;
	file = malloc(size - 1);
	memcpy(file, data + 1, size - 1);
	if (data[0] % 2 == 1 && size - 1 >= HEADER_SIZE)
		make_header_sound(file);
	check_and_load(file, size - 1, ELF_MACHINE_X86_64);
	check_and_load(file, size - 1, ELF_MACHINE_AARCH64);
	free(file);
	return 0;
}
