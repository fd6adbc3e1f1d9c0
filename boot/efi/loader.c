/*
 * The UEFI loader: one source for x86_64 (OVMF) and AArch64 (AAVMF).
 *
 * It reads \trefoil\kernel.elf, cmdline.txt and ramdisk from the volume it was started from, puts
 * the kernel wherever memory is free, describes the machine in a struct boot_info, leaves the boot
 * services and enters the kernel. Until it leaves them nothing is lost: each failure prints what is
 * wrong, gives all memory back and returns to the firmware.
 *
 * crt0 of GNU-EFI calls efi_main() with the System V calling convention, only the firmware's
 * services have EFI's.
 */
#include <boot/efi/elf.h>
#include <boot/efi/machine.h>
#include <boot/efi/memory_map.h>
#include <boot/efi/pages.h>
#include <boot/efi/tables.h>
#include <efi.h>
#include <efilib.h>
#include <lib/boot_info.h>

#define KERNEL_PATH L"\\trefoil\\kernel.elf"
#define COMMAND_LINE_PATH L"\\trefoil\\cmdline.txt"
#define RAMDISK_PATH L"\\trefoil\\ramdisk"

/* Lets the kernel map itself with large pages. */
#define KERNEL_ALIGNMENT (2ULL << 20)

/* The map grows between asking for its size and fetching it, if only by the buffer for it. */
#define MEMORY_MAP_SLACK 32
#define EXIT_ATTEMPTS 8

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

/* All that the loader holds; runs of size 0 are not held. */
struct loader {
	EFI_HANDLE image;
	EFI_FILE_HANDLE root; /* of the volume the loader was started from */
	struct pages info_pages;
	struct pages kernel;
	struct pages ramdisk;
	struct pages fdt;
	struct pages memory_map; /* the buffer for the firmware's */
	struct boot_info *info;  /* in info_pages */
	uint64_t entry;          /* physical */
};

struct memory_map_key {
	UINTN size;
	UINTN key;
	UINTN descriptor_size;
};

static EFI_STATUS report(CHAR16 *what, EFI_STATUS status)
{
	Print(L"Trefoil loader: %s: %r\n", what, status);
	return status;
}

static EFI_STATUS report_file(CHAR16 *path, EFI_STATUS status)
{
	if (status == EFI_INVALID_PARAMETER)
		Print(L"Trefoil loader: %s is a directory, not a file\n", path);
	else if (status == EFI_BAD_BUFFER_SIZE)
		Print(L"Trefoil loader: %s is shorter than its directory entry says\n", path);
	else
		Print(L"Trefoil loader: cannot read %s: %r\n", path, status);
	return status;
}

static EFI_STATUS loader_open_volume(struct loader *loader)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_STATUS status = BS->HandleProtocol(loader->image, &gEfiLoadedImageProtocolGuid,
					       (void **)&loaded);

	if (EFI_ERROR(status))
		return report(L"the firmware does not say where the loader came from", status);
	loader->root = LibOpenRoot(loaded->DeviceHandle);
	if (loader->root == NULL)
		return report(L"the loader was not started from a volume with files",
			      EFI_UNSUPPORTED);
	return EFI_SUCCESS;
}

static EFI_STATUS loader_make_info(struct loader *loader)
{
	EFI_STATUS status = pages_alloc(&loader->info_pages, sizeof(struct boot_info),
					EfiLoaderData, PAGES_ANYWHERE);

	if (EFI_ERROR(status))
		return report(L"no memory for the boot information", status);
	loader->info = (struct boot_info *)(uintptr_t)loader->info_pages.base;
	ZeroMem(loader->info, sizeof(*loader->info));
	loader->info->magic = BOOT_INFO_MAGIC;
	loader->info->size = sizeof(*loader->info);
	loader->info->protocol = BOOT_PROTOCOL_BOOT_INFO;
	return EFI_SUCCESS;
}

/* As code, because some firmware maps what it hands out as data without the right to execute it. */
static EFI_STATUS kernel_alloc(struct pages *kernel, uint64_t size)
{
	uint64_t limit = loader_machine.image_address_max;
	EFI_STATUS status = pages_alloc_aligned(kernel, size, EfiLoaderCode, limit,
						KERNEL_ALIGNMENT);

	return EFI_ERROR(status) ? pages_alloc(kernel, size, EfiLoaderCode, limit) : status;
}

