#include "asid_model.h"
#include <mm/asid.h>
#include <string.h>

#define CPUS 4
#define SPACES 13
#define BITS 3

bool asid_model_run(const uint8_t *data, size_t size, bool ignores_drops)
{
	static struct asid_allocator allocator;
	uint64_t numbers[SPACES] = { 0 };
	uint8_t cached[CPUS][1 << BITS]; /* space + 1 whose translations the CPU has under the id */

	memset(cached, 0, sizeof(cached));
	asid_init(&allocator, BITS);
	for (; size >= 2; data += 2, size -= 2) {
		unsigned cpu = data[0] % CPUS;
		unsigned space = data[1] % SPACES;
		bool drop;
		uint64_t id;

		/* Now and then a space ends, and another begins in its place. */
		if (data[0] & 0x80)
			numbers[space] = 0;
		id = asid_use(&allocator, cpu, &numbers[space], &drop);
		if (id == 0 || id >= 1 << BITS || asid_of(&allocator, &numbers[space]) != id)
			return false;
		if (drop && !ignores_drops)
			memset(cached[cpu], 0, sizeof(cached[cpu]));
		/* A space that ended was nobody's any more: its translations are not another's. */
		if (cached[cpu][id] && cached[cpu][id] != space + 1)
			return false;
		cached[cpu][id] = (uint8_t)(space + 1);
	}
	return true;
}
