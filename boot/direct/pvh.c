/*
 * The start info of the PVH boot protocol (Xen, public/arch-x86/hvm/start_info.h, versions 0 and
 * 1).
 *
 * Runs once, on the boot CPU, on input that is not trusted: nothing is read outside the bytes that
 * map() returned.
 */
#include <boot/direct/pvh.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <stdbool.h>
#include <stddef.h>

#define START_INFO_MAGIC 0x336ec578U
/*
 * A command line is mapped in pieces that end at multiples of this, because its length is not
 * known.
 */
#define COMMAND_LINE_PIECE 4096U
/* More entries than this are not looked at; a PC has about ten. */
#define MEMORY_ENTRIES_MAX 4096U

/*
 * Little-endian and without padding, as in memory; read through map(), so possibly unaligned:
 * packed.
 */
struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
} __attribute__((packed));
_Static_assert(sizeof(struct start_info) == 40, "layout of version 0");

/* What version 1 appends. */
struct start_info_memory {
	uint64_t entries;
	uint32_t entry_count;
	uint32_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct start_info_memory) == 16, "layout of version 1");

struct start_info_module {
	uint64_t base;
	uint64_t size;
	uint64_t command_line;
	uint64_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct start_info_module) == 32, "layout");

struct start_info_range {
	uint64_t base;
	uint64_t size;
	uint32_t type; /* ACPI Specification 6.5, table 15.2 */
	uint32_t reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct start_info_range) == 24, "layout");

enum address_range_type { RANGE_MEMORY = 1, RANGE_ACPI = 3 };

static int pvh_fail(const char **reason, const char *text)
{
	*reason = text;
	return -EINVAL;
}

static bool append_range(struct boot_info *info, uint64_t base, uint64_t size, uint32_t kind)
{
	if (info->memory_range_count >= BOOT_MEMORY_RANGES_MAX)
		return false;
	info->memory[info->memory_range_count++] = (struct memory_range){ .base = base,
									  .size = size,
									  .kind = kind };
	return true;
}

static uint32_t kind_of_type(uint32_t type)
{
	if (type == RANGE_MEMORY)
		return MEMORY_USABLE;
	return type == RANGE_ACPI ? MEMORY_ACPI : MEMORY_RESERVED;
}

/*
 * Appends the usable ranges, or all others. Empty ones and those that wrap around are left out,
 * except that a wrapping range which is not usable is kept up to the end of the address space.
 * False when one found no place.
 */
static bool append_ranges(struct boot_info *info, const struct start_info_range *ranges,
			  uint32_t count, bool usable)
{
	bool all = true;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t kind = kind_of_type(ranges[i].type);
		uint64_t base = ranges[i].base;
		uint64_t size = ranges[i].size;

		if ((kind == MEMORY_USABLE) != usable || size == 0)
			continue;
		if (size > UINT64_MAX - base) {
			log_print(LOG_WARNING, "PVH: memory range at %#llx wraps around",
				  (unsigned long long)base);
			if (usable)
				continue;
			size = UINT64_MAX - base;
		}
		if (append_range(info, base, size, kind))
			continue;
		info->memory_ranges_dropped++;
		all = false;
	}
	return all;
}

/*
 * What we take for granted when nobody says: conventional memory, and extended memory up to 32 MiB.
 */
static void assume_memory(struct boot_info *info)
{
	log_print(LOG_WARNING, "PVH: start info of version 0 has no memory map: assuming 32 MiB");
	append_range(info, 0, 0x9f000, MEMORY_USABLE);
	append_range(info, 0x100000, 0x1f00000, MEMORY_USABLE);
}

static int read_memory(uint64_t start_info, const void *(*map)(uint64_t physical, uint64_t size),
		       struct boot_info *info, const char **reason)
{
	const struct start_info_memory *memory = map(start_info + sizeof(struct start_info),
						     sizeof(*memory));
	const struct start_info_range *ranges;
	uint32_t before;
	uint32_t count;

	if (!memory)
		return pvh_fail(reason, "the memory map's place cannot be read");
	count = memory->entry_count;
	if (count == 0 || count > MEMORY_ENTRIES_MAX)
		return pvh_fail(reason, "the memory map has no entries, or more than 4096");
	ranges = map(memory->entries, count * sizeof(*ranges));
	if (!ranges)
		return pvh_fail(reason, "the memory map cannot be read");
	if (!append_ranges(info, ranges, count, false))
		return pvh_fail(reason, "the memory map has more reserved ranges than fit");
	before = info->memory_range_count;
	append_ranges(info, ranges, count, true);
	return info->memory_range_count > before
		       ? 0
		       : pvh_fail(reason, "the memory map has no usable range");
}

static void read_command_line(uint64_t physical,
			      const void *(*map)(uint64_t physical, uint64_t size),
			      struct boot_info *info)
{
	uint32_t length = 0;

	while (length < BOOT_COMMAND_LINE_MAX - 1) {
		uint32_t piece = COMMAND_LINE_PIECE - (uint32_t)(physical % COMMAND_LINE_PIECE);
		const char *text;

		if (piece > BOOT_COMMAND_LINE_MAX - 1 - length)
			piece = BOOT_COMMAND_LINE_MAX - 1 - length;
		text = map(physical, piece);
		if (!text) {
			log_print(LOG_WARNING,
				  "PVH: the command line cannot be read past %u characters",
				  length);
			break;
		}
		for (uint32_t i = 0; i < piece; i++, length++) {
			if (text[i] == '\0') {
				info->command_line[length] = '\0';
				return;
			}
			info->command_line[length] = text[i];
		}
		physical += piece;
	}
	info->command_line[length] = '\0';
	if (length == BOOT_COMMAND_LINE_MAX - 1)
		log_print(LOG_WARNING, "PVH: command line cut to %u characters", length);
}

static void read_ramdisk(const struct start_info *start,
			 const void *(*map)(uint64_t physical, uint64_t size),
			 struct boot_info *info)
{
	const struct start_info_module *module = map(start->modules, sizeof(*module));

	if (!module || module->size == 0 || module->size > UINT64_MAX - module->base) {
		log_print(LOG_WARNING, "PVH: the first module makes no sense: no ramdisk");
		return;
	}
	info->ramdisk.base = module->base;
	info->ramdisk.size = module->size;
	if (start->module_count > 1)
		log_print(LOG_WARNING, "PVH: %u modules behind the first are ignored",
			  start->module_count - 1);
}

int pvh_read(uint64_t start_info, const void *(*map)(uint64_t physical, uint64_t size),
	     struct boot_info *info, const char **reason)
{
	const struct start_info *start = map(start_info, sizeof(*start));

	if (!start)
		return pvh_fail(reason, "the start info cannot be read");
	if (start->magic != START_INFO_MAGIC)
		return pvh_fail(reason, "the start info has a wrong magic number");
	info->acpi_rsdp = start->rsdp;
	if (start->command_line != 0)
		read_command_line(start->command_line, map, info);
	if (start->module_count > 0)
		read_ramdisk(start, map, info);
	if (start->version == 0) {
		assume_memory(info);
		return 0;
	}
	return read_memory(start_info, map, info, reason);
}
