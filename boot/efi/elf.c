/*
 * Checks and lays out the kernel's ELF file (System V ABI, chapters 4 and 5).
 *
 * Segments must stand in ascending order without overlap, as the ABI asks, so one running end
 * address is all the bookkeeping. The whole image becomes one contiguous block: the kernel is
 * linked to run at any physical page as long as its segments keep their distances, and p_paddr,
 * which QEMU's -kernel obeys, is not looked at.
 */
#include <boot/efi/elf.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <stdbool.h>

#define ELF_CLASS_64 2
#define ELF_DATA_LITTLE_ENDIAN 1
#define ELF_VERSION_CURRENT 1
#define ELF_TYPE_EXECUTABLE 2
#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_EXECUTE 1

/* A kernel has a handful; this also keeps PN_XNUM (0xffff), the escape for more, out. */
#define ELF_SEGMENTS_MAX 64

struct elf_header {
	uint8_t magic[4];
	uint8_t class;
	uint8_t data;
	uint8_t ident_version;
	uint8_t ident_rest[9];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t program_headers;
	uint64_t section_headers;
	uint32_t flags;
	uint16_t header_size;
	uint16_t program_header_size;
	uint16_t program_header_count;
	uint16_t section_header_size;
	uint16_t section_header_count;
	uint16_t section_names;
};

struct elf_program_header {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t virtual_address;
	uint64_t physical_address;
	uint64_t file_size;
	uint64_t memory_size;
	uint64_t alignment;
};

_Static_assert(sizeof(struct elf_header) == 64, "the ABI's layout");
_Static_assert(sizeof(struct elf_program_header) == 56, "the ABI's layout");

/* What the walk over the segments has found so far; addresses are virtual. */
struct elf_extent {
	uint64_t first;
	uint64_t end;
	bool any;
	bool entry_found;
};

static const char *elf_header_problem(const struct elf_header *header, size_t size,
				      uint16_t machine)
{
	static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

	for (size_t i = 0; i < sizeof(magic); i++)
		if (header->magic[i] != magic[i])
			return "it is not an ELF file";
	if (header->class != ELF_CLASS_64)
		return "it is not a 64-bit ELF file";
	if (header->data != ELF_DATA_LITTLE_ENDIAN)
		return "it is not a little-endian ELF file";
	if (header->ident_version != ELF_VERSION_CURRENT || header->version != ELF_VERSION_CURRENT)
		return "its ELF version is not 1";
	if (header->type != ELF_TYPE_EXECUTABLE)
		return "it is not an executable (ET_EXEC)";
	if (header->machine != machine)
		return "it was built for another machine";
	if (header->header_size != sizeof(struct elf_header))
		return "its ELF header has a wrong size";
	if (header->program_header_size != sizeof(struct elf_program_header))
		return "its program headers have a wrong size";
	if (header->program_header_count == 0 || header->program_header_count > ELF_SEGMENTS_MAX)
		return "it has no program headers, or absurdly many";
	if (header->program_headers > size ||
	    size - header->program_headers <
		    header->program_header_count * sizeof(struct elf_program_header))
		return "its program headers lie beyond the end of the file (is it truncated?)";
	return NULL;
}

static void elf_read_segment(const uint8_t *file, const struct elf_header *header, unsigned index,
			     struct elf_program_header *segment)
{
	memcpy(segment, file + header->program_headers + index * sizeof(*segment),
	       sizeof(*segment));
}

/* Nothing to load: neither bytes nor cleared memory. */
static bool elf_segment_is_empty(const struct elf_program_header *segment)
{
	return segment->type != ELF_SEGMENT_LOAD || segment->memory_size == 0;
}

static const char *elf_segment_problem(const struct elf_program_header *segment, size_t size,
				       const struct elf_extent *extent)
{
	if (segment->file_size > segment->memory_size)
		return "a segment has more bytes in the file than in memory";
	if (segment->offset > size || size - segment->offset < segment->file_size)
		return "a segment lies beyond the end of the file (is it truncated?)";
	if (segment->memory_size > ELF_IMAGE_SIZE_MAX)
		return "a segment is absurdly large";
	/* The last page of the address space stays out, so that rounding the end up cannot wrap. */
	if (segment->virtual_address > UINT64_MAX - ELF_PAGE_SIZE - segment->memory_size)
		return "a segment runs past the end of the address space";
	if (extent->any && segment->virtual_address < extent->end)
		return "its segments overlap or are not in ascending order";
	if (!extent->any && segment->virtual_address % ELF_PAGE_SIZE != 0)
		return "its first segment does not begin at a page";
	return NULL;
}

static void elf_extent_add(struct elf_extent *extent, const struct elf_program_header *segment,
			   uint64_t entry)
{
	if (!extent->any)
		extent->first = segment->virtual_address;
	extent->any = true;
	extent->end = segment->virtual_address + segment->memory_size;
	if ((segment->flags & ELF_SEGMENT_EXECUTE) != 0 && entry >= segment->virtual_address &&
	    entry - segment->virtual_address < segment->file_size)
		extent->entry_found = true;
}

static const char *elf_segments_problem(const uint8_t *file, size_t size,
					const struct elf_header *header, struct elf_extent *extent)
{
	for (unsigned i = 0; i < header->program_header_count; i++) {
		struct elf_program_header segment;
		const char *problem;

		elf_read_segment(file, header, i, &segment);
		if (elf_segment_is_empty(&segment))
			continue;
		problem = elf_segment_problem(&segment, size, extent);
		if (problem != NULL)
			return problem;
		elf_extent_add(extent, &segment, header->entry);
	}
	if (!extent->any)
		return "it has nothing to load";
	if (extent->end - extent->first > ELF_IMAGE_SIZE_MAX)
		return "its segments lie absurdly far apart";
	if (!extent->entry_found)
		return "its entry point lies outside its code";
	return NULL;
}

int elf_check(const void *file, size_t size, uint16_t machine, struct elf_image *image,
	      const char **problem)
{
	struct elf_header header;
	struct elf_extent extent = { 0 };

	if (size < sizeof(header)) {
		*problem = "it is too short for an ELF file";
		return -EINVAL;
	}
	memcpy(&header, file, sizeof(header));
	*problem = elf_header_problem(&header, size, machine);
	if (*problem == NULL)
		*problem = elf_segments_problem(file, size, &header, &extent);
	if (*problem != NULL)
		return -EINVAL;

	image->link_base = extent.first;
	image->size = (extent.end - extent.first + ELF_PAGE_SIZE - 1) &
		      ~(uint64_t)(ELF_PAGE_SIZE - 1);
	image->entry_offset = header.entry - extent.first;
	return 0;
}

void elf_load(const void *file, const struct elf_image *image, void *memory)
{
	struct elf_header header;
	uint8_t *to = memory;
	uint64_t filled = 0;

	memcpy(&header, file, sizeof(header));
	for (unsigned i = 0; i < header.program_header_count; i++) {
		struct elf_program_header segment;
		uint64_t start;

		elf_read_segment(file, &header, i, &segment);
		if (elf_segment_is_empty(&segment))
			continue;
		start = segment.virtual_address - image->link_base;
		memset(to + filled, 0, start - filled);
		memcpy(to + start, (const uint8_t *)file + segment.offset, segment.file_size);
		filled = start + segment.file_size;
	}
	memset(to + filled, 0, image->size - filled);
}
