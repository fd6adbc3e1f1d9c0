/* sources: boot/efi/elf.c lib/random.c */
/*
 * The loader's reader of ELF files: a good kernel is laid out byte for byte, and a damaged or cut
 * one is refused, for its reason, without a read outside of it. Files stand in allocations of just
 * their size, so AddressSanitizer watches.
 */
#include "host.h"
#include <boot/efi/elf.h>
#include <errno.h>
#include <lib/random.h>
#include <stdlib.h>
#include <string.h>

#define LINK_BASE 0xffffffff80000000ULL
#define TEXT_OFFSET 0x100
#define TEXT_SIZE 0x50
#define DATA_OFFSET 0x180
#define DATA_SIZE 0x20
#define DATA_ADDRESS (LINK_BASE + 0x1008) /* not at a page: only the first segment has to be */
#define DATA_MEMORY 0x2345
#define FILE_SIZE (DATA_OFFSET + DATA_SIZE)
#define ENTRY (LINK_BASE + 0x10)

/* Offsets in the file: the header's fields, and those of a program header. */
#define PROGRAM_HEADERS 64
#define SEGMENT(index, field) (PROGRAM_HEADERS + (index)*56 + (field))
#define NOTE 0
#define TEXT 1
#define DATA 2
#define P_TYPE 0
#define P_FLAGS 4
#define P_OFFSET 8
#define P_ADDRESS 16
#define P_FILE_SIZE 32
#define P_MEMORY_SIZE 40

/* Little-endian, as the file is; the tests' hosts are too. */
static void put(uint8_t *file, size_t offset, uint64_t value, size_t width)
{
	memcpy(file + offset, &value, width);
}

static void put_segment(uint8_t *file, unsigned index, uint32_t type, uint32_t flags,
			const uint64_t fields[4])
{
	put(file, SEGMENT(index, P_TYPE), type, 4);
	put(file, SEGMENT(index, P_FLAGS), flags, 4);
	put(file, SEGMENT(index, P_OFFSET), fields[0], 8);
	put(file, SEGMENT(index, P_ADDRESS), fields[1], 8);
	put(file, SEGMENT(index, P_FILE_SIZE), fields[2], 8);
	put(file, SEGMENT(index, P_MEMORY_SIZE), fields[3], 8);
}

/*
 * A kernel of a note, which is not loaded, a text segment and a data segment with bss. The caller
 * frees it.
 */
static uint8_t *make_kernel(void)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	uint8_t *file = calloc(1, FILE_SIZE);

	memcpy(file, ident, sizeof(ident));
	put(file, 16, 2, 2);
	put(file, 18, ELF_MACHINE_X86_64, 2);
	put(file, 20, 1, 4);
	put(file, 24, ENTRY, 8);
	put(file, 32, PROGRAM_HEADERS, 8);
	put(file, 52, 64, 2);
	put(file, 54, 56, 2);
	put(file, 56, 3, 2);
	put_segment(file, NOTE, 4, 4, (const uint64_t[4]){ UINT64_MAX, 0, UINT64_MAX, 1 });
	put_segment(file, TEXT, 1, 5,
		    (const uint64_t[4]){ TEXT_OFFSET, LINK_BASE, TEXT_SIZE, TEXT_SIZE });
	put_segment(file, DATA, 1, 6,
		    (const uint64_t[4]){ DATA_OFFSET, DATA_ADDRESS, DATA_SIZE, DATA_MEMORY });
	memset(file + TEXT_OFFSET, 0xaa, TEXT_SIZE);
	memset(file + DATA_OFFSET, 0xbb, DATA_SIZE);
	return file;
}

/* The problem that elf_check() names, or NULL when it accepts the file. */
static const char *problem_of(const uint8_t *file, size_t size, struct elf_image *image)
{
	const char *problem = NULL;
	int result = elf_check(file, size, ELF_MACHINE_X86_64, image, &problem);

	CHECK_EQ(result, problem == NULL ? 0 : -EINVAL);
	return problem;
}

/*
 * Checks that a kernel with width bytes at offset replaced by value is refused with a problem that
 * contains text.
 */
static void check_refused(size_t offset, uint64_t value, size_t width, const char *text)
{
	struct elf_image image;
	uint8_t *file = make_kernel();
	const char *problem;

	put(file, offset, value, width);
	problem = problem_of(file, FILE_SIZE, &image);
	CHECK(problem != NULL);
	if (problem != NULL && strstr(problem, text) == NULL)
		CHECK_STR_EQ(problem, text);
	free(file);
}

