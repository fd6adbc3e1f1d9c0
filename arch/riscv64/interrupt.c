/*
 * arch/interrupt.h over the PLIC, for devices, and the SBI, for interrupts between CPUs. No lock:
 * what stands here is constant after interrupt_controller_init().
 */
#include <arch/clock.h>
#include <arch/interrupt.h>
#include <arch/riscv64/plic.h>
#include <arch/riscv64/port.h>
#include <lib/format.h>
#include <lib/panic.h>

/* scause of interrupts, without its top bit: privileged architecture 20211203, table 4.2. */
#define INTERRUPT_SOFTWARE 1
#define INTERRUPT_TIMER 5
#define INTERRUPT_EXTERNAL 9
#define INTERRUPT_NUMBER(scause) ((scause) & ~(1UL << 63))

static char controller_name[40] = "none";

int interrupt_controller_init(const struct boot_info *info,
			      void *(*map_device)(uint64_t base, uint64_t size))
{
	int error = plic_init(info, map_device);

	if (!error)
		format_text(controller_name, sizeof(controller_name), "PLIC with %u sources",
			    plic_sources());
	return error;
}

void interrupt_controller_init_cpu(unsigned cpu)
{
	plic_init_cpu(cpu);
	csr_set(sie, SIE_SOFTWARE | SIE_EXTERNAL);
}

const char *interrupt_controller_name(void)
{
	return controller_name;
}

int interrupt_line_unmask(unsigned line, unsigned cpu)
{
	return plic_unmask(line, cpu);
}

int interrupt_line_mask(unsigned line)
{
	return plic_mask(line);
}

/* The order of the caller's stores and the interrupt is sbi_call()'s; a refusal has been logged. */
void ipi_send(unsigned cpu)
{
	BUG_ON(cpu >= CPU_MAX);
	sbi_send_ipi(hart_of(cpu));
}

void ipi_send_urgent(unsigned cpu)
{
	ipi_send(cpu);
}

/*
 * First the bit is cleared, then the handler looks for what it was sent for. A sender that finds
 * the bit still set has stored its message before (sbi_call()); the fence keeps the handler's loads
 * behind the clearing, so they see it: one interrupt for both messages. Without it a load could
 * come first, and the second message's interrupt be the one cleared. csrc is a write and so an
 * output (port.h); the i keeps the loads behind the interrupt's being seen, too.
 */
static void ipi_dispatch(struct trap_frame *frame)
{
	csr_clear(sip, SIE_SOFTWARE);
	asm volatile("fence io, rw" ::: "memory");
	trap_handlers->ipi(frame);
}

/*
 * Another CPU cannot take what is routed here, so a claim of 0 means that the line was calmed or
 * masked meanwhile.
 */
static void external_dispatch(struct trap_frame *frame)
{
	unsigned cpu = (unsigned)trap_cpu_here()->cpu;
	unsigned line = plic_claim(cpu);

	if (line == 0)
		return;
	trap_handlers->interrupt(line, frame);
	plic_complete(line, cpu);
}

bool interrupt_dispatch(struct trap_frame *frame)
{
	if (!trap_handlers)
		return false;
	switch (INTERRUPT_NUMBER(frame->scause)) {
	case INTERRUPT_SOFTWARE:
		ipi_dispatch(frame);
		return true;
	case INTERRUPT_TIMER:
		clock_timer_disarm();
		trap_handlers->timer(frame);
		return true;
	case INTERRUPT_EXTERNAL:
		external_dispatch(frame);
		return true;
	default:
		return false;
	}
}
