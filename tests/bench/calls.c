/*
 * What the boot's own services cost: clock, cross-CPU calls, invalidations, exceptions.
 */
#include <arch/probe.h>
#include <boot/bench.h>
#include <boot/trap.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

BENCH(boot, clock_ns)
{
	BENCH_LOOP
		clock_ns();
}

static void nothing(void *argument)
{
	(void)argument;
}

BENCH(boot, on_this_cpu)
{
	BENCH_LOOP
		on_cpu(0, nothing, NULL);
}

BENCH_PARALLEL(boot, on_next_cpu, 500)
{
	unsigned next = (cpu_current() + 1) % cpus_online_count();

	BENCH_LOOP
		on_cpu(next, nothing, NULL);
}

/* A page fault that the exception table serves: trap entry, decoding, table, return. */
BENCH(boot, fault_and_fixup)
{
	uint8_t value;

	BENCH_LOOP
		probe_read_u8(0, &value);
}

static bool skip(struct trap *trap)
{
	trap_frame_skip_breakpoint(trap->frame);
	return true;
}

BENCH(boot, breakpoint_and_return)
{
	trap_set_hook(skip);
	BENCH_LOOP
		trap_breakpoint();
	trap_set_hook(NULL);
}

BENCH(boot, tlb_invalidate_one_page)
{
	BENCH_LOOP
		tlb_invalidate(kernel_space(), KSPACE_BASE, PAGE_SIZE, 0, false);
}

static void never(struct timer *timer)
{
	(void)timer;
}

BENCH(boot, timer_start_and_cancel)
{
	struct timer timer = { .function = never };

	BENCH_LOOP {
		timer_start(&timer, clock_ns() + NS_PER_SECOND);
		timer_cancel(&timer);
	}
}
