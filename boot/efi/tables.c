/*
 * Finds ACPI and the device tree among the firmware's configuration tables. The device tree is
 * copied, because a copy has pages of its own: where the firmware keeps it, and beside what, is the
 * firmware's affair.
 */
#include <boot/efi/tables.h>
#include <efilib.h>

/*
 * Devicetree specification 0.4, 5.2: the first two big-endian words of a blob. The limit is ours:
 * QEMU's has 1 MiB.
 */
#define FDT_MAGIC 0xd00dfeedU
#define FDT_HEADER_SIZE 40U
#define FDT_SIZE_MAX (16U << 20)

static void *table_find(EFI_GUID guid)
{
	void *table;

	return EFI_ERROR(LibGetSystemConfigurationTable(&guid, &table)) ? NULL : table;
}

uint64_t tables_find_rsdp(void)
{
	void *rsdp = table_find((EFI_GUID)ACPI_20_TABLE_GUID);

	if (rsdp == NULL)
		rsdp = table_find((EFI_GUID)ACPI_TABLE_GUID);
	return (uintptr_t)rsdp;
}

static uint32_t big_endian_word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

EFI_STATUS tables_copy_fdt(struct pages *fdt)
{
	const uint8_t *blob = table_find((EFI_GUID)EFI_DTB_TABLE_GUID);
	EFI_STATUS status;
	uint32_t size;

	if (blob == NULL)
		return EFI_NOT_FOUND;
	size = big_endian_word(blob + 4);
	if (big_endian_word(blob) != FDT_MAGIC || size < FDT_HEADER_SIZE || size > FDT_SIZE_MAX)
		return EFI_COMPROMISED_DATA;
	status = pages_alloc(fdt, size, EfiLoaderData, PAGES_ANYWHERE);
	if (!EFI_ERROR(status))
		CopyMem((void *)(uintptr_t)fdt->base, (void *)(uintptr_t)blob, size);
	return status;
}
