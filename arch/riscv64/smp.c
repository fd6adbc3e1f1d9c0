/*
 * Harts: which is which logical CPU's, which run, and starting them by SBI HSM hart_start
 * (SBI 1.0, 9.1).
 *
 * hart_ids[cpu] is written by the boot CPU before the CPU starts and constant afterwards. running
 * is atomic; bits are only ever added.
 */
#include <arch/atomic.h>
#include <arch/barrier.h>
#include <arch/riscv64/assembly.h>
#include <arch/riscv64/port.h>
#include <arch/smp.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/log_hook.h>
#include <lib/panic.h>

_Static_assert(START_PROTOCOL_FDT == BOOT_PROTOCOL_FDT, "start.S passes it");
_Static_assert(CPU_MAX == 64, "a set of CPUs is one word; start.S looks through so many");

#define HART_WINDOW 64

extern char start_secondary[];
extern uint64_t hart_ids[CPU_MAX];
extern uint64_t hart_starts[CPU_MAX];

/* Both read by start.S, at start_again; 0: not started. */
uint64_t hart_ids[CPU_MAX];
uint64_t hart_starts[CPU_MAX];
static uint64_t running;

void hart_assign(unsigned cpu, uint64_t hart)
{
	hart_ids[cpu] = hart;
}

struct sbi_harts hart_of(unsigned cpu)
{
	return (struct sbi_harts){ .base = hart_ids[cpu], .mask = 1 };
}

/*
 * Store buffering, decided by smp_mb() here and by tlb_invalidate_begin() there: either
 * harts_running() on another hart sees the bit and sends its fence here, or this hart's walker,
 * after the sfence.vma of cpu_init(), sees the page-table stores before that harts_running().
 */
void hart_set_running(unsigned cpu)
{
	atomic64_fetch_or_relaxed(&running, 1UL << cpu);
	smp_mb(); /* the bit before this hart's later walks; pairs with remote_sfence_vma() */
}

uint64_t harts_running(void)
{
	return atomic64_load_relaxed(&running);
}

struct sbi_harts harts_take(uint64_t *cpus)
{
	struct sbi_harts harts = { .base = hart_ids[__builtin_ctzll(*cpus)] &
					   -(uint64_t)HART_WINDOW };

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		uint64_t offset = hart_ids[cpu] - harts.base;

		if ((*cpus >> cpu & 1) && offset < HART_WINDOW) {
			harts.mask |= 1UL << offset;
			*cpus &= ~(1UL << cpu);
		}
	}
	return harts;
}

uint64_t cpu_boot_hardware_id(void)
{
	return start_boot_hart;
}

/* Without interrupts and fences between harts, others could be started but not worked with. */
int cpu_start_init(const struct boot_info *info)
{
	(void)info;
	return sbi_has(SBI_HSM) && sbi_has(SBI_IPI) && sbi_has(SBI_RFENCE) ? 0 : -ENODEV;
}

/* sbi_call() has the fence between the stores before and the hart that starts. */
int cpu_start(const struct boot_info *info, unsigned cpu, const struct cpu_start *start)
{
	uint64_t hart = info->cpus[cpu].hardware_id;
	uint64_t entry = info->kernel.base + (uint64_t)(start_secondary - image_start);

	BUG_ON(cpu == 0 || cpu >= CPU_MAX);
	hart_assign(cpu, hart);
	/* For a hart that starts at the boot hart's entry (start.S). */
	hart_starts[cpu] = (uintptr_t)start;
	if (sbi_hart_start(hart, entry, (uintptr_t)start) == 0)
		return 0;
	log_print(LOG_ERROR, "smp: CPU %u (hart %lu) was not started; it is %s", cpu,
		  (unsigned long)hart, sbi_hart_state_name(hart));
	return -EIO;
}
