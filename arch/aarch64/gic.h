/*
 * What interrupt.c needs of a GIC, whichever version; gic_v2.c and gic_v3.c define one each.
 *
 * INTIDs (Arm IHI 0048, 2.2.1; IHI 0069, 2.2): 0 to 15 software-generated (between CPUs), 16 to 31
 * private to a CPU, 32 to 1019 shared; 1020 to 1023 are answers, not interrupts.
 */
#ifndef ARCH_AARCH64_GIC_H
#define ARCH_AARCH64_GIC_H

#include <lib/boot_info.h>
#include <stdint.h>

#define GIC_PRIVATE_FIRST 16
#define GIC_SHARED_FIRST 32
#define GIC_SPECIAL_FIRST 1020

/* One priority for every interrupt, above (less than) the mask that lets all through. */
#define GIC_PRIORITIES 0xa0a0a0a0U
#define GIC_PRIORITY_MASK_OPEN 0xff

/* The distributor's registers that both versions have, by the number of the interrupt. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR(intid) (0x080 + (intid) / 32 * 4)
#define GICD_ISENABLER(intid) (0x100 + (intid) / 32 * 4)
#define GICD_ICENABLER(intid) (0x180 + (intid) / 32 * 4)
#define GICD_ICACTIVER(intid) (0x380 + (intid) / 32 * 4)
#define GICD_IPRIORITYR(intid) (0x400 + (intid))
#define GICD_INTID_BIT(intid) (1U << (intid) % 32)

struct gic_driver {
	const char *name;
	/*
	 * Maps and masks everything; *lines becomes the number of INTIDs. Boot CPU. -ENODEV,
	 * -ENOTSUP, -ENOMEM.
	 */
	int (*init)(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size),
		    unsigned *lines);
	/* The calling CPU's share. */
	void (*init_cpu)(unsigned cpu);
	/* A shared line. -EINVAL: the CPU has not run init_cpu(). */
	int (*unmask)(unsigned line, unsigned cpu);
	void (*mask)(unsigned line);
	/* A private line of the calling CPU. */
	void (*unmask_private)(unsigned intid);
	/* Software-generated interrupt 0 to a CPU. Earlier stores are complete already. */
	void (*send)(unsigned cpu);
	/*
	 * Takes the interrupt that is pending on this CPU: what complete() wants back; its INTID is
	 * bits 9:0.
	 */
	uint32_t (*acknowledge)(void);
	void (*complete)(uint32_t acknowledged);
};

extern const struct gic_driver gic_v2_driver;
extern const struct gic_driver gic_v3_driver;

#endif
