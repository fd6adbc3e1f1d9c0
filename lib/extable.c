/*
 * Searches the exception table that the linker gathered (lib/extable.h). The table is constant, a
 * dozen entries long and in the order of the object files, so it is read from end to end.
 */
#include <lib/extable.h>

struct extable_entry {
	int32_t instruction; /* the address that may fault, from here */
	int32_t fixup;       /* the address to go on at, from here */
};

extern const char extable_start[];
extern const char extable_end[];

/* The address that a self-relative offset stands for. */
static uintptr_t extable_target(const int32_t *offset)
{
	return (uintptr_t)offset + (uintptr_t)(intptr_t)*offset;
}

uintptr_t extable_find_fixup(uintptr_t pc)
{
	/*
	 * As numbers: comparing the addresses of two objects is undefined, and an empty table is
	 * possible.
	 */
	uintptr_t end = (uintptr_t)extable_end;

	for (uintptr_t at = (uintptr_t)extable_start; at < end;
	     at += sizeof(struct extable_entry)) {
		const struct extable_entry *entry = (const struct extable_entry *)at;

		if (extable_target(&entry->instruction) == pc)
			return extable_target(&entry->fixup);
	}
	return 0;
}
