/*
 * The time CSR, which every hart reads from one counter of the machine (unprivileged ISA
 * 20191213, 10.1), and each hart's timer: stimecmp where the harts have Sstc, else the SBI's.
 *
 * The timer interrupt is pending for as long as the counter is past the deadline, so disarming is a
 * deadline that never comes. The variables are written on the boot CPU before others start; the
 * timer is each hart's own.
 */
#include <arch/clock.h>
#include <arch/riscv64/port.h>
#include <lib/errno.h>

#define TIMER_NEVER UINT64_MAX

static uint64_t counter_hz;
static bool has_sstc;

int clock_counter_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size))
{
	(void)map_device;
	if (info->riscv.timebase_hz == 0 || !(info->riscv.has_sstc || sbi_has(SBI_TIME)))
		return -ENODEV;
	counter_hz = info->riscv.timebase_hz;
	has_sstc = info->riscv.has_sstc;
	return 0;
}

void clock_timer_init_cpu(void)
{
	clock_timer_disarm();
	csr_set(sie, SIE_TIMER);
}

bool clock_has_sstc(void)
{
	return has_sstc;
}

uint64_t clock_counter_hz(void)
{
	return counter_hz;
}

const char *clock_counter_name(void)
{
	return has_sstc ? "time CSR, Sstc timer" : "time CSR, SBI timer";
}

/*
 * Reading the CSR counts as an input (port.h). The first fence keeps it behind the load that saw
 * another CPU's store, the second keeps this CPU's later stores behind it; so of two reads with a
 * store and a load between them the second is not older. (The manual lets the harts' counters
 * differ by one tick; QEMU's do not.)
 */
uint64_t clock_counter_read(void)
{
	uint64_t count;

	asm volatile("fence r, i\n\trdtime %0\n\tfence i, w" : "=r"(count)::"memory");
	return count;
}

/* stimecmp is CSR 0x14d (Sstc 1.0, chapter 2); the assemblers do not know its name. */
void clock_timer_arm(uint64_t deadline)
{
	if (has_sstc)
		csr_write(0x14d, deadline);
	else
		sbi_set_timer(deadline);
}

void clock_timer_disarm(void)
{
	clock_timer_arm(TIMER_NEVER);
}
