/*
 * arch/alternatives.h: every x86_64 CPU has the same atomic instructions.
 */
#include <arch/alternatives.h>

int cpu_patch_code(void *(*map_code)(void), void (*unmap_code)(void *code))
{
	(void)map_code;
	(void)unmap_code;
	return 0;
}

const char *cpu_atomics_name(void)
{
	return "lock prefix";
}
