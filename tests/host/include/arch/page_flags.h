/* The host's machine has the pages of the others. */
#include <arch/include/arch/page_flags.h>