static EFI_STATUS loader_place_kernel(struct loader *loader, const struct pages *file)
{
	const void *bytes = (const void *)(uintptr_t)file->base;
	const char *problem;
	struct elf_image image;
	EFI_STATUS status;

	if (elf_check(bytes, file->size, loader_machine.elf_machine, &image, &problem) != 0) {
		Print(L"Trefoil loader: %s is damaged or no kernel for this machine: %a\n",
		      KERNEL_PATH, problem);
		return EFI_LOAD_ERROR;
	}
	status = kernel_alloc(&loader->kernel, image.size);
	if (EFI_ERROR(status)) {
		Print(L"Trefoil loader: no %ld KiB of memory in one piece for the kernel: %r\n",
		      image.size / 1024, status);
		return status;
	}
	elf_load(bytes, &image, (void *)(uintptr_t)loader->kernel.base);
	loader->entry = loader->kernel.base + image.entry_offset;
	loader->info->kernel.base = loader->kernel.base;
	loader->info->kernel.size = image.size;
	return EFI_SUCCESS;
}

static EFI_STATUS loader_load_kernel(struct loader *loader)
{
	struct pages file = { 0 };
	EFI_STATUS status = pages_read_file(&file, loader->root, KERNEL_PATH);

	if (EFI_ERROR(status))
		return report_file(KERNEL_PATH, status);
	status = loader_place_kernel(loader, &file);
	pages_free(&file);
	return status;
}

/*
 * The file's text up to its last newline; newlines and other control characters within become
 * spaces.
 */
