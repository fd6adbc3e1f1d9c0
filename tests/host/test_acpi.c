/* sources: boot/acpi.c boot/acpi_tables.c boot/acpi_power.c tests/host/physical.c */
/*
 * ACPI: the tables that two firmwares of a PC left in memory, tables by hand with what those do not
 * have, and damage of every kind.
 */
#include "host.h"
#include "physical.h"
#include <boot/acpi.h>
#include <string.h>

#define SEABIOS "tests/host/corpus/fuzz_acpi/seabios-pc.mem"
#define OVMF "tests/host/corpus/fuzz_acpi/ovmf-q35.mem"

/* Where the tables made by hand lie. */
#define RSDP 0x1000
#define RSDT 0x2000
#define MADT 0x3000
#define FADT 0x4000
#define DSDT 0x5000
#define HPET 0x6000
#define XSDT 0x7000
#define OTHER_XSDT 0x8000

static struct boot_info info;
static const char *reason;

static int discover(uint64_t rsdp)
{
	memset(&info, 0, sizeof(info));
	reason = NULL;
	return acpi_discover(rsdp, physical_map, &info, &reason);
}

static void start(void)
{
	physical_reset();
	physical_correct_checksums(true);
}

static void put32(uint8_t *bytes, uint32_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

static void put64(uint8_t *bytes, uint64_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

/* Adds a table: a header, and behind it the body. */
static uint8_t *add_table(uint64_t base, const char *signature, const void *body, size_t size)
{
	uint8_t bytes[4096] = { 0 };

	memcpy(bytes, signature, 4);
	put32(bytes + 4, (uint32_t)(36 + size));
	memcpy(bytes + 36, body, size);
	return physical_add(base, bytes, 36 + size);
}

static uint8_t *add_root(uint8_t revision)
{
	uint8_t rsdp[36] = "RSD PTR ";
	uint32_t rsdt[] = { 0, FADT, HPET, MADT };

	rsdp[15] = revision;
	put32(rsdp + 16, RSDT);
	put32(rsdp + 20, sizeof(rsdp));
	put64(rsdp + 24, XSDT);
	add_table(RSDT, "RSDT", rsdt, sizeof(rsdt));
	return physical_add(RSDP, rsdp, revision >= 2 ? 36 : 20);
}

static void add_madt(const void *entries, size_t size)
{
	uint8_t body[2048] = { 0 };

	put32(body, 0xfee00000);
	memcpy(body + 8, entries, size);
	add_table(MADT, "APIC", body, 8 + size);
}

static void check_pc(void)
{
	CHECK_EQ(info.cpu_count, 4);
	CHECK_EQ(info.cpus_ignored, 0);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK_EQ(info.cpus[i].hardware_id, i);
		CHECK_EQ(info.cpus[i].acpi_uid, i);
		CHECK_EQ(info.cpus[i].interrupt_context, UINT32_MAX);
	}
	CHECK_EQ(info.apic.local_base, 0xfee00000);
	CHECK_EQ(info.apic.ioapic_count, 1);
	CHECK_EQ(info.apic.ioapics[0].base, 0xfec00000);
	CHECK_EQ(info.apic.ioapics[0].id, 0);
	CHECK_EQ(info.apic.ioapics[0].first_gsi, 0);
	CHECK_EQ(info.apic.isa[0].gsi, 2);
	CHECK_EQ(info.apic.isa[4].gsi, 4);
	CHECK_EQ(info.apic.isa[4].level_triggered, 0);
	CHECK_EQ(info.apic.isa[9].gsi, 9);
	CHECK_EQ(info.apic.isa[9].level_triggered, 1);
	CHECK_EQ(info.apic.isa[9].active_low, 0);
	CHECK_EQ(info.apic.hpet.base, 0xfed00000);
	CHECK_EQ(info.apic.hpet.size, 0x400);
	CHECK_EQ(info.apic.pm_timer_port, 0x608);
	CHECK_EQ(info.apic.pm1a_port, 0x604);
	CHECK_EQ(info.apic.pm1b_port, 0);
	CHECK_EQ(info.apic.sleep_known, 1);
	CHECK_EQ(info.apic.sleep_type_a, 0);
	CHECK_EQ(info.apic.sleep_type_b, 0);
}

/* Two of six CPUs are not plugged in; the FADT is too old for a reset register. */
HOST_TEST(seabios)
{
	physical_reset();
	REQUIRE(discover(physical_add_file(SEABIOS)) == 0);
	check_pc();
	CHECK_EQ(info.apic.reset.present, 0);
}

HOST_TEST(ovmf)
{
	physical_reset();
	REQUIRE(discover(physical_add_file(OVMF)) == 0);
	check_pc();
	CHECK_EQ(info.apic.reset.present, 1);
	CHECK_EQ(info.apic.reset.space, 1);
	CHECK_EQ(info.apic.reset.address, 0xcf9);
	CHECK_EQ(info.apic.reset.value, 0xf);
}

/* A damaged XSDT is replaced by the RSDT, which lists the same tables. */
HOST_TEST(rsdt_instead_of_xsdt)
{
	uint64_t rsdp;
	uint64_t xsdt;

	physical_reset();
	rsdp = physical_add_file(OVMF);
	memcpy(&xsdt, physical_bytes(rsdp + 24, 8), 8);
	physical_bytes(xsdt, 36)[30] ^= 1;
	REQUIRE(discover(rsdp) == 0);
	check_pc();
	physical_bytes(rsdp, 36)[32] ^= 1;
	REQUIRE(discover(rsdp) == 0);
	check_pc();
}

/* One flipped bit anywhere in what checksums cover is noticed; nothing in the rest does harm. */
HOST_TEST(each_byte_damaged)
{
	static const char *const files[] = { SEABIOS, OVMF };

	for (size_t file = 0; file < 2; file++) {
		uint64_t rsdp;

		physical_reset();
		rsdp = physical_add_file(files[file]);
		for (size_t at = 0; at < 20; at++) {
			physical_bytes(rsdp, 20)[at] ^= 0x10;
			CHECK(discover(rsdp) != 0 && reason);
			physical_bytes(rsdp, 20)[at] ^= 0x10;
		}
		CHECK(discover(rsdp) == 0);
	}
}

HOST_TEST(no_root)
{
	uint8_t *rsdp;

	start();
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "the root pointer cannot be read");
	CHECK(discover(0) != 0);
	CHECK(discover(UINT64_MAX) != 0);
	CHECK(discover(UINT64_MAX - 18) != 0);
	rsdp = add_root(0);
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "no MADT, so no CPUs and no interrupt controllers");
	put32(rsdp + 16, 0x9000);
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "no list of tables");
	rsdp[0] = 'r';
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "the root pointer has a wrong signature");
}

