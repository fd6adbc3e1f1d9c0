/*
 * Names for code addresses (lib/symbols.h): a binary search in a table that the host made. The
 * table comes from our own build, so only its magic number is checked.
 */
#include <lib/format.h>
#include <lib/image.h>
#include <lib/string.h>
#include <lib/symbols.h>

/* What stands before the arrays. */
#define HEADER_SIZE 8

extern const uint8_t symbol_table[];

/*
 * Linked in when the real table is not: in the first of the two links, from whose result that table
 * is made.
 */
__attribute__((weak, section(".symbols"))) const uint8_t symbol_table[HEADER_SIZE] = { 0 };

static const uint8_t *symbols = symbol_table;

/* Byte by byte: the table of a test may stand at any address. */
static uint32_t read_u32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t symbols_count(void)
{
	return read_u32(symbols) == SYMBOLS_MAGIC ? read_u32(symbols + 4) : 0;
}

static uint32_t symbols_offset(uint32_t index)
{
	return read_u32(symbols + HEADER_SIZE + 4UL * index);
}

static uint32_t symbols_text_size(uint32_t count)
{
	return read_u32(symbols + HEADER_SIZE + 8UL * count + 4);
}

static const char *symbols_name(uint32_t count, uint32_t index)
{
	const uint8_t *name_offsets = symbols + HEADER_SIZE + 4UL * count;
	const uint8_t *names = name_offsets + 4UL * count + 8;

	return (const char *)names + read_u32(name_offsets + 4UL * index);
}

const char *symbol_find(uintptr_t address, uintptr_t *offset)
{
	uint32_t count = symbols_count();
	uintptr_t place = address - (uintptr_t)image_start; /* huge below the image */
	uint32_t low = 0;
	uint32_t high = count;

	if (count == 0 || place < symbols_offset(0) || place >= symbols_text_size(count))
		return NULL;
	/*
	 * The function at low begins at or below place; the one at high, if there is one, above it.
	 */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_offset(middle) <= place)
			low = middle;
		else
			high = middle;
	}
	*offset = place - symbols_offset(low);
	return symbols_name(count, low);
}

uintptr_t symbol_address(const char *name)
{
	uint32_t count = symbols_count();

	for (uint32_t index = 0; index < count; index++) {
		if (strcmp(symbols_name(count, index), name) == 0)
			return (uintptr_t)image_start + symbols_offset(index);
	}
	return 0;
}

int symbol_describe(char *buffer, size_t size, uintptr_t address)
{
	uintptr_t offset;
	const char *name = symbol_find(address, &offset);

	if (!name)
		return format_text(buffer, size, "0x%lx", address);
	return format_text(buffer, size, "%s+0x%lx", name, offset);
}

void symbols_use_table(const uint8_t *table)
{
	symbols = table ? table : symbol_table;
}
