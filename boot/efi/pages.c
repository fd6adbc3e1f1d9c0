/*
 * Page runs and whole files through the firmware's boot services (UEFI 2.10, chapters 7.2
 * and 13.5).
 */
#include <boot/efi/pages.h>
#include <efilib.h>

static UINTN page_count(uint64_t size)
{
	return size / EFI_PAGE_SIZE + (size % EFI_PAGE_SIZE != 0);
}

EFI_STATUS pages_alloc(struct pages *pages, uint64_t size, EFI_MEMORY_TYPE type, uint64_t limit)
{
	EFI_PHYSICAL_ADDRESS base = limit;
	EFI_STATUS status = BS->AllocatePages(AllocateMaxAddress, type, page_count(size), &base);

	if (EFI_ERROR(status))
		return status;
	pages->base = base;
	pages->size = size;
	return EFI_SUCCESS;
}

EFI_STATUS pages_alloc_aligned(struct pages *pages, uint64_t size, EFI_MEMORY_TYPE type,
			       uint64_t limit, uint64_t alignment)
{
	uint64_t wanted = (uint64_t)page_count(size) * EFI_PAGE_SIZE;
	struct pages run;
	uint64_t base;
	uint64_t tail;
	EFI_STATUS status = pages_alloc(&run, wanted + alignment - EFI_PAGE_SIZE, type, limit);

	if (EFI_ERROR(status))
		return status;
	base = (run.base + alignment - 1) & ~(alignment - 1);
	tail = run.base + run.size - (base + wanted);
	if (base > run.base)
		BS->FreePages(run.base, page_count(base - run.base));
	if (tail > 0)
		BS->FreePages(base + wanted, page_count(tail));
	pages->base = base;
	pages->size = size;
	return EFI_SUCCESS;
}

void pages_free(struct pages *pages)
{
	if (pages->size > 0)
		BS->FreePages(pages->base, page_count(pages->size));
	pages->base = 0;
	pages->size = 0;
}

static EFI_STATUS file_size(EFI_FILE_HANDLE file, uint64_t *size)
{
	EFI_FILE_INFO *info = LibFileInfo(file);
	EFI_STATUS status = EFI_SUCCESS;

	if (info == NULL)
		return EFI_DEVICE_ERROR;
	if ((info->Attribute & EFI_FILE_DIRECTORY) != 0)
		status = EFI_INVALID_PARAMETER;
	*size = info->FileSize;
	FreePool(info);
	return status;
}

/*
 * One read may bring less than was asked for; nothing at all means that the file is shorter than it
 * says.
 */
static EFI_STATUS file_fill(EFI_FILE_HANDLE file, const struct pages *pages)
{
	uint64_t done = 0;

	while (done < pages->size) {
		UINTN length = pages->size - done;
		EFI_STATUS status = file->Read(file, &length,
					       (void *)(uintptr_t)(pages->base + done));

		if (EFI_ERROR(status))
			return status;
		if (length == 0)
			return EFI_BAD_BUFFER_SIZE;
		done += length;
	}
	return EFI_SUCCESS;
}

EFI_STATUS pages_read_file(struct pages *pages, EFI_FILE_HANDLE root, CHAR16 *path)
{
	EFI_FILE_HANDLE file;
	uint64_t size = 0;
	EFI_STATUS status = root->Open(root, &file, path, EFI_FILE_MODE_READ, 0);

	if (EFI_ERROR(status))
		return status;
	status = file_size(file, &size);
	if (!EFI_ERROR(status) && size > 0) {
		status = pages_alloc(pages, size, EfiLoaderData, PAGES_ANYWHERE);
		if (!EFI_ERROR(status)) {
			status = file_fill(file, pages);
			if (EFI_ERROR(status))
				pages_free(pages);
		}
	}
	file->Close(file);
	return status;
}
