/*
 * Bringing up the other CPUs: all get their memory, all are asked to start, then all are waited
 * for.
 *
 * start_states decides between a CPU that arrives and the boot CPU that gives it up: whoever
 * changes STARTING first wins. Stack, per-CPU area and struct cpu_start of an abandoned CPU are
 * never used for anything else.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/interrupt.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <boot/entry.h>
#include <boot/smp.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu.h>

enum start_state { NOT_STARTED, STARTING, ARRIVED, ABANDONED };

static uint32_t start_states[CPU_MAX]; /* atomic: enum start_state */
static struct cpu_start starts[CPU_MAX];
static uintptr_t emergency_stacks[CPU_MAX][CPU_EMERGENCY_STACKS]; /* tops */

static bool allocate_emergency_stacks(unsigned cpu)
{
	for (unsigned i = 0; i < CPU_EMERGENCY_STACKS; i++) {
		emergency_stacks[cpu][i] = kspace_alloc_stack();
		if (!emergency_stacks[cpu][i])
			return false;
	}
	return true;
}

int smp_guard_boot_cpu(void)
{
	if (!allocate_emergency_stacks(0))
		return -ENOMEM;
	cpu_set_emergency_stacks(emergency_stacks[0]);
	return 0;
}

/* What a CPU needs before its first instruction. False: no memory. */
static bool prepare(unsigned cpu)
{
	size_t area_pages = (percpu_area_size() + PAGE_SIZE - 1) / PAGE_SIZE;
	struct frame *area = frame_alloc_run(area_pages, PAGE_SIZE, UINT64_MAX, FRAME_TAG_PERCPU);

	if (!area)
		return false;
	memset(frame_to_virt(area), 0, area_pages * PAGE_SIZE);
	starts[cpu].cpu = cpu;
	starts[cpu].stack_top = kspace_alloc_stack();
	if (!starts[cpu].stack_top || !allocate_emergency_stacks(cpu))
		return false;
	percpu_assign_area(cpu, frame_to_virt(area));
	starts[cpu].percpu_offset = percpu_offset_of(cpu);
	return true;
}

static void start_one(const struct boot_info *info, unsigned cpu)
{
	atomic_store_relaxed(&start_states[cpu], STARTING);
	/* cpu_start() makes the stores above visible to the CPU (arch/smp.h). */
	if (cpu_start(info, cpu, &starts[cpu]) != 0)
		atomic_store_relaxed(&start_states[cpu], ABANDONED);
}

/* Waits until the CPU is online; gives it up at the deadline. */
static void wait_for_one(const struct boot_info *info, unsigned cpu, uint64_t deadline)
{
	uint32_t starting = STARTING;

	while (!cpu_is_online(cpu) && clock_ns() < deadline)
		cpu_relax();
	if (cpu_is_online(cpu))
		return;
	/* Relaxed: a single word decides, and nothing else is handed over by it. */
	if (atomic_compare_exchange_relaxed(&start_states[cpu], &starting, ABANDONED) ||
	    starting == ARRIVED)
		log_print(LOG_ERROR,
			  "CPU %u (hardware id 0x%llx) %s within %llu s: going on without it", cpu,
			  (unsigned long long)info->cpus[cpu].hardware_id,
			  starting == ARRIVED ? "arrived but did not come online"
					      : "did not come up",
			  (unsigned long long)(SMP_PATIENCE_NS / NS_PER_SECOND));
}

void smp_start_cpus(const struct boot_info *info)
{
	if (info->cpu_count <= 1)
		return;
	if (cpu_start_init(info) != 0) {
		log_print(LOG_ERROR, "no way to start other CPUs: going on with one of %u",
			  info->cpu_count);
		return;
	}
	/*
	 * All mappings first: a new one may have to be made known to every CPU that runs
	 * (mmu_publish()).
	 */
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++)
		if (!prepare(cpu))
			log_print(LOG_ERROR, "CPU %u: no memory for its stacks; not started", cpu);
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++)
		if (percpu_has_area(cpu))
			start_one(info, cpu);

	uint64_t deadline = clock_ns() + SMP_PATIENCE_NS;

	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		uint32_t state = atomic_load_relaxed(&start_states[cpu]);

		if (state == STARTING || state == ARRIVED)
			wait_for_one(info, cpu, deadline);
	}
}

void secondary_start(uint64_t number)
{
	unsigned cpu = (unsigned)number;
	uint32_t starting = STARTING;

	/* Relaxed: as in wait_for_one. */
	if (!atomic_compare_exchange_relaxed(&start_states[cpu], &starting, ARRIVED))
		cpu_halt_forever();
	cpu_set_current(cpu);
	mmu_load_kernel_root(kspace_page_table()->root);
	cpu_set_emergency_stacks(emergency_stacks[cpu]);
	cpu_init(cpu);
	interrupt_controller_init_cpu(cpu);
	clock_timer_init_cpu();
	timer_init_cpu();
	cpu_set_online();
	tlb_join();
	for (;;)
		cpu_wait_for_interrupt();
}
