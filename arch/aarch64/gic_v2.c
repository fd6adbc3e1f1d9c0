/*
 * GICv2 (Arm IHI 0048B): a distributor, and a memory-mapped interface that each CPU sees as its own
 * at the same address. At most 8 CPUs, each with a bit in the target registers.
 *
 * Interrupts stay in the group the firmware put them in: without the Security Extensions, or seen
 * from Non-secure state, bit 0 of both control registers lets ours through (4.3.1, 4.4.1).
 *
 * cpu_bit[] is written by each CPU for itself before it can be a target, with release, and read
 * with acquire.
 */
#include <arch/aarch64/gic.h>
#include <arch/atomic.h>
#include <arch/io.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <stddef.h>

#define GICD_ITARGETSR(intid) (0x800 + (intid)) /* a byte per interrupt: a bit per CPU */
#define GICD_SGIR 0xf00                         /* target bits in 23:16, INTID in 3:0 */

#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_BPR 0x08
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10

#define GIC_V2_CPUS 8

static uintptr_t distributor;
static uintptr_t cpu_interface;
static uint32_t cpu_bit[CPU_MAX];

static int gic_v2_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size), unsigned *lines)
{
	const struct gic_description *gic = &info->gic;

	if (gic->distributor.size == 0 || gic->cpu_interface.size == 0)
		return -ENODEV;
	distributor = (uintptr_t)map_device(gic->distributor.base, gic->distributor.size);
	cpu_interface = (uintptr_t)map_device(gic->cpu_interface.base, gic->cpu_interface.size);
	if (!distributor || !cpu_interface)
		return -ENOMEM;

	mmio_write32(distributor + GICD_CTLR, 0);
	*lines = 32 * ((mmio_read32(distributor + GICD_TYPER) & 0x1f) + 1);
	if (*lines > GIC_SPECIAL_FIRST)
		*lines = GIC_SPECIAL_FIRST;
	for (unsigned intid = GIC_SHARED_FIRST; intid < *lines; intid += 32) {
		mmio_write32(distributor + GICD_ICENABLER(intid), ~0U);
		mmio_write32(distributor + GICD_ICACTIVER(intid), ~0U);
	}
	for (unsigned intid = GIC_SHARED_FIRST; intid < *lines; intid += 4)
		mmio_write32(distributor + GICD_IPRIORITYR(intid), GIC_PRIORITIES);
	mmio_write32(distributor + GICD_CTLR, 1);
	return 0;
}

/*
 * The target registers of the private interrupts read as the reading CPU's bit; with one CPU, as 0
 * (4.3.12).
 */
static uint32_t gic_v2_own_bit(void)
{
	for (unsigned intid = 0; intid < GIC_SHARED_FIRST; intid += 4) {
		uint32_t targets = mmio_read32(distributor + GICD_ITARGETSR(intid));

		targets |= targets >> 16;
		targets |= targets >> 8;
		if (targets & 0xff)
			return targets & 0xff;
	}
	return 1;
}

/*
 * The first 32 interrupts' registers are each CPU's own. Software-generated ones are always
 * enabled.
 */
static void gic_v2_init_cpu(unsigned cpu)
{
	mmio_write32(distributor + GICD_ICENABLER(0), ~0U);
	mmio_write32(distributor + GICD_ICACTIVER(0), ~0U);
	for (unsigned intid = 0; intid < GIC_SHARED_FIRST; intid += 4)
		mmio_write32(distributor + GICD_IPRIORITYR(intid), GIC_PRIORITIES);
	mmio_write32(distributor + GICD_ISENABLER(0), 0xffff);

	mmio_write32(cpu_interface + GICC_PMR, GIC_PRIORITY_MASK_OPEN);
	mmio_write32(cpu_interface + GICC_BPR, 0);
	mmio_write32(cpu_interface + GICC_CTLR, 1);
	if (cpu >= GIC_V2_CPUS)
		log_print(LOG_WARNING, "gic: CPU %u is more than a GICv2 serves", cpu);
	/*
	 * Release: who targets this CPU finds its interface open. Pairs with gic_v2_unmask() and
	 * gic_v2_send().
	 */
	atomic32_store_release(&cpu_bit[cpu], gic_v2_own_bit());
}

static int gic_v2_unmask(unsigned line, unsigned cpu)
{
	/* Acquire: pairs with gic_v2_init_cpu(). */
	uint32_t target = atomic32_load_acquire(&cpu_bit[cpu]);

	if (!target)
		return -EINVAL;
	mmio_write8(distributor + GICD_ITARGETSR(line), (uint8_t)target);
	mmio_write32(distributor + GICD_ISENABLER(line), GICD_INTID_BIT(line));
	return 0;
}

static void gic_v2_mask(unsigned line)
{
	mmio_write32(distributor + GICD_ICENABLER(line), GICD_INTID_BIT(line));
}

static void gic_v2_unmask_private(unsigned intid)
{
	mmio_write32(distributor + GICD_ISENABLER(intid), GICD_INTID_BIT(intid));
}

static void gic_v2_send(unsigned cpu)
{
	/* Acquire: pairs with gic_v2_init_cpu(). */
	mmio_write32(distributor + GICD_SGIR, atomic32_load_acquire(&cpu_bit[cpu]) << 16);
}

/*
 * mmio_read32() ends in a load barrier: the handler's loads come after the acknowledgement. Pairs
 * with ipi_send().
 */
static uint32_t gic_v2_acknowledge(void)
{
	return mmio_read32(cpu_interface + GICC_IAR);
}

/* The whole value, in which a software-generated interrupt names the CPU that sent it (4.4.5). */
static void gic_v2_complete(uint32_t acknowledged)
{
	mmio_write32(cpu_interface + GICC_EOIR, acknowledged);
}

const struct gic_driver gic_v2_driver = {
	.name = "GICv2",
	.init = gic_v2_init,
	.init_cpu = gic_v2_init_cpu,
	.unmask = gic_v2_unmask,
	.mask = gic_v2_mask,
	.unmask_private = gic_v2_unmask_private,
	.send = gic_v2_send,
	.acknowledge = gic_v2_acknowledge,
	.complete = gic_v2_complete,
};
