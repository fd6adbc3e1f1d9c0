#include <mm/tlb_shadow.h>
#ifdef CONFIG_CHECK
void tlb_shadow_released(uint64_t physical, unsigned order){(void)physical;(void)order;}
#endif
