/*
 * The reference clocks (reference_clock.h). Constant after the first reference_clock_get() of each;
 * no lock, as only the boot CPU uses them.
 */
#include <arch/io.h>
#include <arch/page_flags.h>
#include <arch/x86_64/reference_clock.h>
#include <stddef.h>

/* HPET: IA-PC HPET specification 1.0a, 2.3. */
#define HPET_CAPABILITIES 0x000
#define HPET_CONFIGURATION 0x010
#define HPET_COUNTER 0x0f0
#define HPET_ENABLE 0x1
#define HPET_COUNTER_IS_64_BITS 0x2000
#define HPET_PERIOD_MAX 100000000 /* femtoseconds */
#define FEMTOSECONDS_PER_SECOND 1000000000000000ULL

/* Power-management timer: ACPI 6.5, 4.8.3.3. 24 bits are always there. */
#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK 0xffffff

/*
 * PIT: 8254 datasheet (order 231164); channel 2's gate and output are at port 0x61 (ICH9
 * datasheet, 13.7.1).
 */
#define PIT_HZ 1193182
#define PIT_CHANNEL_2_PORT 0x42
#define PIT_COMMAND_PORT 0x43
#define PIT_COMMAND_CHANNEL_2_MODE_0                                                               \
	0xb0 /* low byte, then high byte; output rises when the count is down */
#define PIT_COMMAND_CHANNEL_2_LATCH 0x80
#define PIT_CONTROL_PORT 0x61
#define PIT_CONTROL_GATE 0x01
#define PIT_CONTROL_SPEAKER 0x02
#define PIT_CONTROL_OUTPUT 0x20
#define PIT_COUNT 0xffff

static uintptr_t hpet_registers;
static uint16_t pm_timer_port;

static void hpet_start(void)
{
	mmio_write64(hpet_registers + HPET_CONFIGURATION,
		     mmio_read64(hpet_registers + HPET_CONFIGURATION) | HPET_ENABLE);
}

/*
 * The low half alone: a 64-bit read of a 32-bit HPET is not defined, and 32 bits last for 40 s and
 * more.
 */
static bool hpet_read(uint64_t *count)
{
	*count = mmio_read32(hpet_registers + HPET_COUNTER);
	return true;
}

static const struct reference_clock *hpet_get(const struct boot_info *info,
					      void *(*map_device)(uint64_t base, uint64_t size))
{
	static struct reference_clock hpet = {
		.name = "HPET", .mask = UINT32_MAX, .start = hpet_start, .read = hpet_read
	};
	uint64_t period;

	if (!info->apic.hpet.size)
		return NULL;
	if (!hpet_registers)
		hpet_registers = (uintptr_t)map_device(info->apic.hpet.base, PAGE_SIZE);
	if (!hpet_registers)
		return NULL;
	period = mmio_read64(hpet_registers + HPET_CAPABILITIES) >> 32;
	if (period == 0 || period > HPET_PERIOD_MAX)
		return NULL;
	hpet.hz = FEMTOSECONDS_PER_SECOND / period;
	return &hpet;
}

static void pm_timer_start(void)
{
	/* It always runs. */
}

static bool pm_timer_read(uint64_t *count)
{
	*count = port_read32(pm_timer_port) & PM_TIMER_MASK;
	return true;
}

static const struct reference_clock *pm_timer_get(const struct boot_info *info)
{
	static const struct reference_clock pm_timer = { .name = "ACPI timer",
							 .hz = PM_TIMER_HZ,
							 .mask = PM_TIMER_MASK,
							 .start = pm_timer_start,
							 .read = pm_timer_read };

	if (info->apic.pm_timer_port == 0 || info->apic.pm_timer_port > UINT16_MAX)
		return NULL;
	pm_timer_port = (uint16_t)info->apic.pm_timer_port;
	return &pm_timer;
}

static void pit_start(void)
{
	uint8_t control = port_read8(PIT_CONTROL_PORT) & ~PIT_CONTROL_SPEAKER;

	port_write8(PIT_CONTROL_PORT, control | PIT_CONTROL_GATE);
	port_write8(PIT_COMMAND_PORT, PIT_COMMAND_CHANNEL_2_MODE_0);
	port_write8(PIT_CHANNEL_2_PORT, PIT_COUNT & 0xff);
	port_write8(PIT_CHANNEL_2_PORT, PIT_COUNT >> 8);
}

static bool pit_read(uint64_t *count)
{
	uint8_t low;
	uint8_t high;

	port_write8(PIT_COMMAND_PORT, PIT_COMMAND_CHANNEL_2_LATCH);
	low = port_read8(PIT_CHANNEL_2_PORT);
	high = port_read8(PIT_CHANNEL_2_PORT);
	*count = PIT_COUNT - (uint64_t)(high << 8 | low);
	return !(port_read8(PIT_CONTROL_PORT) & PIT_CONTROL_OUTPUT);
}

static const struct reference_clock pit = {
	.name = "PIT", .hz = PIT_HZ, .mask = PIT_COUNT, .start = pit_start, .read = pit_read
};

const struct reference_clock *reference_clock_get(const struct boot_info *info, unsigned index,
						  void *(*map_device)(uint64_t base, uint64_t size))
{
	const struct reference_clock *const clocks[] = { hpet_get(info, map_device),
							 pm_timer_get(info), &pit };

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (clocks[i] && index-- == 0)
			return clocks[i];
	}
	return NULL;
}
