/*
 * A writer of flattened device trees, and QEMU's own trees by its option dumpdtb.
 */
#include "tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_MAX (1U << 20)
#define HEADER_SIZE 40
#define QEMU_ARGUMENTS_MAX 32

struct block {
	uint8_t bytes[BLOCK_MAX];
	size_t size;
};

static struct block reservations;
static struct block structure;
static struct block strings;

void cell_write(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

uint32_t cell_read(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void append(struct block *block, const void *bytes, size_t size)
{
	if (size > BLOCK_MAX - block->size)
		abort();
	if (size)
		memcpy(block->bytes + block->size, bytes, size);
	block->size += size;
}

static void append_cell(struct block *block, uint32_t value)
{
	uint8_t bytes[4];

	cell_write(bytes, value);
	append(block, bytes, sizeof(bytes));
}

static void pad(struct block *block)
{
	while (block->size % 4)
		append(block, "", 1);
}

void tree_start(void)
{
	reservations.size = 0;
	structure.size = 0;
	strings.size = 0;
}

void tree_reserve(uint64_t base, uint64_t size)
{
	append_cell(&reservations, (uint32_t)(base >> 32));
	append_cell(&reservations, (uint32_t)base);
	append_cell(&reservations, (uint32_t)(size >> 32));
	append_cell(&reservations, (uint32_t)size);
}

void tree_token(uint32_t token)
{
	append_cell(&structure, token);
}

void tree_begin(const char *name)
{
	tree_token(1);
	append(&structure, name, strlen(name) + 1);
	pad(&structure);
}

void tree_end(void)
{
	tree_token(2);
}

void tree_bytes(const char *name, const void *bytes, size_t size)
{
	tree_token(3);
	append_cell(&structure, (uint32_t)size);
	append_cell(&structure, (uint32_t)strings.size);
	append(&strings, name, strlen(name) + 1);
	append(&structure, bytes, size);
	pad(&structure);
}

void tree_text(const char *name, const char *text)
{
	tree_bytes(name, text, strlen(text) + 1);
}

void tree_cell_array(const char *name, const uint32_t *cells, size_t count)
{
	static uint8_t bytes[BLOCK_MAX];

	if (count > sizeof(bytes) / 4)
		abort();
	for (size_t i = 0; i < count; i++)
		cell_write(bytes + 4 * i, cells[i]);
	tree_bytes(name, bytes, 4 * count);
}

uint8_t *tree_finish(size_t *size)
{
	uint8_t *blob;
	uint32_t header[HEADER_SIZE / 4] = { 0xd00dfeed, 0, 0, 0, HEADER_SIZE, 17, 16, 0, 0, 0 };
	size_t at = HEADER_SIZE;

	tree_reserve(0, 0);
	tree_token(9);
	header[2] = HEADER_SIZE + (uint32_t)reservations.size;
	header[3] = header[2] + (uint32_t)structure.size;
	*size = header[3] + strings.size;
	header[1] = (uint32_t)*size;
	header[8] = (uint32_t)strings.size;
	header[9] = (uint32_t)structure.size;
	blob = malloc(*size);
	for (size_t i = 0; i < HEADER_SIZE / 4; i++)
		cell_write(blob + 4 * i, header[i]);
	memcpy(blob + at, reservations.bytes, reservations.size);
	memcpy(blob + header[2], structure.bytes, structure.size);
	memcpy(blob + header[3], strings.bytes, strings.size);
	return blob;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(4 * BLOCK_MAX);

	if (!file) {
		perror(path);
		abort();
	}
	*size = fread(bytes, 1, 4 * BLOCK_MAX, file);
	fclose(file);
	/* Exactly as large as it is, for AddressSanitizer's sake. */
	return realloc(bytes, *size);
}

static void write_zeroes(const char *path, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file || ftruncate(fileno(file), (off_t)size) != 0 || fclose(file) != 0) {
		perror(path);
		abort();
	}
}

/* Runs QEMU in an empty folder. False when it is not there. */
static int run_qemu(const char *folder, const char *qemu, const char *const *arguments)
{
	const char *line[QEMU_ARGUMENTS_MAX] = { "timeout", "60", qemu, "-M" };
	char machine[256];
	size_t count = 4;
	int status;
	pid_t child;

	snprintf(machine, sizeof(machine), "%s,dumpdtb=tree.dtb", arguments[0]);
	line[count++] = machine;
	for (size_t i = 1; arguments[i] && count < QEMU_ARGUMENTS_MAX - 7; i++)
		line[count++] = arguments[i];
	line[count++] = "-kernel";
	line[count++] = "kernel";
	line[count++] = "-initrd";
	line[count++] = "ramdisk";
	line[count++] = "-display";
	line[count++] = "none";
	line[count] = NULL;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (chdir(folder) == 0 && freopen("messages", "w", stdout) && dup2(1, 2) == 2)
			execvp(line[0], (char *const *)line);
		_exit(126);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status);
}

uint8_t *tree_of_qemu(const char *qemu, const char *const *arguments, size_t *size)
{
	char folder[] = "/tmp/trefoil-tree-XXXXXX";
	char path[sizeof(folder) + 16];
	uint8_t *blob = NULL;
	int status;

	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/kernel", folder);
	write_zeroes(path, 8192);
	snprintf(path, sizeof(path), "%s/ramdisk", folder);
	write_zeroes(path, 5000);
	status = run_qemu(folder, qemu, arguments);
	snprintf(path, sizeof(path), "%s/tree.dtb", folder);
	if (status == 0)
		blob = read_file(path, size);
	for (const char *const *name =
		     (const char *const[]){ "kernel", "ramdisk", "messages", "tree.dtb", NULL };
	     *name; name++) {
		snprintf(path, sizeof(path), "%s/%s", folder, *name);
		unlink(path);
	}
	rmdir(folder);
	/* What timeout(1) says when it finds no such program. */
	if (status != 0 && status != 127) {
		fprintf(stderr, "%s failed with status %d\n", qemu, status);
		abort();
	}
	return blob;
}
