#include <mm/tlb_shadow.h>
#ifdef CONFIG_CHECK
void tlb_shadow_released(uint64_t physical, unsigned order){(void)physical;(void)order;}
void tlb_shadow_lost(const struct page_table *table, bool is_kernel, uintptr_t address,
		     unsigned level, uint64_t old){(void)table;(void)is_kernel;(void)address;(void)level;(void)old;}
void tlb_shadow_mapped(const struct page_table *table, uintptr_t address, unsigned level,
		       uint64_t entry){(void)table;(void)entry;(void)address;(void)level;}
void tlb_shadow_lost_table(const struct page_table *table, bool is_kernel, uint64_t physical,
			   uintptr_t first, uintptr_t last){(void)table;(void)is_kernel;(void)physical;(void)first;(void)last;}
void tlb_shadow_load(unsigned cpu, const struct page_table *table, uint64_t id){(void)table;(void)cpu;(void)id;}
void tlb_shadow_invalidated(unsigned cpu, const struct tlb_request *request){(void)cpu;(void)request;}
void tlb_shadow_deferred(const struct page_table *table, uint64_t cpus){(void)table;(void)cpus;}
void tlb_shadow_destroyed(const struct page_table *table){(void)table;}
#endif
