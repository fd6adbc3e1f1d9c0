/*
 * The interrupt controller over the two GIC drivers, and interrupts between CPUs.
 *
 * IPIs are software-generated interrupt 0. Every interrupt has the same priority, so none nests.
 * The variables are written by interrupt_controller_init() before other CPUs run; the controller's
 * registers that several CPUs may write (enable bits) are set and cleared by writing ones, so no
 * lock is needed.
 */
#include <arch/aarch64/gic.h>
#include <arch/aarch64/port.h>
#include <arch/clock.h>
#include <arch/interrupt.h>
#include <lib/errno.h>
#include <stddef.h>

static const struct gic_driver *gic;
static unsigned gic_lines;

int interrupt_controller_init(const struct boot_info *info,
			      void *(*map_device)(uint64_t base, uint64_t size))
{
	const struct gic_driver *driver;
	int error;

	switch (info->gic.version) {
	case 0:
		return -ENODEV;
	case 2:
		driver = &gic_v2_driver;
		break;
	case 3:
		driver = &gic_v3_driver;
		break;
	default:
		return -ENOTSUP;
	}
	error = driver->init(info, map_device, &gic_lines);
	if (error)
		return error;
	gic = driver;
	return 0;
}

void interrupt_controller_init_cpu(unsigned cpu)
{
	gic->init_cpu(cpu);
}

const char *interrupt_controller_name(void)
{
	return gic ? gic->name : "none";
}

int interrupt_line_unmask(unsigned line, unsigned cpu)
{
	if (line < GIC_SHARED_FIRST || line >= gic_lines || cpu >= CPU_MAX)
		return -EINVAL;
	return gic->unmask(line, cpu);
}

int interrupt_line_mask(unsigned line)
{
	if (line < GIC_SHARED_FIRST || line >= gic_lines)
		return -EINVAL;
	gic->mask(line);
	return 0;
}

void interrupt_private_unmask(unsigned intid)
{
	gic->unmask_private(intid);
}

/*
 * The handler on the other CPU sees what was stored before: the stores are complete for the inner
 * shareable domain when the interrupt is made. GICv3 makes it by a system register write, which is
 * no memory access and so not ordered by any DMB (DDI 0487, B2 "Memory barriers"); GICv2 by
 * a store, for which a DMB would do. Pairs with the barrier after the acknowledgement in each
 * driver.
 */
void ipi_send(unsigned cpu)
{
	asm volatile("dsb ishst" ::: "memory");
	gic->send(cpu);
}

void ipi_send_urgent(unsigned cpu)
{
	ipi_send(cpu);
}

/*
 * One interrupt; another that is pending interrupts again after the return. IPI and timer are
 * completed before their handlers, which may switch to another thread; a device's line after, when
 * its handler has quieted the device.
 */
void interrupt_dispatch(struct trap_frame *frame)
{
	uint32_t acknowledged = gic->acknowledge();
	unsigned intid = acknowledged & 0x3ff;

	if (intid >= GIC_SPECIAL_FIRST)
		return;
	if (intid < GIC_PRIVATE_FIRST) {
		gic->complete(acknowledged);
		trap_handlers->ipi(frame);
	} else if (intid == clock_timer_line()) {
		clock_timer_disarm();
		gic->complete(acknowledged);
		trap_handlers->timer(frame);
	} else {
		trap_handlers->interrupt(intid, frame);
		gic->complete(acknowledged);
	}
}