static bool all_bytes_are(const uint8_t *bytes, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

HOST_TEST(describes_good_kernel)
{
	struct elf_image image = { 0 };
	uint8_t *file = make_kernel();

	CHECK(problem_of(file, FILE_SIZE, &image) == NULL);
	CHECK_EQ(image.link_base, LINK_BASE);
	CHECK_EQ(image.entry_offset, 0x10);
	CHECK_EQ(image.size, 0x4000);
	free(file);
}

HOST_TEST(loads_segments_and_clears_the_rest)
{
	const size_t data = DATA_ADDRESS - LINK_BASE;
	struct elf_image image;
	uint8_t *file = make_kernel();
	uint8_t *memory;

	REQUIRE(problem_of(file, FILE_SIZE, &image) == NULL);
	memory = malloc(image.size);
	memset(memory, 0xcc, image.size);
	elf_load(file, &image, memory);
	CHECK(all_bytes_are(memory, TEXT_SIZE, 0xaa));
	CHECK(all_bytes_are(memory + TEXT_SIZE, data - TEXT_SIZE, 0));
	CHECK(all_bytes_are(memory + data, DATA_SIZE, 0xbb));
	CHECK(all_bytes_are(memory + data + DATA_SIZE, image.size - data - DATA_SIZE, 0));
	free(memory);
	free(file);
}

HOST_TEST(reads_unaligned_file)
{
	struct elf_image image;
	uint8_t *file = make_kernel();
	uint8_t *shifted = malloc(FILE_SIZE + 1);

	memcpy(shifted + 1, file, FILE_SIZE);
	CHECK(problem_of(shifted + 1, FILE_SIZE, &image) == NULL);
	free(shifted);
	free(file);
}

HOST_TEST(refuses_each_wrong_header_field)
{
	for (size_t i = 0; i < 4; i++)
		check_refused(i, 0, 1, "not an ELF file");
	check_refused(4, 1, 1, "64-bit");
	check_refused(5, 2, 1, "little-endian");
	check_refused(6, 0, 1, "version");
	check_refused(16, 3, 2, "ET_EXEC");
	check_refused(18, ELF_MACHINE_AARCH64, 2, "another machine");
	check_refused(20, 2, 4, "version");
	check_refused(32, FILE_SIZE + 1, 8, "program headers lie beyond");
	check_refused(32, UINT64_MAX, 8, "program headers lie beyond");
	check_refused(32, FILE_SIZE - 3 * 56 + 1, 8, "program headers lie beyond");
	check_refused(52, 63, 2, "ELF header has a wrong size");
	check_refused(54, 32, 2, "program headers have a wrong size");
	check_refused(56, 0, 2, "absurdly many");
	check_refused(56, 0xffff, 2, "absurdly many");
}

HOST_TEST(refuses_entry_outside_code)
{
	check_refused(24, 0, 8, "entry point");
	check_refused(24, LINK_BASE - 1, 8, "entry point");
	check_refused(24, LINK_BASE + TEXT_SIZE, 8, "entry point");
	check_refused(24, DATA_ADDRESS, 8, "entry point");
	check_refused(24, UINT64_MAX, 8, "entry point");
	check_refused(SEGMENT(TEXT, P_FLAGS), 6, 4, "entry point");
}

HOST_TEST(refuses_each_wrong_segment_field)
{
	check_refused(SEGMENT(TEXT, P_OFFSET), FILE_SIZE, 8, "beyond the end of the file");
	check_refused(SEGMENT(TEXT, P_OFFSET), UINT64_MAX, 8, "beyond the end of the file");
	check_refused(SEGMENT(DATA, P_OFFSET), DATA_OFFSET + 1, 8, "beyond the end of the file");
	check_refused(SEGMENT(DATA, P_FILE_SIZE), DATA_SIZE + 1, 8, "beyond the end of the file");
	check_refused(SEGMENT(DATA, P_FILE_SIZE), DATA_MEMORY + 1, 8, "more bytes in the file");
	check_refused(SEGMENT(TEXT, P_MEMORY_SIZE), TEXT_SIZE - 1, 8, "more bytes in the file");
	check_refused(SEGMENT(DATA, P_MEMORY_SIZE), ELF_IMAGE_SIZE_MAX + 1, 8, "absurdly large");
	check_refused(SEGMENT(DATA, P_MEMORY_SIZE), UINT64_MAX, 8, "absurdly large");
	check_refused(SEGMENT(DATA, P_MEMORY_SIZE), ELF_IMAGE_SIZE_MAX, 8, "absurdly far apart");
	check_refused(SEGMENT(TEXT, P_ADDRESS), LINK_BASE + 8, 8, "begin at a page");
	check_refused(SEGMENT(TEXT, P_ADDRESS), 0x1000, 8, "absurdly far apart");
	check_refused(SEGMENT(TEXT, P_ADDRESS), UINT64_MAX & ~0xfffULL, 8,
		      "end of the address space");
	check_refused(SEGMENT(DATA, P_ADDRESS), UINT64_MAX, 8, "end of the address space");
	check_refused(SEGMENT(DATA, P_ADDRESS), LINK_BASE + TEXT_SIZE - 1, 8, "overlap");
	check_refused(SEGMENT(DATA, P_ADDRESS), LINK_BASE - 0x100000, 8, "ascending");
}

HOST_TEST(refuses_file_with_nothing_to_load)
{
	struct elf_image image;
	uint8_t *file = make_kernel();

	put(file, SEGMENT(TEXT, P_TYPE), 4, 4);
	put(file, SEGMENT(DATA, P_MEMORY_SIZE), 0, 8);
	CHECK_STR_EQ(problem_of(file, FILE_SIZE, &image), "it has nothing to load");
	free(file);
}

HOST_TEST(refuses_file_cut_anywhere)
{
	uint8_t *file = make_kernel();

	for (size_t size = 0; size < FILE_SIZE; size++) {
		struct elf_image image;
		uint8_t *cut = malloc(size);

		if (size > 0)
			memcpy(cut, file, size);
		CHECK(problem_of(cut, size, &image) != NULL);
		free(cut);
	}
	free(file);
}

HOST_TEST(survives_random_damage)
{
	struct random random;
	unsigned accepted = 0;

	random_seed(&random, 1);
	for (unsigned round = 0; round < 20000; round++) {
		struct elf_image image;
		uint8_t *file = make_kernel();

		for (unsigned damage = 0; damage < 3; damage++)
			file[random_below(&random, SEGMENT(3, 0))] = (uint8_t)random_u64(&random);
		if (problem_of(file, FILE_SIZE, &image) == NULL && image.size < 1 << 20) {
			uint8_t *memory = malloc(image.size);

			elf_load(file, &image, memory);
			CHECK(image.entry_offset < image.size);
			free(memory);
			accepted++;
		}
		free(file);
	}
	CHECK(accepted > 100);
}
