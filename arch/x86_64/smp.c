/*
 * Starting the other CPUs: INIT, start-up IPI (SDM vol. 3, 9.4.4), the trampoline, start_secondary.
 *
 * All CPUs that the machine has get their INIT at once, in cpu_start_init(), so that the 10 ms they
 * need after it pass only once. The page that the trampoline is copied to stays in use for as long
 * as a CPU may come late, that is for ever: mm hands out no memory below 1 MiB. The same holds for
 * its place in the identity root, which no CPU runs on outside start.S.
 *
 * Only the boot CPU runs this; a CPU that starts reads cpu_start_table and the page, ordered by the
 * IPI.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/smp.h>
#include <arch/x86_64/assembly.h>
#include <arch/x86_64/local_apic.h>
#include <arch/x86_64/port.h>
#include <arch/x86_64/segments.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/log_hook.h>
#include <lib/panic.h>
#include <lib/string.h>

/*
 * Start-up vectors 0xa0 to 0xbf are reserved, and memory ends there on every PC; page 0 belongs to
 * the firmware.
 */
#define TRAMPOLINE_END_MAX 0xa0000UL

#define INIT_DELAY_HZ 100     /* 10 ms */
#define STARTUP_DELAY_HZ 5000 /* 200 us */

_Static_assert(BOOT_PROTOCOL_PVH == START_PROTOCOL_PVH, "start.S passes it");
_Static_assert(BOOT_PROTOCOL_BOOT_INFO == START_PROTOCOL_BOOT_INFO, "start.S passes it");

#define TRAMPOLINE_ASSERT(offset, member)                                                          \
	_Static_assert(offset == offsetof(struct trampoline_parameters, member),                   \
		       "trampoline.S reads it")
TRAMPOLINE_ASSERT(TRAMPOLINE_PROTECTED_ENTRY, protected_entry);
TRAMPOLINE_ASSERT(TRAMPOLINE_LONG_ENTRY, long_entry);
TRAMPOLINE_ASSERT(TRAMPOLINE_IDENTITY_ROOT, identity_root);
TRAMPOLINE_ASSERT(TRAMPOLINE_KERNEL_ROOT, kernel_root);
_Static_assert(TRAMPOLINE_PARAMETERS_SIZE == sizeof(struct trampoline_parameters),
	       "trampoline.S reserves it");

const struct cpu_start *cpu_start_table[APIC_ID_COUNT];

/*
 * For the identity mapping of the trampoline's page: at most one new table on each level below the
 * root.
 */