static void command_line_take(char *line, const struct pages *file)
{
	const char *text = (const char *)(uintptr_t)file->base;
	uint64_t length = file->size;

	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	if (length > BOOT_COMMAND_LINE_MAX - 1) {
		Print(L"Trefoil loader: %s: the command line has %ld characters and is cut after "
		      L"%d\n",
		      COMMAND_LINE_PATH, length, BOOT_COMMAND_LINE_MAX - 1);
		length = BOOT_COMMAND_LINE_MAX - 1;
	}
	for (uint64_t i = 0; i < length; i++)
		line[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
	line[length] = '\0';
}

static EFI_STATUS loader_read_command_line(struct loader *loader)
{
	struct pages file = { 0 };
	EFI_STATUS status = pages_read_file(&file, loader->root, COMMAND_LINE_PATH);

	if (status == EFI_NOT_FOUND)
		return EFI_SUCCESS;
	if (EFI_ERROR(status))
		return report_file(COMMAND_LINE_PATH, status);
	command_line_take(loader->info->command_line, &file);
	pages_free(&file);
	return EFI_SUCCESS;
}

static EFI_STATUS loader_read_ramdisk(struct loader *loader)
{
	EFI_STATUS status = pages_read_file(&loader->ramdisk, loader->root, RAMDISK_PATH);

	if (EFI_ERROR(status) && status != EFI_NOT_FOUND)
		return report_file(RAMDISK_PATH, status);
	loader->info->ramdisk.base = loader->ramdisk.base;
	loader->info->ramdisk.size = loader->ramdisk.size;
	return EFI_SUCCESS;
}

static EFI_STATUS loader_find_description(struct loader *loader)
{
	EFI_STATUS status = tables_copy_fdt(&loader->fdt);

	loader->info->acpi_rsdp = tables_find_rsdp();
	loader->info->fdt.base = loader->fdt.base;
	loader->info->fdt.size = loader->fdt.size;
	if (!loader_machine.needs_device_tree || !EFI_ERROR(status))
		return EFI_SUCCESS;
	if (status != EFI_NOT_FOUND)
		return report(L"cannot copy the device tree", status);
	if (loader->info->acpi_rsdp == 0)
		return report(L"this firmware gives neither a device tree nor ACPI", status);
	Print(L"Trefoil loader: this firmware gives ACPI only; start QEMU with -no-acpi\n");
	return status;
}

/* Everything that may fail in an ordinary way. */
static EFI_STATUS loader_prepare(struct loader *loader)
{
	static EFI_STATUS (*const steps[])(struct loader *) = {
		loader_open_volume,       loader_make_info,    loader_load_kernel,
		loader_read_command_line, loader_read_ramdisk, loader_find_description,
	};

	for (UINTN i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		EFI_STATUS status = steps[i](loader);

		if (EFI_ERROR(status))
			return status;
	}
	return EFI_SUCCESS;
}

static void loader_announce(const struct loader *loader)
{
	Print(L"Trefoil loader: kernel at 0x%lx, %ld KiB; ", loader->kernel.base,
	      loader->kernel.size / 1024);
	if (loader->ramdisk.size > 0)
		Print(L"ramdisk at 0x%lx, %ld bytes\n", loader->ramdisk.base, loader->ramdisk.size);
	else
		Print(L"no ramdisk\n");
}

/*
 * Fetches the map into loader->memory_map, which is replaced by a larger one as often as it is too
 * small.
 */
static EFI_STATUS memory_map_fetch(struct loader *loader, struct memory_map_key *map)
{
	for (;;) {
		UINT32 version;
		EFI_STATUS status;

		map->size = loader->memory_map.size;
		status = BS->GetMemoryMap(&map->size, (void *)(uintptr_t)loader->memory_map.base,
					  &map->key, &map->descriptor_size, &version);
		if (status != EFI_BUFFER_TOO_SMALL)
			return status;
		pages_free(&loader->memory_map);
		status = pages_alloc(&loader->memory_map,
				     map->size + MEMORY_MAP_SLACK * map->descriptor_size,
				     EfiLoaderData, PAGES_ANYWHERE);
		if (EFI_ERROR(status))
			return status;
	}
}

/*
 * UEFI 2.10, 7.4.6: the key is stale if the map changed since it was fetched, which an event
 * handler of the firmware can do at any moment; then the map is to be fetched anew, and nothing but
 * memory services may be called in between.
 */
static EFI_STATUS loader_exit_boot_services(struct loader *loader, struct memory_map_key *map)
{
	EFI_STATUS status = EFI_INVALID_PARAMETER;

	for (unsigned attempt = 0; attempt < EXIT_ATTEMPTS && status == EFI_INVALID_PARAMETER;
	     attempt++) {
		status = memory_map_fetch(loader, map);
		if (EFI_ERROR(status))
			return status;
		status = BS->ExitBootServices(loader->image, map->key);
	}
	return status;
}

/* The firmware's map, with what the loader holds marked; the rest of its memory is free. */
static void loader_describe_memory(const struct loader *loader, const struct memory_map_key *map)
{
	struct boot_info *info = loader->info;

	memory_map_convert(info, (const void *)(uintptr_t)loader->memory_map.base, map->size,
			   map->descriptor_size);
	memory_map_set(info, loader->kernel.base, loader->kernel.size, MEMORY_KERNEL);
	memory_map_set(info, loader->ramdisk.base, loader->ramdisk.size, MEMORY_RAMDISK);
	memory_map_set(info, loader->fdt.base, loader->fdt.size, MEMORY_DESCRIPTION);
	memory_map_set(info, loader->info_pages.base, loader->info_pages.size, MEMORY_DESCRIPTION);
}

static void loader_release(struct loader *loader)
{
	pages_free(&loader->memory_map);
	pages_free(&loader->fdt);
	pages_free(&loader->ramdisk);
	pages_free(&loader->kernel);
	pages_free(&loader->info_pages);
	if (loader->root != NULL)
		loader->root->Close(loader->root);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	struct loader loader = { .image = image };
	struct memory_map_key map;
	EFI_STATUS status;

	InitializeLib(image, system);
	status = loader_prepare(&loader);
	if (!EFI_ERROR(status)) {
		loader_announce(&loader);
		status = loader_exit_boot_services(&loader, &map);
		if (!EFI_ERROR(status)) {
			loader_describe_memory(&loader, &map);
			machine_enter_kernel(loader.entry, loader.info);
		}
		/* Half shut-down firmware owes us no console, but silence would be worse. */
		report(L"the firmware does not let go of the machine", status);
	}
	loader_release(&loader);
	return status;
}
