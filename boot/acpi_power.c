/*
 * The FADT (ACPI Specification 6.5, 5.2.9) and the one object of the DSDT that soft-off needs.
 *
 * There is no AML interpreter here. \_S5 is a constant package in every firmware that matters, so
 * its bytes are searched for: NameOp, the name, PackageOp and integer constants (20.2). Nothing of
 * the DSDT is ever executed.
 */
#include <boot/acpi_power.h>
#include <lib/log_hook.h>
#include <lib/string.h>

/* Offsets in the FADT, table 5.9. */
enum fadt_offset {
	FADT_DSDT = 40,
	FADT_PM1A_CONTROL = 64,
	FADT_PM1B_CONTROL = 68,
	FADT_PM_TIMER = 76,
	FADT_PM_TIMER_LENGTH = 91,
	FADT_FLAGS = 112,
	FADT_RESET_REGISTER = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_X_PM1A_CONTROL = 172,
	FADT_X_PM1B_CONTROL = 184,
	FADT_X_PM_TIMER = 208,
};

#define FADT_FLAG_RESET_REGISTER (1U << 10)

/* 5.2.3.2: generic address structure; table 5.1. */
#define ADDRESS_SPACE_MEMORY 0
#define ADDRESS_SPACE_PORT 1
#define ADDRESS_SPACE_PCI 2
#define PORT_MAX 0xffffU

/* 20.2. */
enum aml_byte {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_PACKAGE = 0x12,
	AML_ROOT = 0x5c,
	AML_ONES = 0xff,
};

/* 4.8.3.2.1: SLP_TYPx has three bits. */
#define SLEEP_TYPE_MASK 7U

/*
 * The port of a register block: the 64-bit description when it is there, else the old 32-bit one.
 * 0: no port.
 */
static uint32_t read_port(const struct acpi_table *fadt, uint32_t extended, uint32_t old)
{
	uint64_t port = acpi_read64(fadt, extended + 4);

	if (port == 0 || acpi_read8(fadt, extended) != ADDRESS_SPACE_PORT)
		port = acpi_read32(fadt, old);
	return port <= PORT_MAX ? (uint32_t)port : 0;
}

static void read_reset_register(const struct acpi_table *fadt, struct acpi_register *reset)
{
	uint8_t space = acpi_read8(fadt, FADT_RESET_REGISTER);
	uint64_t address = acpi_read64(fadt, FADT_RESET_REGISTER + 4);

	if (fadt->length <= FADT_RESET_VALUE ||
	    !(acpi_read32(fadt, FADT_FLAGS) & FADT_FLAG_RESET_REGISTER))
		return;
	if (space > ADDRESS_SPACE_PCI || address == 0 ||
	    (space == ADDRESS_SPACE_PORT && address > PORT_MAX)) {
		log_print(LOG_WARNING,
			  "ACPI: a reset register at %#llx in address space %u is not used",
			  (unsigned long long)address, space);
		return;
	}
	reset->address = address;
	reset->space = space;
	reset->value = acpi_read8(fadt, FADT_RESET_VALUE);
	reset->present = 1;
}

/* Reads an integer constant and steps over it. False at anything else, or at the end. */
static bool read_aml_integer(const struct acpi_table *table, uint32_t *offset, uint32_t *value)
{
	uint32_t at = *offset;
	uint32_t size = 1;

	switch (at < table->length ? acpi_read8(table, at) : -1) {
	case AML_ZERO:
		*value = 0;
		break;
	case AML_ONE:
		*value = 1;
		break;
	case AML_ONES:
		*value = UINT32_MAX;
		break;
	case AML_BYTE:
		size = 2;
		*value = acpi_read8(table, at + 1);
		break;
	case AML_WORD:
		size = 3;
		*value = acpi_read16(table, at + 1);
		break;
	case AML_DWORD:
		size = 5;
		*value = acpi_read32(table, at + 1);
		break;
	default:
		return false;
	}
	*offset += size;
	return *offset <= table->length;
}

/*
 * Reads the package behind the name \_S5: length, number of elements, SLP_TYPa, SLP_TYPb (7.4.2).
 */
static bool read_sleep_package(const struct acpi_table *dsdt, uint32_t offset,
			       struct apic_description *apic)
{
	uint32_t type_a;
	uint32_t type_b;

	if (acpi_read8(dsdt, offset) != AML_PACKAGE)
		return false;
	/*
	 * 20.2.4: the two high bits of the first length byte count the length bytes that follow it.
	 */
	offset += 2 + (acpi_read8(dsdt, offset + 1) >> 6);
	if (acpi_read8(dsdt, offset) < 2)
		return false;
	offset++;
	if (!read_aml_integer(dsdt, &offset, &type_a) || !read_aml_integer(dsdt, &offset, &type_b))
		return false;
	apic->sleep_type_a = type_a & SLEEP_TYPE_MASK;
	apic->sleep_type_b = type_b & SLEEP_TYPE_MASK;
	apic->sleep_known = 1;
	return true;
}

/* Searches the DSDT for the definition of \_S5, written with or without the backslash. */
static void discover_sleep_type(const struct acpi_table *dsdt, struct apic_description *apic)
{
	for (uint32_t i = 2; i + 4 < dsdt->length; i++) {
		bool named = acpi_read8(dsdt, i - 1) == AML_NAME ||
			     (acpi_read8(dsdt, i - 1) == AML_ROOT &&
			      acpi_read8(dsdt, i - 2) == AML_NAME);

		if (named && memcmp(dsdt->bytes + i, "_S5_", 4) == 0 &&
		    read_sleep_package(dsdt, i + 4, apic))
			return;
	}
	log_print(LOG_WARNING, "ACPI: the DSDT has no \\_S5 that can be read: no soft-off");
}

void acpi_discover_power(const struct acpi_root *root, struct boot_info *info)
{
	struct apic_description *apic = &info->apic;
	struct acpi_table fadt;
	struct acpi_table dsdt;
	uint64_t dsdt_address;

	if (!acpi_find_table(root, "FACP", &fadt)) {
		log_print(LOG_WARNING, "ACPI: no FADT: no PM timer, soft-off or reset register");
		return;
	}
	apic->pm1a_port = read_port(&fadt, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL);
	apic->pm1b_port = read_port(&fadt, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL);
	if (acpi_read8(&fadt, FADT_PM_TIMER_LENGTH) == 4)
		apic->pm_timer_port = read_port(&fadt, FADT_X_PM_TIMER, FADT_PM_TIMER);
	read_reset_register(&fadt, &apic->reset);
	dsdt_address = acpi_read64(&fadt, FADT_X_DSDT);
	if (dsdt_address == 0)
		dsdt_address = acpi_read32(&fadt, FADT_DSDT);
	if (acpi_open_table(root->map, dsdt_address, "DSDT", &dsdt))
		discover_sleep_type(&dsdt, apic);
}