static uint64_t trampoline_tables[3][PAGE_TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static uint64_t trampoline_page;
static uint64_t init_time;

static uint64_t image_address(const struct boot_info *info, const void *address)
{
	return (uintptr_t)address - (uintptr_t)image_start + info->kernel.base;
}

/* The highest, because firmware leaves its notes at the bottom. 0: none. */
static uint64_t trampoline_find_page(const struct boot_info *info)
{
	uint64_t best = 0;

	for (uint32_t i = 0; i < info->memory_range_count; i++) {
		const struct memory_range *range = &info->memory[i];
		uint64_t end = range->base + range->size;
		uint64_t page;

		if (range->kind != MEMORY_USABLE || range->base >= TRAMPOLINE_END_MAX)
			continue;
		if (end > TRAMPOLINE_END_MAX)
			end = TRAMPOLINE_END_MAX;
		if (end < 2 * PAGE_SIZE)
			continue;
		page = (end & ~(PAGE_SIZE - 1)) - PAGE_SIZE;
		if (page >= range->base && page > best)
			best = page;
	}
	return best;
}

static void trampoline_map_identity(const struct boot_info *info)
{
	uint64_t *table = start_identity_root;

	for (unsigned level = pte_levels() - 1; level > 0; level--) {
		uint64_t *entry = &table[trampoline_page >> PAGE_LEVEL_SHIFT(level) &
					 (PAGE_TABLE_ENTRIES - 1)];

		if (!pte_present(*entry))
			*entry = pte_make_table(image_address(info, trampoline_tables[level - 1]));
		table = (uint64_t *)(DIRECT_MAP_BASE + pte_address(*entry));
	}
	table[trampoline_page >> PAGE_SHIFT & (PAGE_TABLE_ENTRIES - 1)] = pte_make_leaf(
		trampoline_page, 0, PAGE_READ | PAGE_EXEC);
}

/* Where a symbol of trampoline.S is in the copy. Fits in 32 bits, as the page is below 1 MiB. */
static uint32_t trampoline_address(const char *symbol)
{
	return (uint32_t)(trampoline_page + (uintptr_t)symbol - (uintptr_t)trampoline_start);
}

static void trampoline_write(const struct boot_info *info)
{
	struct trampoline_parameters parameters = {
		.gdt_limit = (uint16_t)(trampoline_parameters - trampoline_gdt - 1),
		.gdt_base = trampoline_address(trampoline_gdt),
		.protected_entry = trampoline_address(trampoline_protected),
		.protected_selector = SELECTOR_START_CODE32,
		.long_entry = trampoline_address(trampoline_long),
		.long_selector = SELECTOR_KERNEL_CODE,
		.identity_root = (uint32_t)image_address(info, start_identity_root),
		.kernel_root = mmu_kernel_root(),
	};

	memcpy((void *)(DIRECT_MAP_BASE + trampoline_page), trampoline_start,
	       (uintptr_t)trampoline_end - (uintptr_t)trampoline_start);
	memcpy((void *)(DIRECT_MAP_BASE + trampoline_address(trampoline_parameters)), &parameters,
	       sizeof(parameters));
}

int cpu_start_init(const struct boot_info *info)
{
	trampoline_page = trampoline_find_page(info);
	if (!trampoline_page) {
		log_print(LOG_ERROR, "smp: no usable memory below 640 KiB to start CPUs from");
		return -ENODEV;
	}
	/*
	 * start.S was entered below 4 GiB, or it would not have got here: its 32-bit half holds the
	 * root's address.
	 */
	BUG_ON(image_address(info, start_identity_root) > UINT32_MAX);
	trampoline_map_identity(info);
	trampoline_write(info);

	for (uint32_t cpu = 1; cpu < info->cpu_count; cpu++) {
		/* One that refuses is reported when cpu_start() fails with it too. */
		if (info->cpus[cpu].hardware_id < APIC_ID_COUNT)
			local_apic_send((uint32_t)info->cpus[cpu].hardware_id, APIC_COMMAND_INIT);
	}
	init_time = clock_counter_read();
	return 0;
}

static void wait_until(uint64_t counter)
{
	while (clock_counter_read() < counter)
		cpu_relax();
}

int cpu_start(const struct boot_info *info, unsigned cpu, const struct cpu_start *start)
{
	uint64_t apic_id = info->cpus[cpu].hardware_id;
	uint32_t command = APIC_COMMAND_STARTUP | (uint32_t)(trampoline_page >> PAGE_SHIFT);

	BUG_ON(!trampoline_page);
	if (apic_id >= APIC_ID_COUNT) {
		log_print(LOG_ERROR,
			  "smp: CPU %u has local APIC id %#llx, more than the 8 bits of xAPIC", cpu,
			  (unsigned long long)apic_id);
		return -EIO;
	}
	cpu_start_table[apic_id] = start;
	wait_until(init_time + clock_counter_hz() / INIT_DELAY_HZ);
	/* Twice, as the manual asks: a CPU that the first one started ignores the second. */
	for (unsigned i = 0; i < 2; i++) {
		if (local_apic_send((uint32_t)apic_id, command)) {
			log_print(LOG_ERROR,
				  "smp: the start-up interrupt for CPU %u was not passed on", cpu);
			return -EIO;
		}
		wait_until(clock_counter_read() + clock_counter_hz() / STARTUP_DELAY_HZ);
	}
	return 0;
}
