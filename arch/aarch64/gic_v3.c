/*
 * GICv3 and GICv4 (Arm IHI 0069): a distributor, a redistributor per CPU, and a CPU interface in
 * system registers. Interrupts are routed by affinity, which is struct cpu_description's
 * hardware_id.
 *
 * Everything is put in Group 1, Non-secure where there are two security states: the group that
 * system registers ICC_*1_EL1 handle. The arrays are written by gic_v3_init(), before other CPUs
 * run, and constant after.
 */
#include <arch/aarch64/gic.h>
#include <arch/aarch64/port.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <lib/errno.h>
#include <lib/log_hook.h>
#include <lib/panic.h>
#include <stddef.h>

/* GICD_CTLR seen from Non-secure state, or with one security state: these bits are the same. */
#define GICD_CTLR_GROUP1 (1U << 1)
#define GICD_CTLR_AFFINITY (1U << 4)
#define GICD_CTLR_PENDING (1U << 31) /* RWP: a write is not yet in effect */
#define GICD_IROUTER(intid) (0x6000 + 8 * (intid))

/*
 * A redistributor is two frames of 64 KiB, or four with virtual LPIs; the registers of private
 * interrupts in the second.
 */
#define GICR_FRAME 0x10000UL
#define GICR_CTLR 0x0000
#define GICR_CTLR_PENDING (1U << 3) /* RWP */
#define GICR_TYPER 0x0008
#define GICR_TYPER_VIRTUAL_LPIS (1UL << 1)
#define GICR_TYPER_LAST (1UL << 4)
#define GICR_WAKER 0x0014
#define GICR_WAKER_PROCESSOR_SLEEP (1U << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1U << 2)
/* Where the registers of INTIDs 0 to 31 stand, at GICD's offsets. */
#define GICR_PRIVATE(redistributor) ((redistributor) + GICR_FRAME)

/*
 * ICC_SGI1R_EL1: Aff1 to Aff3 in 23:16, 39:32 and 55:48, Aff0 / 16 in 47:44, and in 15:0 a bit for
 * Aff0 modulo 16.
 */
#define SGI_AFF1(id) (((id) >> 8 & 0xff) << 16)
#define SGI_AFF2(id) (((id) >> 16 & 0xff) << 32)
#define SGI_AFF3(id) (((id) >> 32 & 0xff) << 48)
#define SGI_RANGE(id) (((id) >> 4 & 0xf) << 44)
#define SGI_TARGET(id) (1UL << ((id)&0xf))

#define GIC_WAIT_SECONDS 5

static uintptr_t distributor;
static uintptr_t redistributors[CPU_MAX];
static uint64_t hardware_ids[CPU_MAX];

/* Waits until the bits of a register are clear. */
static void gic_v3_wait_clear(uintptr_t address, uint32_t bits, const char *what)
{
	uint64_t deadline = deadline_after_seconds(GIC_WAIT_SECONDS);

	while (mmio_read32(address) & bits)
		if (deadline_passed(deadline))
			panic("gic: %s for %u seconds", what, GIC_WAIT_SECONDS);
}

static void gic_v3_wait_distributor(void)
{
	gic_v3_wait_clear(distributor + GICD_CTLR, GICD_CTLR_PENDING,
			  "the distributor did not accept a write");
}

/* GICR_TYPER holds Aff3 to Aff0 in its upper half; hardware_id has Aff3 apart, as MPIDR_EL1. */
static uint64_t typer_hardware_id(uint64_t typer)
{
	return (typer >> 56) << 32 | (typer >> 32 & 0xffffff);
}

static void gic_v3_note_redistributor(const struct boot_info *info, uintptr_t base, uint64_t typer)
{
	for (unsigned cpu = 0; cpu < info->cpu_count; cpu++)
		if (info->cpus[cpu].hardware_id == typer_hardware_id(typer))
			redistributors[cpu] = base;
}

/*
 * One region, whose redistributors follow each other to the one that says it is the last, or to the
 * end.
 */
