/* sources: boot/acpi.c boot/acpi_tables.c boot/acpi_power.c tests/host/physical.c */
/*
 * Any memory as ACPI tables. The input is a memory image (physical.h); bit 63 of the root's address
 * says that checksums are to be left as they are, otherwise they are corrected, because no fuzzer
 * guesses them.
 */
#include "physical.h"
#include <boot/acpi.h>
#include <stdlib.h>
#include <string.h>

#define CHECKSUMS_AS_THEY_ARE (1ULL << 63)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_discovered(const struct boot_info *info)
{
	const struct apic_description *apic = &info->apic;

	require(info->cpu_count <= CPU_MAX);
	for (uint32_t i = 0; i < info->cpu_count; i++)
		for (uint32_t other = 0; other < i; other++)
			require(info->cpus[i].hardware_id != info->cpus[other].hardware_id);
	require(apic->ioapic_count <= BOOT_IOAPICS_MAX);
	require(apic->pm_timer_port <= 0xffff && apic->pm1a_port <= 0xffff &&
		apic->pm1b_port <= 0xffff);
	require(apic->sleep_type_a < 8 && apic->sleep_type_b < 8 && apic->sleep_known < 2);
	require(apic->hpet.size <= UINT64_MAX - apic->hpet.base);
	require(apic->reset.present < 2 && apic->reset.space < 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_info info;
	const char *reason = NULL;
	uint64_t rsdp;

	physical_reset();
	rsdp = physical_add_image(data, size);
	physical_correct_checksums(!(rsdp & CHECKSUMS_AS_THEY_ARE));
	memset(&info, 0, sizeof(info));
	if (acpi_discover(rsdp & ~CHECKSUMS_AS_THEY_ARE, physical_map, &info, &reason) == 0)
		require(info.cpu_count > 0 && info.apic.local_base != 0);
	else
		require(reason != NULL);
	check_discovered(&info);
	return 0;
}
