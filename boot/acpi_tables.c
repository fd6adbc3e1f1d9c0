/*
 * From the root pointer to a table whose checksum is right (ACPI Specification 6.5, 5.2.5
 * to 5.2.8).
 *
 * Runs once, on the boot CPU, on input that is not trusted. Invariant: nothing is read outside the
 * bytes that map() returned, and a struct acpi_table never claims more bytes than were mapped for
 * it.
 */
#include <boot/acpi_tables.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <lib/string.h>

#define ACPI_HEADER_SIZE 36U
/* Bounds for what a damaged length or list makes us do; real tables stay far below. */
#define ACPI_TABLE_MAX (4U << 20)
#define ACPI_TABLES_MAX 256U

/* 5.2.5.3: the root pointer of ACPI 1.0 is 20 bytes long, later ones carry their length. */
#define RSDP_SIZE_V0 20U
#define RSDP_SIZE_V2 36U
#define RSDP_SIZE_MAX 4096U

static uint64_t read_little_endian(const struct acpi_table *table, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (offset > table->length || size > table->length - offset)
		return 0;
	while (size-- > 0)
		value = value << 8 | table->bytes[offset + size];
	return value;
}

uint8_t acpi_read8(const struct acpi_table *table, uint32_t offset)
{
	return (uint8_t)read_little_endian(table, offset, 1);
}

uint16_t acpi_read16(const struct acpi_table *table, uint32_t offset)
{
	return (uint16_t)read_little_endian(table, offset, 2);
}

uint32_t acpi_read32(const struct acpi_table *table, uint32_t offset)
{
	return (uint32_t)read_little_endian(table, offset, 4);
}

uint64_t acpi_read64(const struct acpi_table *table, uint32_t offset)
{
	return read_little_endian(table, offset, 8);
}

/* All bytes of a structure, its checksum among them, add up to 0. */
static bool checksum_is_right(const uint8_t *bytes, uint32_t size)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

/* Maps [physical, physical + size), unless it wraps around. */
static const uint8_t *map_bytes(const void *(*map)(uint64_t physical, uint64_t size),
				uint64_t physical, uint32_t size)
{
	return physical != 0 && size - 1 <= UINT64_MAX - physical ? map(physical, size) : NULL;
}

bool acpi_open_table(const void *(*map)(uint64_t physical, uint64_t size), uint64_t physical,
		     const char *signature, struct acpi_table *table)
{
	table->length = ACPI_HEADER_SIZE;
	table->bytes = map_bytes(map, physical, ACPI_HEADER_SIZE);
	if (!table->bytes || memcmp(table->bytes, signature, 4) != 0) {
		log_print(LOG_WARNING, "ACPI: no %s at %#llx", signature,
			  (unsigned long long)physical);
		return false;
	}
	table->length = acpi_read32(table, 4);
	if (table->length < ACPI_HEADER_SIZE || table->length > ACPI_TABLE_MAX) {
		log_print(LOG_WARNING, "ACPI: %s at %#llx claims %u bytes: ignored", signature,
			  (unsigned long long)physical, table->length);
		return false;
	}
	table->bytes = map_bytes(map, physical, table->length);
	if (!table->bytes || !checksum_is_right(table->bytes, table->length)) {
		log_print(LOG_WARNING, "ACPI: %s at %#llx %s: ignored", signature,
			  (unsigned long long)physical,
			  table->bytes ? "has a wrong checksum" : "cannot be read");
		return false;
	}
	return true;
}

bool acpi_find_table(const struct acpi_root *root, const char *signature, struct acpi_table *table)
{
	uint32_t entries = (root->list.length - ACPI_HEADER_SIZE) / root->entry_size;

	if (entries > ACPI_TABLES_MAX)
		entries = ACPI_TABLES_MAX;
	for (uint32_t i = 0; i < entries; i++) {
		uint32_t offset = ACPI_HEADER_SIZE + i * root->entry_size;
		uint64_t physical = root->entry_size == 8 ? acpi_read64(&root->list, offset)
							  : acpi_read32(&root->list, offset);
		const uint8_t *header = map_bytes(root->map, physical, ACPI_HEADER_SIZE);

		if (header && memcmp(header, signature, 4) == 0 &&
		    acpi_open_table(root->map, physical, signature, table))
			return true;
	}
	return false;
}

/* Opens the XSDT of a root pointer of revision 2 or later; false when it has none that is sound. */
static bool open_xsdt(struct acpi_root *root, uint64_t rsdp)
{
	struct acpi_table pointer = { .bytes = map_bytes(root->map, rsdp, RSDP_SIZE_V2),
				      .length = RSDP_SIZE_V2 };

	if (!pointer.bytes)
		return false;
	pointer.length = acpi_read32(&pointer, 20);
	if (pointer.length < RSDP_SIZE_V2 || pointer.length > RSDP_SIZE_MAX)
		return false;
	pointer.bytes = map_bytes(root->map, rsdp, pointer.length);
	if (!pointer.bytes || !checksum_is_right(pointer.bytes, pointer.length))
		return false;
	root->entry_size = 8;
	return acpi_open_table(root->map, acpi_read64(&pointer, 24), "XSDT", &root->list);
}

int acpi_open_root(struct acpi_root *root, uint64_t rsdp,
		   const void *(*map)(uint64_t physical, uint64_t size), const char **reason)
{
	struct acpi_table pointer = { .bytes = map_bytes(map, rsdp, RSDP_SIZE_V0),
				      .length = RSDP_SIZE_V0 };
	uint8_t revision;

	root->map = map;
	*reason = NULL;
	if (!pointer.bytes)
		*reason = "the root pointer cannot be read";
	else if (memcmp(pointer.bytes, "RSD PTR ", 8) != 0)
		*reason = "the root pointer has a wrong signature";
	else if (!checksum_is_right(pointer.bytes, RSDP_SIZE_V0))
		*reason = "the root pointer has a wrong checksum";
	if (*reason)
		return -EINVAL;
	revision = acpi_read8(&pointer, 15);
	if (revision >= 2) {
		if (open_xsdt(root, rsdp))
			return 0;
		log_print(LOG_WARNING, "ACPI: no sound XSDT: trying the RSDT");
	}
	root->entry_size = 4;
	if (acpi_open_table(map, acpi_read32(&pointer, 16), "RSDT", &root->list))
		return 0;
	*reason = "no list of tables";
	return -EINVAL;
}