static int gic_v3_scan_region(const struct boot_info *info, const struct physical_window *region,
			      void *(*map_device)(uint64_t base, uint64_t size))
{
	uintptr_t base = (uintptr_t)map_device(region->base, region->size);
	uint64_t offset = 0;
	uint64_t typer = 0;

	if (!base)
		return -ENOMEM;
	while (!(typer & GICR_TYPER_LAST) && region->size - offset >= 2 * GICR_FRAME) {
		uint64_t stride = info->gic.redistributor_stride;

		typer = mmio_read64(base + offset + GICR_TYPER);
		gic_v3_note_redistributor(info, base + offset, typer);
		if (!stride || stride % GICR_FRAME)
			stride = (typer & GICR_TYPER_VIRTUAL_LPIS ? 4 : 2) * GICR_FRAME;
		if (stride > region->size - offset)
			break;
		offset += stride;
	}
	return 0;
}

static int gic_v3_find_redistributors(const struct boot_info *info,
				      void *(*map_device)(uint64_t base, uint64_t size))
{
	for (unsigned i = 0; i < info->gic.redistributor_count; i++) {
		int error = gic_v3_scan_region(info, &info->gic.redistributors[i], map_device);

		if (error)
			return error;
	}
	for (unsigned cpu = 0; cpu < info->cpu_count; cpu++) {
		hardware_ids[cpu] = info->cpus[cpu].hardware_id;
		if (!redistributors[cpu])
			log_print(LOG_WARNING,
				  "gic: CPU %u (hardware id %#lx) has no redistributor", cpu,
				  (unsigned long)hardware_ids[cpu]);
	}
	return redistributors[0] ? 0 : -ENODEV;
}

/* Masks every shared line and routes it to the boot CPU. */
static void gic_v3_init_distributor(unsigned lines)
{
	/*
	 * Affinity routing first, groups off: turning it off again is UNPREDICTABLE, so it is in
	 * every value written.
	 */
	mmio_write32(distributor + GICD_CTLR, GICD_CTLR_AFFINITY);
	gic_v3_wait_distributor();
	for (unsigned intid = GIC_SHARED_FIRST; intid < lines; intid += 32) {
		mmio_write32(distributor + GICD_ICENABLER(intid), ~0U);
		mmio_write32(distributor + GICD_ICACTIVER(intid), ~0U);
		mmio_write32(distributor + GICD_IGROUPR(intid), ~0U);
	}
	for (unsigned intid = GIC_SHARED_FIRST; intid < lines; intid += 4)
		mmio_write32(distributor + GICD_IPRIORITYR(intid), GIC_PRIORITIES);
	for (unsigned intid = GIC_SHARED_FIRST; intid < lines; intid++)
		mmio_write64(distributor + GICD_IROUTER(intid), hardware_ids[0]);
	gic_v3_wait_distributor();
	mmio_write32(distributor + GICD_CTLR, GICD_CTLR_AFFINITY | GICD_CTLR_GROUP1);
	gic_v3_wait_distributor();
}

static int gic_v3_init(const struct boot_info *info,
		       void *(*map_device)(uint64_t base, uint64_t size), unsigned *lines)
{
	int error;

	if (info->gic.distributor.size == 0)
		return -ENODEV;
	if (id_field(system_register_read(id_aa64pfr0_el1), 24) == 0)
		return -ENOTSUP;
	distributor = (uintptr_t)map_device(info->gic.distributor.base, info->gic.distributor.size);
	if (!distributor)
		return -ENOMEM;
	error = gic_v3_find_redistributors(info, map_device);
	if (error)
		return error;
	*lines = 32 * ((mmio_read32(distributor + GICD_TYPER) & 0x1f) + 1);
	if (*lines > GIC_SPECIAL_FIRST)
		*lines = GIC_SPECIAL_FIRST;
	gic_v3_init_distributor(*lines);
	return 0;
}

/*

 * The redistributor sleeps until it is told that its CPU does not (IHI 0069, "Power management").

 */
static void gic_v3_wake(uintptr_t redistributor)
{
	uint32_t waker = mmio_read32(redistributor + GICR_WAKER);

	mmio_write32(redistributor + GICR_WAKER, waker & ~GICR_WAKER_PROCESSOR_SLEEP);
	gic_v3_wait_clear(redistributor + GICR_WAKER, GICR_WAKER_CHILDREN_ASLEEP,
			  "a redistributor slept");
}