static const uint8_t one_cpu[] = { 0, 8, 3, 1, 1, 0, 0, 0 };

HOST_TEST(odd_lists)
{
	static const uint32_t lengths[] = { 0, 1, 35, 37, 0x7fffffff, 0xffffffff };

	start();
	add_root(2);
	add_madt(one_cpu, sizeof(one_cpu));
	put64(physical_bytes(RSDP, 36) + 24, OTHER_XSDT);
	add_table(OTHER_XSDT, "XSDT", (uint64_t[]){ MADT }, 8);
	CHECK(discover(RSDP) == 0);
	/* Its only entry is cut. */
	put32(physical_bytes(OTHER_XSDT, 36) + 4, 43);
	CHECK(discover(RSDP) != 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put32(physical_bytes(RSDT, 36) + 4, lengths[i]);
		put32(physical_bytes(OTHER_XSDT, 36) + 4, lengths[i]);
		CHECK(discover(RSDP) != 0);
	}
}

/* A list that names itself, the root pointer and the end of the address space. */
HOST_TEST(cyclic_list)
{
	const uint64_t entries[] = { XSDT, RSDP, 0, UINT64_MAX, UINT64_MAX - 35, XSDT, MADT };

	start();
	add_root(2);
	add_table(XSDT, "XSDT", entries, sizeof(entries));
	add_madt(one_cpu, sizeof(one_cpu));
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.cpu_count, 1);
	memcpy(physical_bytes(XSDT, 4), "APIC", 4);
	memcpy(physical_bytes(RSDT, 4), "APIC", 4);
	CHECK(discover(RSDP) != 0);
}

