/*
 * The stale-translation detector (BUILD=check): a shadow in software of what each CPU may have
 * cached, which knows the rules and not the code that keeps them.
 *
 * It is told what the tables lose, which CPUs load what, and what each drops. A lost translation is
 * kept with the set of CPUs that may still hold it; it is gone when the set is empty. Two things
 * are forbidden while it is not: to release the frame it led to, and to map its addresses to
 * something else or with other rights. A CPU that was left to drop an id later may not load it
 * before it has.
 *
 * QEMU's TCG models no speculation and drops translations more often than it must, so only this
 * shows a missing invalidation. It sees what the functions below are told: an instruction that is
 * missing behind a right call escapes it; for those there are the golden instructions.
 *
 * All: any context, any lock held; they take one raw lock of their own and call nothing. In the
 * release build they are empty. tables are told apart by their address.
 */
#ifndef MM_TLB_SHADOW_H
#define MM_TLB_SHADOW_H

#include <arch/mmu.h>
#include <mm/page_table.h>
#include <stdbool.h>
#include <stdint.h>

/* How many lost translations it can keep; more are forgotten, and counted. */
#define TLB_SHADOW_MAX 2048

#ifdef CONFIG_CHECK

/*
 * A leaf was cleared, led elsewhere or lost rights; old: what it was. Before any invalidation for
 * it. is_kernel: every CPU may hold it. Neighbouring losses of one table become one record.
 */
void tlb_shadow_lost(const struct page_table *table, bool is_kernel, uintptr_t address,
		     unsigned level, uint64_t old);

/* A leaf is about to be written where nothing is, or something with other rights. */
void tlb_shadow_mapped(const struct page_table *table, uintptr_t address, unsigned level,
		       uint64_t entry);

/* A table page of it was unhooked: it counts as a frame that translations lead to. */
void tlb_shadow_lost_table(const struct page_table *table, bool is_kernel, uint64_t physical,
			   uintptr_t first, uintptr_t last);

/* CPU cpu is about to load the table under a hardware id (0: the machine has none), or none: NULL.
 */
void tlb_shadow_load(unsigned cpu, const struct page_table *table, uint64_t id);

/* The CPU has carried a request out. */
void tlb_shadow_invalidated(unsigned cpu, const struct tlb_request *request);

/* Now, in drops of whole ids. */
uint64_t tlb_shadow_time(void);

/*
 * These CPUs hold translations of the table and were left to drop them before they load it again,
 * at some time after since: who has dropped an id meanwhile may have done so for that.
 */
void tlb_shadow_deferred(const struct page_table *table, uint64_t cpus, uint64_t since);

/* At a rollover of ids: the CPU must drop all but what it has under this id before it loads. */
void tlb_shadow_rolled_over(unsigned cpu, uint64_t kept_id);

/* A block of 2^order frames has no owner any more. */
void tlb_shadow_released(uint64_t physical, unsigned order);

/* The table is no more; no CPU has it loaded. Its id may not be used until all CPUs dropped it. */
void tlb_shadow_destroyed(const struct page_table *table);

/* Lost translations that some CPU may hold, now; and how many were forgotten. */
unsigned tlb_shadow_pending(void);
uint64_t tlb_shadow_forgotten(void);

#else

static inline void tlb_shadow_lost(const struct page_table *table, bool is_kernel,
				   uintptr_t address, unsigned level, uint64_t old)
{
	(void)table, (void)is_kernel, (void)address, (void)level, (void)old;
}

static inline void tlb_shadow_mapped(const struct page_table *table, uintptr_t address,
				     unsigned level, uint64_t entry)
{
	(void)table, (void)address, (void)level, (void)entry;
}

static inline void tlb_shadow_lost_table(const struct page_table *table, bool is_kernel,
					 uint64_t physical, uintptr_t first, uintptr_t last)
{
	(void)table, (void)is_kernel, (void)physical, (void)first, (void)last;
}

static inline void tlb_shadow_load(unsigned cpu, const struct page_table *table, uint64_t id)
{
	(void)cpu, (void)table, (void)id;
}

static inline void tlb_shadow_invalidated(unsigned cpu, const struct tlb_request *request)
{
	(void)cpu, (void)request;
}

static inline uint64_t tlb_shadow_time(void)
{
	return 0;
}

static inline void tlb_shadow_deferred(const struct page_table *table, uint64_t cpus,
				       uint64_t since)
{
	(void)table, (void)cpus, (void)since;
}

static inline void tlb_shadow_rolled_over(unsigned cpu, uint64_t kept_id)
{
	(void)cpu, (void)kept_id;
}

static inline void tlb_shadow_released(uint64_t physical, unsigned order)
{
	(void)physical, (void)order;
}

static inline void tlb_shadow_destroyed(const struct page_table *table)
{
	(void)table;
}

#endif

#endif
