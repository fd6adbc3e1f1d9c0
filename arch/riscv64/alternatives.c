/*
 * arch/alternatives.h: every CPU that we run on has the extension A; of Zabha and Zacas nothing is
 * used.
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
	return "AMO, LR/SC";
}
