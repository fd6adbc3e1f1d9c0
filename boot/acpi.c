/*
 * CPUs, interrupt controllers and HPET out of ACPI (ACPI Specification 6.5, 5.2.12).
 *
 * Runs once, on the boot CPU, on input that is not trusted. Invariants: cpu_count never passes
 * CPU_MAX nor ioapic_count BOOT_IOAPICS_MAX, and no two CPUs have the same APIC id.
 */
#include <boot/acpi.h>
#include <boot/acpi_power.h>
#include <boot/acpi_tables.h>
#include <lib/errno.h>
#include <lib/log_hook.h>

#define MADT_LOCAL_BASE 36U
#define MADT_ENTRIES 44U

/* Table 5.21: types of MADT entries, and how long each is. */
enum madt_type {
	MADT_LOCAL_APIC = 0,
	MADT_IO_APIC = 1,
	MADT_ISA_OVERRIDE = 2,
	MADT_LOCAL_BASE_OVERRIDE = 5,
	MADT_LOCAL_X2APIC = 9,
};

static const uint8_t madt_entry_size[] = {
	[MADT_LOCAL_APIC] = 8,           [MADT_IO_APIC] = 12,      [MADT_ISA_OVERRIDE] = 10,
	[MADT_LOCAL_BASE_OVERRIDE] = 12, [MADT_LOCAL_X2APIC] = 16,
};

/*
 * Table 5.23. A CPU that is only online-capable (bit 1) is not there: it may be plugged in later.
 */
#define LOCAL_APIC_ENABLED 1U
/* Ids that address every CPU. */
#define LOCAL_APIC_ID_ALL 0xffU
#define X2APIC_ID_ALL 0xffffffffU

/*
 * Table 5.26: MPS INTI flags. 0 means "as the bus has it": ISA interrupts are edge-triggered and
 * active high.
 */
#define POLARITY_MASK 3U
#define POLARITY_ACTIVE_LOW 3U
#define TRIGGER_MASK (3U << 2)
#define TRIGGER_LEVEL (3U << 2)

/* The IA-PC HPET Specification 1.0a, 2.3 and 3.2.4. */
#define HPET_ADDRESS_SPACE 40U
#define HPET_ADDRESS 44U
#define HPET_REGISTERS_SIZE 0x400U

static void append_cpu(struct boot_info *info, uint32_t apic_id, uint32_t uid, uint32_t flags,
		       uint32_t id_all)
{
	struct cpu_description *cpu = &info->cpus[info->cpu_count];

	if (!(flags & LOCAL_APIC_ENABLED) || apic_id == id_all)
		return;
	/* Firmware may list a CPU as local APIC and as x2APIC. */
	for (uint32_t i = 0; i < info->cpu_count; i++)
		if (info->cpus[i].hardware_id == apic_id)
			return;
	if (info->cpu_count == CPU_MAX) {
		info->cpus_ignored++;
		return;
	}
	cpu->hardware_id = apic_id;
	cpu->acpi_uid = uid;
	cpu->interrupt_context = UINT32_MAX;
	info->cpu_count++;
}

static void append_ioapic(struct apic_description *apic, const struct acpi_table *entry)
{
	struct ioapic_description *ioapic = &apic->ioapics[apic->ioapic_count];
	uint32_t base = acpi_read32(entry, 4);

	if (base == 0 || apic->ioapic_count == BOOT_IOAPICS_MAX) {
		log_print(LOG_WARNING, "ACPI: I/O APIC at %#x is ignored", base);
		return;
	}
	ioapic->id = acpi_read8(entry, 2);
	ioapic->base = base;
	ioapic->first_gsi = acpi_read32(entry, 8);
	apic->ioapic_count++;
}

