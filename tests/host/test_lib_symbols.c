/* sources: lib/symbols.c lib/format.c lib/random.c */
/*
 * lib/symbols.c with random tables, against a search from end to end. A table ends its allocation
 * and may stand at any address.
 */
#include "host.h"
#include <lib/image.h>
#include <lib/random.h>
#include <lib/symbols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 40
#define NAME_SIZE 8

/* The address from which the tables count. */
char image_start[1];

static struct random generator;

static struct {
	uint32_t offsets[SYMBOLS_MAX];
	char names[SYMBOLS_MAX][NAME_SIZE];
	uint32_t count;
	uint32_t text_size;
} model;

static void append_u32(uint8_t **at, uint32_t value)
{
	for (int byte = 0; byte < 4; byte++)
		*(*at)++ = (uint8_t)(value >> 8 * byte);
}

/* A table of the model, misaligned by 0 to 3 bytes; release with free(). */
static uint8_t *table_new(size_t misalignment)
{
	size_t names_size = 0;
	uint8_t *allocation;
	uint8_t *at;

	for (uint32_t index = 0; index < model.count; index++)
		names_size += strlen(model.names[index]) + 1;
	allocation = malloc(misalignment + 16 + 8 * (size_t)model.count + names_size);
	at = allocation + misalignment;
	append_u32(&at, SYMBOLS_MAGIC);
	append_u32(&at, model.count);
	for (uint32_t index = 0; index < model.count; index++)
		append_u32(&at, model.offsets[index]);
	names_size = 0;
	for (uint32_t index = 0; index < model.count; index++) {
		append_u32(&at, (uint32_t)names_size);
		names_size += strlen(model.names[index]) + 1;
	}
	append_u32(&at, (uint32_t)names_size);
	append_u32(&at, model.text_size);
	for (uint32_t index = 0; index < model.count; index++) {
		size_t size = strlen(model.names[index]) + 1;

		memcpy(at, model.names[index], size);
		at += size;
	}
	return allocation;
}

static void model_fill(void)
{
	uint32_t offset = (uint32_t)random_below(&generator, 20);

	model.count = (uint32_t)random_below(&generator, SYMBOLS_MAX + 1);
	for (uint32_t index = 0; index < model.count; index++) {
		model.offsets[index] = offset;
		snprintf(model.names[index], NAME_SIZE, "f%u", index * 7);
		offset += 1 + (uint32_t)random_below(&generator, 30);
	}
	model.text_size = offset;
}

/* The index of the symbol that contains a place; -1 when none does. */
static int model_find(uint32_t place)
{
	int found = -1;

	for (uint32_t index = 0; index < model.count; index++) {
		if (model.offsets[index] <= place && place < model.text_size)
			found = (int)index;
	}
	return found;
}

HOST_TEST(against_model)
{
	random_seed(&generator, 1);
	for (int round = 0; round < 2000; round++) {
		size_t misalignment = random_below(&generator, 4);
		uint8_t *table;

		model_fill();
		table = table_new(misalignment);
		symbols_use_table(table + misalignment);
		for (uint32_t place = 0; place < model.text_size + 4; place++) {
			uintptr_t offset = 12345;
			const char *name = symbol_find((uintptr_t)image_start + place, &offset);
			int wanted = model_find(place);

			REQUIRE((name != NULL) == (wanted >= 0));
			if (name) {
				REQUIRE(strcmp(name, model.names[wanted]) == 0);
				REQUIRE(offset == place - model.offsets[wanted]);
			} else {
				REQUIRE(offset == 12345);
			}
		}
		for (uint32_t index = 0; index < model.count; index++)
			REQUIRE(symbol_address(model.names[index]) ==
				(uintptr_t)image_start + model.offsets[index]);
		REQUIRE(symbol_address("absent") == 0);
		symbols_use_table(NULL);
		free(table);
	}
}

HOST_TEST(outside)
{
	uintptr_t offset;
	uint8_t *table;

	random_seed(&generator, 2);
	do {
		model_fill();
	} while (model.count == 0);
	table = table_new(0);
	symbols_use_table(table);
	REQUIRE(symbol_find((uintptr_t)image_start - 1, &offset) == NULL);
	REQUIRE(symbol_find(0, &offset) == NULL);
	REQUIRE(symbol_find(UINTPTR_MAX, &offset) == NULL);
	REQUIRE(symbol_find((uintptr_t)image_start + 0x100000000, &offset) == NULL);
	symbols_use_table(NULL);
	free(table);
}

/* An image without a table, or with something else in its place. */
HOST_TEST(no_table)
{
	static const uint8_t wrong_magic[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uintptr_t offset;
	char text[32];

	REQUIRE(symbol_find((uintptr_t)image_start, &offset) == NULL);
	REQUIRE(symbol_address("f0") == 0);
	symbol_describe(text, sizeof(text), 0xabc);
	REQUIRE(strcmp(text, "0xabc") == 0);
	symbols_use_table(wrong_magic);
	REQUIRE(symbol_find((uintptr_t)image_start, &offset) == NULL);
	symbols_use_table(NULL);
}

HOST_TEST(descriptions)
{
	uint8_t *table;
	char text[32];

	model.count = 1;
	model.offsets[0] = 16;
	model.text_size = 64;
	strcpy(model.names[0], "start");
	table = table_new(0);
	symbols_use_table(table);
	REQUIRE(symbol_describe(text, sizeof(text), (uintptr_t)image_start + 63) == 10);
	REQUIRE(strcmp(text, "start+0x2f") == 0);
	REQUIRE(symbol_describe(text, 4, (uintptr_t)image_start + 63) == 10);
	REQUIRE(strcmp(text, "sta") == 0);
	symbols_use_table(NULL);
	free(table);
}
