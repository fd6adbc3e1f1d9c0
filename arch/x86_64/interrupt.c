/*
 * arch/interrupt.h over the local APICs and the I/O APICs. The 8259 pair that every PC has is
 * masked for good.
 *
 * Line n comes in on vector VECTOR_LINE_FIRST + n, on every CPU. No lock: what stands here is
 * constant after interrupt_controller_init().
 */
#include <arch/interrupt.h>
#include <arch/io.h>
#include <arch/x86_64/ioapic.h>
#include <arch/x86_64/local_apic.h>
#include <arch/x86_64/port.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/panic.h>

/*
 * 8259A datasheet (order 231468): the mask is operation control word 1, at the odd port of each of
 * the pair.
 */
#define PIC_MASTER_MASK_PORT 0x21
#define PIC_SLAVE_MASK_PORT 0xa1

static uint32_t apic_ids[CPU_MAX];
static unsigned cpu_count;
static char controller_name[40] = "none";

int interrupt_controller_init(const struct boot_info *info,
			      void *(*map_device)(uint64_t base, uint64_t size))
{
	int error;

	if (!info->apic.local_base)
		return -ENODEV;
	for (cpu_count = 0; cpu_count < info->cpu_count && cpu_count < CPU_MAX; cpu_count++)
		apic_ids[cpu_count] = (uint32_t)info->cpus[cpu_count].hardware_id;

	port_write8(PIC_MASTER_MASK_PORT, 0xff);
	port_write8(PIC_SLAVE_MASK_PORT, 0xff);

	error = local_apic_init(info->apic.local_base, map_device);
	if (!error)
		error = ioapic_init(&info->apic, map_device);
	if (error)
		return error;
	format_text(controller_name, sizeof(controller_name), "local APIC + %u I/O APIC%s",
		    ioapic_count(), ioapic_count() == 1 ? "" : "s");
	return 0;
}

void interrupt_controller_init_cpu(unsigned cpu)
{
	(void)cpu;
	local_apic_init_cpu();
}

const char *interrupt_controller_name(void)
{
	return controller_name;
}

int interrupt_line_unmask(unsigned line, unsigned cpu)
{
	/* The I/O APIC's destination has 8 bits. */
	if (line >= VECTOR_LINE_COUNT || cpu >= cpu_count || apic_ids[cpu] > 0xff)
		return -EINVAL;
	return ioapic_unmask(line, (uint8_t)(VECTOR_LINE_FIRST + line), (uint8_t)apic_ids[cpu]);
}

int interrupt_line_mask(unsigned line)
{
	return ioapic_mask(line);
}

void ipi_send(unsigned cpu)
{
	BUG_ON(cpu >= cpu_count);
	if (local_apic_send(apic_ids[cpu], VECTOR_IPI))
		panic("local APIC: an interrupt for CPU %u was not passed on", cpu);
}

void ipi_send_urgent(unsigned cpu)
{
	/*
	 * No panic here: this is how a panic stops the others, and it goes on without one that
	 * cannot be reached.
	 */
	if (cpu < cpu_count)
		local_apic_send(apic_ids[cpu], APIC_COMMAND_NMI);
}

bool interrupt_dispatch(struct trap_frame *frame, const struct trap_handlers *handlers)
{
	switch (frame->vector) {
	case VECTOR_TIMER:
		local_apic_complete();
		handlers->timer(frame);
		return true;
	case VECTOR_IPI:
		local_apic_complete();
		handlers->ipi(frame);
		return true;
	case VECTOR_APIC_ERROR:
		local_apic_report_error();
		local_apic_complete();
		return true;
	case VECTOR_SPURIOUS: /* not in service, so not completed: SDM vol. 3, 11.9 */
		return true;
	default:
		if (frame->vector - VECTOR_LINE_FIRST >= VECTOR_LINE_COUNT)
			return false;
		/*
		 * Completed last: a level-triggered line stays asserted until its handler has
		 * calmed the device.
		 */
		handlers->interrupt((unsigned)(frame->vector - VECTOR_LINE_FIRST), frame);
		local_apic_complete();
		return true;
	}
}