HOST_TEST(cpus)
{
	static const uint8_t
		entries[] = {
			0, 8,  1, 7,   1,   0,   0,    0, /* enabled */
			0, 8,  2, 8,   2,   0,   0,    0, /* only online-capable */
			0, 8,  3, 9,   3,   0,   0,    0, /* both */
			0, 8,  4, 255, 1,   0,   0,    0, /* no id */
			9, 16, 0, 0,   7,   0,   0,    0,    1,  0, 0, 0, 1, 0,  0,  0, /* the first
											 * again
											 */
			9, 16, 0, 0,   0,   1,   0,    0,    1,  0, 0, 0, 5, 1,  0,  0, /* 0x100 */
			9, 16, 0, 0,   255, 255, 255,  255,  1,  0, 0, 0, 6, 0,  0,  0, 77,
			3, 0,                                             /* unknown
									   */
			5, 12, 0, 0,   0,   0,   0xd0, 0xfe, 0,  0, 0, 0, /* local APICs elsewhere
									   */
			1, 12, 9, 0,   0,   0,   0xc1, 0xfe, 24, 0, 0, 0, 1, 12, 10, 0, 0,
			0, 0,  0, 48,  0,   0,   0,                 /* at address 0 */
			2, 10, 0, 14,  40,  0,   0,    0,    15, 0, /* active low, level */
			2, 10, 0, 16,  1,   0,   0,    0,    15, 0, /* no such ISA interrupt */
			2, 10, 1, 3,   1,   0,   0,    0,    15, 0, /* not ISA */
		};

	start();
	add_root(0);
	add_madt(entries, sizeof(entries));
	CHECK(discover(RSDP) == 0);
	REQUIRE(info.cpu_count == 3);
	CHECK_EQ(info.cpus[0].hardware_id, 7);
	CHECK_EQ(info.cpus[0].acpi_uid, 1);
	CHECK_EQ(info.cpus[1].hardware_id, 9);
	CHECK_EQ(info.cpus[2].hardware_id, 0x100);
	CHECK_EQ(info.cpus[2].acpi_uid, 0x105);
	CHECK_EQ(info.apic.local_base, 0xfed00000);
	CHECK_EQ(info.apic.ioapic_count, 1);
	CHECK_EQ(info.apic.ioapics[0].base, 0xfec10000);
	CHECK_EQ(info.apic.ioapics[0].first_gsi, 24);
	CHECK_EQ(info.apic.isa[14].gsi, 40);
	CHECK_EQ(info.apic.isa[14].active_low, 1);
	CHECK_EQ(info.apic.isa[14].level_triggered, 1);
	CHECK_EQ(info.apic.isa[3].gsi, 3);
	CHECK_EQ(info.apic.pm_timer_port, 0);
	CHECK_EQ(info.apic.hpet.size, 0);
}

HOST_TEST(too_many_of_everything)
{
	uint8_t entries[200 * 8 + 20 * 12] = { 0 };

	for (uint32_t i = 0; i < 200; i++)
		memcpy(entries + 8 * i,
		       (const uint8_t[]){ 0, 8, (uint8_t)i, (uint8_t)i, 1, 0, 0, 0 }, 8);
	for (uint32_t i = 0; i < 20; i++)
		memcpy(entries + 1600 + 12 * i,
		       (const uint8_t[]){ 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0 }, 12);
	start();
	add_root(0);
	add_madt(entries, sizeof(entries));
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.cpu_count, CPU_MAX);
	CHECK_EQ(info.cpus_ignored, 200 - CPU_MAX);
	CHECK_EQ(info.apic.ioapic_count, BOOT_IOAPICS_MAX);
}

HOST_TEST(bad_madt)
{
	static const uint8_t disabled[] = { 0, 8, 3, 1, 0, 0, 0, 0 };
	static const uint8_t endless[] = { 0, 8, 3, 1, 1, 0, 0, 0, 0, 0, 0, 8, 4, 2, 1, 0, 0, 0 };
	static const uint8_t outside[] = { 0, 8, 3, 1, 1, 0, 0, 0, 0, 9, 4, 2, 1, 0, 0, 0 };
	static const uint8_t short_one[] = { 0, 8, 3, 1, 1, 0, 0, 0, 9, 8, 4, 2, 1, 0, 0, 0 };

	start();
	add_root(0);
	add_madt(disabled, sizeof(disabled));
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "the MADT lists no enabled CPU");
	for (size_t i = 0; i < 3; i++) {
		start();
		add_root(0);
		if (i == 0)
			add_madt(endless, sizeof(endless));
		else if (i == 1)
			add_madt(outside, sizeof(outside));
		else
			add_madt(short_one, sizeof(short_one));
		CHECK(discover(RSDP) == 0);
		CHECK_EQ(info.cpu_count, 1);
		CHECK_STR_EQ(host_last_log(), "ACPI: the MADT is malformed from offset 52 on");
	}
	put32(physical_bytes(MADT, 44) + 36, 0);
	CHECK(discover(RSDP) != 0);
	CHECK_STR_EQ(reason, "the MADT gives no local APIC address");
	put32(physical_bytes(MADT, 44) + 4, 36);
	CHECK(discover(RSDP) != 0);
}

/* Discovers \_S5 in this AML. False when it was not found. */
static bool discover_aml(const void *aml, size_t size)
{
	uint8_t fadt[244] = { 0 };

	put32(fadt + 40, DSDT);
	start();
	add_root(0);
	add_madt(one_cpu, sizeof(one_cpu));
	add_table(FADT, "FACP", fadt + 36, sizeof(fadt) - 36);
	add_table(DSDT, "DSDT", aml, size);
	CHECK(discover(RSDP) == 0);
	return info.apic.sleep_known;
}

#define AML(text) text, sizeof(text) - 1