static void gic_v3_init_redistributor(uintptr_t redistributor)
{
	uintptr_t private = GICR_PRIVATE(redistributor);

	mmio_write32(private + GICD_ICENABLER(0), ~0U);
	gic_v3_wait_clear(redistributor + GICR_CTLR, GICR_CTLR_PENDING,
			  "a redistributor did not accept a write");
	mmio_write32(private + GICD_ICACTIVER(0), ~0U);
	mmio_write32(private + GICD_IGROUPR(0), ~0U);
	for (unsigned intid = 0; intid < GIC_SHARED_FIRST; intid += 4)
		mmio_write32(private + GICD_IPRIORITYR(intid), GIC_PRIORITIES);
	mmio_write32(private + GICD_ISENABLER(0), 0xffff);
}

/*
 * A CPU without a redistributor could never be interrupted: it stays out, and the boot CPU reports
 * it as not started.
 */
static void gic_v3_init_cpu(unsigned cpu)
{
	if (!redistributors[cpu]) {
		log_print(LOG_ERROR, "gic: CPU %u cannot be interrupted and halts", cpu);
		cpu_halt_forever();
	}
	system_register_write(icc_sre_el1, system_register_read(icc_sre_el1) | ICC_SRE_SRE);
	isb();
	if (!(system_register_read(icc_sre_el1) & ICC_SRE_SRE))
		panic("gic: the firmware keeps the CPU interface's registers to itself");
	gic_v3_wake(redistributors[cpu]);
	gic_v3_init_redistributor(redistributors[cpu]);

	system_register_write(icc_pmr_el1, GIC_PRIORITY_MASK_OPEN);
	system_register_write(icc_bpr1_el1, 0);
	/* EOImode 0: one write drops the priority and deactivates. */
	system_register_write(icc_ctlr_el1, 0);
	isb();
	system_register_write(icc_igrpen1_el1, 1);
	isb();
}

static int gic_v3_unmask(unsigned line, unsigned cpu)
{
	if (!redistributors[cpu])
		return -EINVAL;
	mmio_write64(distributor + GICD_IROUTER(line), hardware_ids[cpu]);
	mmio_write32(distributor + GICD_ISENABLER(line), GICD_INTID_BIT(line));
	return 0;
}

static void gic_v3_mask(unsigned line)
{
	mmio_write32(distributor + GICD_ICENABLER(line), GICD_INTID_BIT(line));
	gic_v3_wait_distributor();
}

/* The calling CPU's redistributor is the one whose affinity is its own. */
static void gic_v3_unmask_private(unsigned intid)
{
	uint64_t own = system_register_read(mpidr_el1) & MPIDR_AFFINITY;

	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		if (redistributors[cpu] && hardware_ids[cpu] == own)
			mmio_write32(GICR_PRIVATE(redistributors[cpu]) + GICD_ISENABLER(intid),
				     GICD_INTID_BIT(intid));
}

/* isb: the register is written before the CPU goes on, to wait for the answer for instance. */
static void gic_v3_send(unsigned cpu)
{
	uint64_t id = hardware_ids[cpu];

	system_register_write(icc_sgi1r_el1, SGI_AFF3(id) | SGI_RANGE(id) | SGI_AFF2(id) |
						     SGI_AFF1(id) | SGI_TARGET(id));
	isb();
}

/*
 * dsb: what the acknowledgement did at the redistributor comes before the handler's accesses; a
 * register read is not ordered with them otherwise (IHI 0069, "Observability of the effects of
 * accesses to the GIC registers"). Pairs with ipi_send().
 */
static uint32_t gic_v3_acknowledge(void)
{
	uint32_t acknowledged = (uint32_t)system_register_read(icc_iar1_el1);

	asm volatile("dsb sy" ::: "memory");
	return acknowledged;
}

static void gic_v3_complete(uint32_t acknowledged)
{
	system_register_write(icc_eoir1_el1, acknowledged);
	isb();
}

const struct gic_driver gic_v3_driver = {
	.name = "GICv3",
	.init = gic_v3_init,
	.init_cpu = gic_v3_init_cpu,
	.unmask = gic_v3_unmask,
	.mask = gic_v3_mask,
	.unmask_private = gic_v3_unmask_private,
	.send = gic_v3_send,
	.acknowledge = gic_v3_acknowledge,
	.complete = gic_v3_complete,
};
