/*
 * The platform-level interrupt controller.
 *
 * A source is masked by priority 0, which never interrupts (chapter "Interrupt Priorities"), and
 * not by its enable bit: the completion of a source that is not enabled in the context is ignored
 * (chapter "Interrupt Completion"), and a handler that masks its own line would so silence it for
 * ever. The enable bit only says which CPU the source goes to.
 *
 * route_lock protects the enable and priority registers and routes[]. It is taken with interrupts
 * disabled, for a few register accesses, and nothing is locked inside it.
 */
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/riscv64/plic.h>
#include <lib/errno.h>

#define PLIC_SOURCE_MAX 1023
#define PLIC_PRIORITY(source) (4UL * (source))
#define PLIC_ENABLE(context, source) (0x2000UL + 0x80UL * (context) + 4UL * ((source) / 32))
#define PLIC_THRESHOLD(context) (0x200000UL + 0x1000UL * (context))
#define PLIC_CLAIM(context) (PLIC_THRESHOLD(context) + 4)
#define PLIC_CONTEXT_END(context) (PLIC_THRESHOLD(context) + 0x1000)

#define PRIORITY_NEVER 0
#define PRIORITY_NORMAL 1
#define NO_CONTEXT UINT32_MAX
#define NO_ROUTE UINT8_MAX
_Static_assert(CPU_MAX < NO_ROUTE, "a CPU's number fits in routes[]");

/* Constant after plic_init(). */
static uintptr_t registers;
static unsigned source_count;
static uint32_t contexts[CPU_MAX];

static uint32_t route_lock;
static uint8_t routes[PLIC_SOURCE_MAX + 1]; /* the CPU where the source is enabled */

static unsigned long route_lock_take(void)
{
	unsigned long flags = interrupts_save();

	/*
	 * Acquire: the registers as the last holder left them. Pairs with the release in
	 * route_lock_drop().
	 */
	while (atomic32_exchange_acquire(&route_lock, 1))
		while (atomic32_load_relaxed(&route_lock))
			cpu_relax();
	return flags;
}

static void route_lock_drop(unsigned long flags)
{
	/* Release: routes[] before the lock; register writes are before it by arch/io.h. */
	atomic32_store_release(&route_lock, 0);
	interrupts_restore(flags);
}

static void source_enable(unsigned source, uint32_t context, bool enable)
{
	uintptr_t address = registers + PLIC_ENABLE(context, source);
	uint32_t bit = 1U << source % 32;
	uint32_t word = mmio_read32(address);

	mmio_write32(address, enable ? word | bit : word & ~bit);
}

/* Whether the registers reach far enough for every context that we use. */
static int plic_check(const struct boot_info *info)
{
	if (info->plic.registers.size == 0)
		return -ENODEV;
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		contexts[cpu] = cpu < info->cpu_count ? info->cpus[cpu].interrupt_context
						      : NO_CONTEXT;
		if (contexts[cpu] != NO_CONTEXT &&
		    PLIC_CONTEXT_END(contexts[cpu]) > info->plic.registers.size)
			return -ENOTSUP;
	}
	return info->plic.registers.size >= PLIC_CONTEXT_END(0) ? 0 : -ENOTSUP;
}

int plic_init(const struct boot_info *info, void *(*map_device)(uint64_t base, uint64_t size))
{
	unsigned count = info->plic.source_count;
	int error = plic_check(info);

	if (error)
		return error;
	registers = (uintptr_t)map_device(info->plic.registers.base, info->plic.registers.size);
	if (!registers)
		return -ENOMEM;
	source_count = count < PLIC_SOURCE_MAX ? count : PLIC_SOURCE_MAX;
	for (unsigned source = 1; source <= source_count; source++) {
		mmio_write32(registers + PLIC_PRIORITY(source), PRIORITY_NEVER);
		routes[source] = NO_ROUTE;
	}
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
		for (unsigned source = 0; contexts[cpu] != NO_CONTEXT && source <= source_count;
		     source += 32)
			mmio_write32(registers + PLIC_ENABLE(contexts[cpu], source), 0);
	return 0;
}

void plic_init_cpu(unsigned cpu)
{
	if (source_count > 0 && contexts[cpu] != NO_CONTEXT)
		mmio_write32(registers + PLIC_THRESHOLD(contexts[cpu]), 0);
}

unsigned plic_sources(void)
{
	return source_count;
}

static bool source_valid(unsigned source)
{
	return source >= 1 && source <= source_count;
}

int plic_unmask(unsigned source, unsigned cpu)
{
	unsigned long flags;

	if (!source_valid(source) || cpu >= CPU_MAX || contexts[cpu] == NO_CONTEXT)
		return -EINVAL;
	flags = route_lock_take();
	if (routes[source] != cpu) {
		if (routes[source] != NO_ROUTE)
			source_enable(source, contexts[routes[source]], false);
		source_enable(source, contexts[cpu], true);
		routes[source] = (uint8_t)cpu;
	}
	mmio_write32(registers + PLIC_PRIORITY(source), PRIORITY_NORMAL);
	route_lock_drop(flags);
	return 0;
}

int plic_mask(unsigned source)
{
	unsigned long flags;

	if (!source_valid(source))
		return -EINVAL;
	flags = route_lock_take();
	mmio_write32(registers + PLIC_PRIORITY(source), PRIORITY_NEVER);
	route_lock_drop(flags);
	return 0;
}

unsigned plic_claim(unsigned cpu)
{
	return mmio_read32(registers + PLIC_CLAIM(contexts[cpu]));
}

/*
 * The source may have got another route since it was claimed: then it is enabled here for as long
 * as its completion takes.
 */
void plic_complete(unsigned source, unsigned cpu)
{
	unsigned long flags = route_lock_take();
	bool moved = routes[source] != cpu;

	if (moved)
		source_enable(source, contexts[cpu], true);
	mmio_write32(registers + PLIC_CLAIM(contexts[cpu]), source);
	if (moved)
		source_enable(source, contexts[cpu], false);
	route_lock_drop(flags);
}
