/*
 * Physical memory for tests, as a list of stretches; every copy handed out is freed by the next
 * reset.
 */
#include "physical.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_FILE_MAX 65536
#define STRETCH_HEADER_SIZE 12

struct stretch {
	struct stretch *next;
	uint64_t base;
	size_t size;
	uint8_t *bytes;
};

static struct stretch *stretches;
static struct stretch *copies;
static bool checksums_are_corrected;

static void free_stretches(struct stretch **list)
{
	while (*list) {
		struct stretch *gone = *list;

		*list = gone->next;
		free(gone->bytes);
		free(gone);
	}
}

static uint8_t *add_stretch(struct stretch **list, uint64_t base, const void *bytes, size_t size)
{
	struct stretch *stretch = malloc(sizeof(*stretch));

	*stretch = (struct stretch){
		.next = *list, .base = base, .size = size, .bytes = malloc(size ? size : 1)
	};
	if (size)
		memcpy(stretch->bytes, bytes, size);
	*list = stretch;
	return stretch->bytes;
}

void physical_reset(void)
{
	free_stretches(&stretches);
	free_stretches(&copies);
	checksums_are_corrected = false;
}

uint8_t *physical_add(uint64_t base, const void *bytes, size_t size)
{
	return add_stretch(&stretches, base, bytes, size);
}

uint64_t physical_add_image(const uint8_t *image, size_t size)
{
	uint64_t root = 0;
	size_t at = sizeof(root);

	if (size < sizeof(root))
		return 0;
	memcpy(&root, image, sizeof(root));
	while (size - at >= STRETCH_HEADER_SIZE) {
		uint64_t base;
		uint32_t length;

		memcpy(&base, image + at, sizeof(base));
		memcpy(&length, image + at + sizeof(base), sizeof(length));
		at += STRETCH_HEADER_SIZE;
		if (length > size - at)
			length = (uint32_t)(size - at);
		physical_add(base, image + at, length);
		at += length;
	}
	return root;
}

uint64_t physical_add_file(const char *path)
{
	static uint8_t image[IMAGE_FILE_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		abort();
	}
	size = fread(image, 1, sizeof(image), file);
	fclose(file);
	return physical_add_image(image, size);
}

static const struct stretch *find_stretch(uint64_t base, uint64_t size)
{
	for (const struct stretch *stretch = stretches; stretch; stretch = stretch->next)
		if (base >= stretch->base && base - stretch->base <= stretch->size &&
		    size <= stretch->size - (base - stretch->base))
			return stretch;
	return NULL;
}

uint8_t *physical_bytes(uint64_t base, size_t size)
{
	const struct stretch *stretch = find_stretch(base, size);

	if (!stretch)
		abort();
	return stretch->bytes + (base - stretch->base);
}

void physical_correct_checksums(bool correct)
{
	checksums_are_corrected = correct;
}

static void correct_sum(uint8_t *bytes, size_t size, size_t checksum_at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[checksum_at] = (uint8_t)(bytes[checksum_at] - sum);
}

static void correct_checksum(uint8_t *bytes, size_t size)
{
	uint32_t length;

	if (size >= 20 && memcmp(bytes, "RSD PTR ", 8) == 0) {
		correct_sum(bytes, 20, 8);
		if (size >= 36)
			correct_sum(bytes, size, 32);
	} else if (size >= 36) {
		memcpy(&length, bytes + 4, sizeof(length));
		if (length == size)
			correct_sum(bytes, size, 9);
	}
}

const void *physical_map(uint64_t base, uint64_t size)
{
	const struct stretch *stretch = find_stretch(base, size);
	uint8_t *copy;

	if (size == 0 || size > PHYSICAL_MAP_MAX)
		abort();
	if (!stretch)
		return NULL;
	copy = add_stretch(&copies, base, stretch->bytes + (base - stretch->base), size);
	if (checksums_are_corrected)
		correct_checksum(copy, size);
	return copy;
}
