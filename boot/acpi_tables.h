/*
 * Finding and reading ACPI tables: for the parts of acpi_discover(), boot/acpi.c and
 * boot/acpi_power.c, only.
 *
 * map is the function that acpi_discover() was given (boot/acpi.h).
 */
#ifndef BOOT_ACPI_TABLES_H
#define BOOT_ACPI_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* A table whose checksum is right; bytes holds length bytes, aligned to nothing. */
struct acpi_table {
	const uint8_t *bytes;
	uint32_t length;
};

/* The list of tables that the root pointer leads to: an XSDT, or an RSDT. */
struct acpi_root {
	const void *(*map)(uint64_t physical, uint64_t size);
	struct acpi_table list;
	uint32_t entry_size; /* 8 or 4 */
};

/*
 * Little-endian numbers at an offset of the table; 0 where it is too short to hold them, as old
 * tables are.
 */
uint8_t acpi_read8(const struct acpi_table *table, uint32_t offset);
uint16_t acpi_read16(const struct acpi_table *table, uint32_t offset);
uint32_t acpi_read32(const struct acpi_table *table, uint32_t offset);
uint64_t acpi_read64(const struct acpi_table *table, uint32_t offset);

/* Opens the list of tables. 0, or -EINVAL with *reason. */
int acpi_open_root(struct acpi_root *root, uint64_t rsdp,
		   const void *(*map)(uint64_t physical, uint64_t size), const char **reason);

/*
 * Opens the table at an address. False, with a line in the log, when it is not one of that
 * signature or is damaged.
 */
bool acpi_open_table(const void *(*map)(uint64_t physical, uint64_t size), uint64_t physical,
		     const char *signature, struct acpi_table *table);

/* Finds the first sound table of that signature in the list. */
bool acpi_find_table(const struct acpi_root *root, const char *signature, struct acpi_table *table);

#endif