HOST_TEST(sleep_types)
{
	CHECK(discover_aml(AML("\x08_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00")));
	CHECK_EQ(info.apic.sleep_type_a, 5);
	CHECK_EQ(info.apic.sleep_type_b, 7);
	CHECK(discover_aml(AML("\x08\\_S5_\x12\x46\x00\x02\x01\xff")));
	CHECK_EQ(info.apic.sleep_type_a, 1);
	CHECK_EQ(info.apic.sleep_type_b, 7);
	CHECK(discover_aml(
		AML("_S5_\x12\x08_S5_.\x08_S5_\x12\x0b\x02\x0b\x06\x00\x0c\x03\x00\x00\x00")));
	CHECK_EQ(info.apic.sleep_type_a, 6);
	CHECK_EQ(info.apic.sleep_type_b, 3);
	CHECK(!discover_aml(AML("_S5_\x12\x04\x02\x00\x00")));
	CHECK(!discover_aml(AML("\x08_S5_\x12\x04\x01\x00\x00")));
	CHECK(!discover_aml(AML("\x08_S5_\x12\x04\x02\x0d\x00")));
	CHECK(!discover_aml(AML("\x08_S5_\x12\x04\x02\x00")));
	CHECK(!discover_aml(AML("\x08_S5_\x12\x04\x02\x00\x0a")));
	CHECK(!discover_aml(AML("\x08_S5_\x12\xc4\x02")));
	CHECK(!discover_aml(AML("\x08_S5_")));
	CHECK(!discover_aml(AML("")));
}

HOST_TEST(power_registers)
{
	uint8_t fadt[244] = { 0 };

	/* The 64-bit description wins when it is a port; a port has 16 bits. */
	put32(fadt + 64, 0x1004);
	put32(fadt + 68, 0x12345);
	put32(fadt + 76, 0x1008);
	fadt[91] = 4;
	fadt[172] = 1;
	put64(fadt + 176, 0x2004);
	put64(fadt + 212, 0x2008);
	put32(fadt + 112, 1 << 10);
	fadt[116] = 2;
	put64(fadt + 120, 0x123400000);
	fadt[128] = 6;
	start();
	add_root(0);
	add_madt(one_cpu, sizeof(one_cpu));
	add_table(FADT, "FACP", fadt + 36, sizeof(fadt) - 36);
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.pm1a_port, 0x2004);
	CHECK_EQ(info.apic.pm1b_port, 0);
	CHECK_EQ(info.apic.pm_timer_port, 0x1008);
	CHECK_EQ(info.apic.reset.present, 1);
	CHECK_EQ(info.apic.reset.space, 2);
	CHECK_EQ(info.apic.reset.address, 0x123400000);
	CHECK_EQ(info.apic.reset.value, 6);
	CHECK_EQ(info.apic.sleep_known, 0);
	physical_bytes(FADT, 244)[116] = 3;
	physical_bytes(FADT, 244)[91] = 0;
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.reset.present, 0);
	CHECK_EQ(info.apic.pm_timer_port, 0);
	physical_bytes(FADT, 244)[116] = 1;
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.reset.present, 0);
}

HOST_TEST(hpet)
{
	uint8_t body[20] = { 0 };

	put64(body + 8, 0xfed00000);
	start();
	add_root(0);
	add_madt(one_cpu, sizeof(one_cpu));
	add_table(HPET, "HPET", body, sizeof(body));
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.hpet.base, 0xfed00000);
	physical_bytes(HPET, 56)[40] = 1;
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.hpet.size, 0);
	physical_bytes(HPET, 56)[40] = 0;
	put64(physical_bytes(HPET, 56) + 44, UINT64_MAX - 3);
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.hpet.size, 0);
}

/* Every table shortened to each length, its checksum right. */
HOST_TEST(each_table_cut)
{
	static const uint64_t tables[] = { RSDT, MADT, FADT, DSDT, HPET };
	static const uint8_t aml[] = "\x08_S5_\x12\x04\x02\x00\x00";
	uint8_t fadt[244] = { 0 };

	put32(fadt + 40, DSDT);
	start();
	add_root(0);
	add_madt(one_cpu, sizeof(one_cpu));
	add_table(FADT, "FACP", fadt + 36, sizeof(fadt) - 36);
	add_table(DSDT, "DSDT", aml, sizeof(aml));
	add_table(HPET, "HPET", fadt + 36, 20);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint8_t *header = physical_bytes(tables[i], 36);
		uint32_t length;

		memcpy(&length, header + 4, 4);
		for (uint32_t cut = 0; cut <= length + 1; cut++) {
			put32(header + 4, cut);
			discover(RSDP);
			CHECK(info.cpu_count <= 1);
		}
		put32(header + 4, length);
	}
	CHECK(discover(RSDP) == 0);
	CHECK_EQ(info.apic.sleep_known, 1);
}
