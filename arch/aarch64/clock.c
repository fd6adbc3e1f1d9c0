/*
 * The generic timer: the virtual counter, and each CPU's virtual timer with its private interrupt
 * (DDI 0487, chapter "The Generic Timer in AArch64 state"). The counter is one for the system.
 * Virtual, because it is EL1's wherever we run: start.S makes the offset 0 when it can, and a
 * hypervisor offers nothing else.
 *
 * The two variables are written on the boot CPU before others start; the timer registers are each
 * CPU's own.
 */
#include <arch/aarch64/port.h>
#include <arch/clock.h>
#include <arch/cpu.h>
#include <lib/errno.h>

#define TIMER_ENABLE 1 /* CNTV_CTL_EL0.ENABLE, with IMASK clear */

static uint64_t counter_hz;
static unsigned timer_intid;

int clock_counter_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size))
{
	(void)map_device;
	counter_hz = info->arm.timer_hz ? info->arm.timer_hz : system_register_read(cntfrq_el0);
	if (counter_hz == 0 || info->arm.timer_intid < 16 || info->arm.timer_intid > 31)
		return -ENODEV;
	timer_intid = info->arm.timer_intid;
	return 0;
}

void clock_timer_init_cpu(void)
{
	clock_timer_disarm();
	interrupt_private_unmask(timer_intid);
}

unsigned clock_timer_line(void)
{
	return timer_intid;
}

uint64_t clock_counter_hz(void)
{
	return counter_hz;
}

const char *clock_counter_name(void)
{
	return "generic timer, CNTVCT_EL0";
}

/*
 * A read of the counter may be executed early, before the load whose value (a flag that was waited
 * for) is the reason to read it; an ISB behind the branch on that value holds it back ("The virtual
 * counter").
 */
uint64_t clock_counter_read(void)
{
	isb();
	return system_register_read(cntvct_el0);
}

/* isb: the timer works by the new value before the caller goes on, to sleep for instance. */
void clock_timer_arm(uint64_t deadline)
{
	system_register_write(cntv_cval_el0, deadline);
	system_register_write(cntv_ctl_el0, TIMER_ENABLE);
	isb();
}

void clock_timer_disarm(void)
{
	system_register_write(cntv_ctl_el0, 0);
	isb();
}

/* When no one wrote CNTFRQ_EL0: no counter is faster, so the wait is long enough. */
#define COUNTER_HZ_MAX 1000000000UL

uint64_t deadline_after_seconds(unsigned seconds)
{
	uint64_t hz = system_register_read(cntfrq_el0);

	return clock_counter_read() + seconds * (hz ? hz : COUNTER_HZ_MAX);
}

bool deadline_passed(uint64_t deadline)
{
	cpu_relax();
	return clock_counter_read() > deadline;
}
