/* The contract is that of the other machines; tests/host/memory.c carries it out. */
#include <arch/include/arch/mmu.h>