static void override_isa_interrupt(struct apic_description *apic, const struct acpi_table *entry)
{
	uint8_t bus = acpi_read8(entry, 2);
	uint8_t source = acpi_read8(entry, 3);
	uint16_t flags = acpi_read16(entry, 8);

	if (bus != 0 || source >= BOOT_ISA_IRQS) {
		log_print(LOG_WARNING, "ACPI: override of interrupt %u of bus %u is ignored",
			  source, bus);
		return;
	}
	apic->isa[source].gsi = acpi_read32(entry, 4);
	apic->isa[source].active_low = (flags & POLARITY_MASK) == POLARITY_ACTIVE_LOW;
	apic->isa[source].level_triggered = (flags & TRIGGER_MASK) == TRIGGER_LEVEL;
}

static void read_madt_entry(struct boot_info *info, const struct acpi_table *entry)
{
	switch (acpi_read8(entry, 0)) {
	case MADT_LOCAL_APIC:
		append_cpu(info, acpi_read8(entry, 3), acpi_read8(entry, 2), acpi_read32(entry, 4),
			   LOCAL_APIC_ID_ALL);
		break;
	case MADT_LOCAL_X2APIC:
		append_cpu(info, acpi_read32(entry, 4), acpi_read32(entry, 12),
			   acpi_read32(entry, 8), X2APIC_ID_ALL);
		break;
	case MADT_IO_APIC:
		append_ioapic(&info->apic, entry);
		break;
	case MADT_ISA_OVERRIDE:
		override_isa_interrupt(&info->apic, entry);
		break;
	case MADT_LOCAL_BASE_OVERRIDE:
		info->apic.local_base = acpi_read64(entry, 4);
		break;
	}
}

/* True when the entry has at least the size that its type must have. */
static bool entry_is_long_enough(const struct acpi_table *entry)
{
	uint8_t type = acpi_read8(entry, 0);

	return type >= sizeof(madt_entry_size) || entry->length >= madt_entry_size[type];
}

static void read_madt(struct boot_info *info, const struct acpi_table *madt)
{
	struct apic_description *apic = &info->apic;
	uint32_t offset = MADT_ENTRIES;

	apic->local_base = acpi_read32(madt, MADT_LOCAL_BASE);
	for (uint32_t i = 0; i < BOOT_ISA_IRQS; i++)
		apic->isa[i] = (struct isa_interrupt){ .gsi = i };
	while (offset + 2 <= madt->length) {
		struct acpi_table entry = { .bytes = madt->bytes + offset,
					    .length = acpi_read8(madt, offset + 1) };

		if (entry.length < 2 || entry.length > madt->length - offset ||
		    !entry_is_long_enough(&entry)) {
			log_print(LOG_WARNING, "ACPI: the MADT is malformed from offset %u on",
				  offset);
			break;
		}
		read_madt_entry(info, &entry);
		offset += entry.length;
	}
}

static void discover_hpet(const struct acpi_root *root, struct boot_info *info)
{
	struct physical_window *hpet = &info->apic.hpet;
	struct acpi_table table;

	if (!acpi_find_table(root, "HPET", &table) || acpi_read8(&table, HPET_ADDRESS_SPACE) != 0)
		return;
	hpet->base = acpi_read64(&table, HPET_ADDRESS);
	if (hpet->base != 0 && hpet->base <= UINT64_MAX - HPET_REGISTERS_SIZE)
		hpet->size = HPET_REGISTERS_SIZE;
}

int acpi_discover(uint64_t rsdp, const void *(*map)(uint64_t physical, uint64_t size),
		  struct boot_info *info, const char **reason)
{
	struct acpi_root root;
	struct acpi_table madt;
	int error = acpi_open_root(&root, rsdp, map, reason);

	if (error)
		return error;
	acpi_discover_power(&root, info);
	discover_hpet(&root, info);
	if (!acpi_find_table(&root, "APIC", &madt)) {
		*reason = "no MADT, so no CPUs and no interrupt controllers";
		return -EINVAL;
	}
	read_madt(info, &madt);
	if (info->apic.local_base == 0) {
		*reason = "the MADT gives no local APIC address";
		return -EINVAL;
	}
	if (info->cpu_count == 0) {
		*reason = "the MADT lists no enabled CPU";
		return -EINVAL;
	}
	return 0;
}
