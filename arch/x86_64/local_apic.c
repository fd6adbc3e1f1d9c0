/*
 * The local APIC (local_apic.h).
 *
 * No lock: each CPU reaches only its own. The variables here are constant once the boot CPU has set
 * them.
 */
#include <arch/barrier.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/page_flags.h>
#include <arch/x86_64/local_apic.h>
#include <arch/x86_64/port.h>
#include <arch/x86_64/registers.h>
#include <lib/errno.h>
#include <lib/log_hook.h>

/* Registers: SDM vol. 3, table 11-1; as an MSR, 0x800 + offset / 16 (table 11-6). */
#define APIC_VERSION 0x030
#define APIC_TASK_PRIORITY 0x080
#define APIC_COMPLETE 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_ERROR 0x280
#define APIC_COMMAND_LOW 0x300
#define APIC_COMMAND_HIGH 0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_THERMAL 0x330
#define APIC_LVT_PERFORMANCE 0x340
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0

#define SPURIOUS_ENABLE 0x100
#define COMMAND_PENDING 0x1000
#define COMMAND_DELIVERY_MODE 0x700
#define COMMAND_NMI_MODE 0x400
#define LVT_MASKED 0x10000
#define LVT_TIMER_TSC_DEADLINE 0x40000
#define TIMER_DIVIDE_BY_1 0xb

/*
 * A command is passed on within microseconds; this many reads of a device register take a good part
 * of a second.
 */
#define COMMAND_POLLS_MAX 1000000

static uintptr_t registers;
static bool x2apic;

static uint32_t apic_read(uint32_t offset)
{
	if (x2apic)
		return (uint32_t)msr_read(MSR_X2APIC_FIRST + offset / 16);
	return mmio_read32(registers + offset);
}

static void apic_write(uint32_t offset, uint32_t value)
{
	if (x2apic)
		msr_write(MSR_X2APIC_FIRST + offset / 16, value);
	else
		mmio_write32(registers + offset, value);
}

int local_apic_init(uint64_t base, void *(*map_device)(uint64_t base, uint64_t size))
{
	x2apic = msr_read(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	if (!x2apic) {
		registers = (uintptr_t)map_device(base, PAGE_SIZE);
		if (!registers)
			return -ENOMEM;
	}
	local_apic_init_cpu();
	return 0;
}

void local_apic_init_cpu(void)
{
	/* All CPUs in the same mode. From xAPIC to x2APIC is one write (SDM vol. 3, 11.12.5). */
	msr_write(MSR_APIC_BASE,
		  msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE | (x2apic ? APIC_BASE_X2APIC : 0));

	/*
	 * Enabled first: while it is disabled, its mask bits cannot be cleared (SDM vol. 3,
	 * 11.4.7.2).
	 */
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_MASKED);
	/*
	 * How many entries there are: version register, bits 23..16, less one (SDM vol. 3, 11.4.8).
	 */
	if ((apic_read(APIC_VERSION) >> 16 & 0xff) >= 4)
		apic_write(APIC_LVT_PERFORMANCE, LVT_MASKED);
	if ((apic_read(APIC_VERSION) >> 16 & 0xff) >= 5)
		apic_write(APIC_LVT_THERMAL, LVT_MASKED);
	apic_write(APIC_ERROR, 0);
	apic_write(APIC_LVT_ERROR, VECTOR_APIC_ERROR);
}

void local_apic_complete(void)
{
	apic_write(APIC_COMPLETE, 0);
}

void local_apic_report_error(void)
{
	/* The write makes the register take over what has gathered (SDM vol. 3, 11.5.3). */
	apic_write(APIC_ERROR, 0);
	log_print(LOG_WARNING, "local APIC: error status %#x", apic_read(APIC_ERROR));
}

static bool command_passed_on(void)
{
	for (unsigned i = 0; i < COMMAND_POLLS_MAX; i++) {
		if (!(mmio_read32(registers + APIC_COMMAND_LOW) & COMMAND_PENDING))
			return true;
		cpu_relax();
	}
	return false;
}

/*
 * The two halves of the command register belong together. Against an interrupt handler that sends,
 * interrupts are disabled; an NMI, a machine check or a panic can still come between, and they send
 * nothing but NMIs: so an NMI's sender puts back the half that it found.
 */
static int xapic_send(uint32_t apic_id, uint32_t command)
{
	bool may_interrupt_sender = (command & COMMAND_DELIVERY_MODE) == COMMAND_NMI_MODE;
	unsigned long flags = interrupts_save();
	int error = -EIO;

	if (command_passed_on()) {
		uint32_t found = may_interrupt_sender ? mmio_read32(registers + APIC_COMMAND_HIGH)
						      : 0;

		mmio_write32(registers + APIC_COMMAND_HIGH, apic_id << 24);
		mmio_write32(registers + APIC_COMMAND_LOW, command);
		if (command_passed_on())
			error = 0;
		if (may_interrupt_sender)
			mmio_write32(registers + APIC_COMMAND_HIGH, found);
	}
	interrupts_restore(flags);
	return error;
}

int local_apic_send(uint32_t apic_id, uint32_t command)
{
	if (!x2apic) {
		/* The stores to uncached memory stay behind all earlier stores: arch/io.h. */
		return xapic_send(apic_id, command);
	}
	/*
	 * Orders the caller's earlier stores before the interrupt, whose handler on the other CPU
	 * reads them: a write of an x2APIC register does not wait for the store buffer (SDM vol.
	 * 3, 11.12.3).
	 */
	mb();
	rmb();
	msr_write(MSR_X2APIC_FIRST + APIC_COMMAND_LOW / 16, (uint64_t)apic_id << 32 | command);
	return 0;
}

void local_apic_timer_init(enum local_apic_timer_mode mode, bool interrupt)
{
	uint32_t entry = VECTOR_TIMER;

	if (mode == APIC_TIMER_TSC_DEADLINE)
		entry |= LVT_TIMER_TSC_DEADLINE;
	if (!interrupt)
		entry |= LVT_MASKED;
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, entry);
	/*
	 * Orders the mode, a store, before the first write of the deadline, an MSR (SDM vol. 3,
	 * 11.5.4.1).
	 */
	mb();
}

void local_apic_timer_start(uint32_t count)
{
	apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t local_apic_timer_read(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}
