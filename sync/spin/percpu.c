/*
 * Where each CPU's per-CPU data lies. Written by the boot CPU before the CPU in question starts,
 * constant afterwards.
 */
#include <lib/image.h>
#include <lib/panic.h>
#include <sync/spin/percpu.h>

static uintptr_t percpu_offsets[CPU_MAX];

size_t percpu_area_size(void)
{
	return (size_t)(percpu_end - percpu_start);
}

void percpu_assign_area(unsigned cpu, void *area)
{
	BUG_ON(cpu == 0 || cpu >= CPU_MAX);
	percpu_offsets[cpu] = (uintptr_t)area - (uintptr_t)percpu_start;
}

uintptr_t percpu_offset_of(unsigned cpu)
{
	ASSERT(percpu_has_area(cpu));
	return percpu_offsets[cpu];
}

bool percpu_has_area(unsigned cpu)
{
	return cpu == 0 || (cpu < CPU_MAX && percpu_offsets[cpu] != 0);
}
