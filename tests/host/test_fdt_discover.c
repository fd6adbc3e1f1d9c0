/* sources:  boot/fdt.c boot/fdt_value.c boot/fdt_discover.c boot/fdt_cpus.c boot/fdt_devices.c tests/host/tree.c */
/*
 * What the kernel learns from device trees: those that QEMU makes for its own machines, and small
 * ones with what QEMU does not do.
 */
#include "host.h"
#include "tree.h"
#include <boot/fdt_discover.h>
#include <stdlib.h>
#include <string.h>

static struct boot_info info;
static const char *reason;

static int discover(uint8_t *blob, size_t size)
{
	int error = fdt_discover(blob, size, &info, &reason);

	free(blob);
	return error;
}

static void reset(void)
{
	memset(&info, 0, sizeof(info));
	reason = NULL;
}

/* Discovers a QEMU machine's tree. False when the test has to end. */
static bool discover_qemu(const char *qemu, const char *const *arguments)
{
	size_t size;
	uint8_t *blob = tree_of_qemu(qemu, arguments, &size);

	reset();
	if (!blob) {
		host_skip("QEMU is not installed");
		return false;
	}
	return CHECK(discover(blob, size) == 0);
}

static uint64_t usable_bytes(void)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < info.memory_range_count; i++)
		if (info.memory[i].kind == MEMORY_USABLE)
			total += info.memory[i].size;
	return total;
}

static void check_window(const struct physical_window *window, uint64_t base, uint64_t size)
{
	CHECK_EQ(window->base, base);
	CHECK_EQ(window->size, size);
}

static void check_aarch64_common(void)
{
	CHECK_STR_EQ(info.command_line, "test=*");
	CHECK_EQ(info.ramdisk.size, 5000);
	CHECK_EQ(info.memory_range_count, 1);
	CHECK_EQ(info.memory[0].base, 0x40000000);
	CHECK_EQ(info.memory[0].size, 2ULL << 30);
	CHECK_EQ(info.cpu_count, 4);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(info.cpus[i].hardware_id, i);
	CHECK_EQ(info.uart.kind, UART_PL011);
	check_window(&info.uart.registers, 0x9000000, 0x1000);
	CHECK_EQ(info.uart.interrupt, 33);
	CHECK_EQ(info.uart.clock_hz, 24000000);
	CHECK_EQ(info.arm.timer_intid, 27);
	CHECK_EQ(info.arm.timer_hz, 0);
	CHECK_EQ(info.arm.psci_cpu_on, 0xc4000003);
	CHECK_EQ(info.plic.registers.size, 0);
	CHECK_EQ(info.riscv.has_sstc, 0);
	CHECK_EQ(info.riscv.test_finisher.size, 0);
}

HOST_TEST(qemu_aarch64_gic_v2)
{
	if (!discover_qemu("qemu-system-aarch64",
			   (const char *const[]){ "virt,gic-version=2", "-cpu", "max", "-smp", "4",
						  "-m", "2G", "-append", "test=*", NULL }))
		return;
	check_aarch64_common();
	CHECK_EQ(info.arm.psci_conduit, PSCI_HVC);
	CHECK_EQ(info.gic.version, 2);
	check_window(&info.gic.distributor, 0x8000000, 0x10000);
	check_window(&info.gic.cpu_interface, 0x8010000, 0x10000);
	CHECK_EQ(info.gic.redistributor_count, 0);
}

HOST_TEST(qemu_aarch64_gic_v3_smc)
{
	if (!discover_qemu("qemu-system-aarch64",
			   (const char *const[]){ "virt,gic-version=3,virtualization=on", "-cpu",
						  "max", "-smp", "4", "-m", "2G", "-append",
						  "test=*", NULL }))
		return;
	check_aarch64_common();
	CHECK_EQ(info.arm.psci_conduit, PSCI_SMC);
	CHECK_EQ(info.gic.version, 3);
	check_window(&info.gic.distributor, 0x8000000, 0x10000);
	CHECK_EQ(info.gic.redistributor_count, 1);
	check_window(&info.gic.redistributors[0], 0x80a0000, 0xf60000);
	CHECK_EQ(info.gic.redistributor_stride, 0);
}

/* More CPUs than one cluster, than one redistributor region and than CPU_MAX. */
HOST_TEST(qemu_aarch64_many_cpus)
{
	if (!discover_qemu("qemu-system-aarch64",
			   (const char *const[]){ "virt,gic-version=3", "-cpu", "max", "-smp",
						  "160", "-m", "256M", NULL }))
		return;
	CHECK_EQ(info.cpu_count, CPU_MAX);
	CHECK_EQ(info.cpus_ignored, 160 - CPU_MAX);
	CHECK_EQ(info.cpus[15].hardware_id, 15);
	CHECK_EQ(info.cpus[16].hardware_id, 0x100);
	CHECK_EQ(info.cpus[63].hardware_id, 0x30f);
	CHECK_EQ(info.gic.redistributor_count, 2);
	CHECK_STR_EQ(info.command_line, "");
}

HOST_TEST(qemu_aarch64_small)
{
	if (!discover_qemu(
		    "qemu-system-aarch64",
		    (const char *const[]){ "virt", "-cpu", "cortex-a72", "-m", "64M", NULL }))
		return;
	CHECK_EQ(info.cpu_count, 1);
	CHECK_EQ(usable_bytes(), 64 << 20);
	CHECK_EQ(info.gic.version, 2);
}

HOST_TEST(qemu_riscv64)
{
	if (!discover_qemu("qemu-system-riscv64",
			   (const char *const[]){ "virt", "-smp", "4", "-m", "2G", "-append",
						  "test=* log=debug", NULL }))
		return;
	CHECK_STR_EQ(info.command_line, "test=* log=debug");
	CHECK_EQ(info.ramdisk.size, 5000);
	CHECK_EQ(info.memory_range_count, 1);
	CHECK_EQ(info.memory[0].base, 0x80000000);
	CHECK_EQ(info.memory[0].size, 2ULL << 30);
	CHECK_EQ(info.cpu_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK_EQ(info.cpus[i].hardware_id, i);
		CHECK_EQ(info.cpus[i].interrupt_context, 2 * i + 1);
	}
	CHECK_EQ(info.riscv.timebase_hz, 10000000);
	CHECK_EQ(info.riscv.has_sstc, 1);
	check_window(&info.riscv.test_finisher, 0x100000, 0x1000);
	check_window(&info.plic.registers, 0xc000000, 0x600000);
	CHECK_EQ(info.plic.source_count, 96);
	CHECK_EQ(info.uart.kind, UART_NS16550_MMIO);
	check_window(&info.uart.registers, 0x10000000, 0x100);
	CHECK_EQ(info.uart.interrupt, 10);
	CHECK_EQ(info.uart.register_shift, 0);
	CHECK_EQ(info.uart.clock_hz, 3686400);
	CHECK_EQ(info.gic.version, 0);
	CHECK_EQ(info.arm.psci_conduit, PSCI_NONE);
	CHECK_EQ(info.arm.timer_intid, 0);
}

/* The APLIC is no PLIC: its interrupts are not taken for ours. */
HOST_TEST(qemu_riscv64_aia_without_sstc)
{
	if (!discover_qemu("qemu-system-riscv64",
			   (const char *const[]){ "virt,aia=aplic-imsic", "-cpu", "rv64,sstc=off",
						  "-smp", "2", "-m", "128M", NULL }))
		return;
	CHECK_EQ(info.cpu_count, 2);
	CHECK_EQ(info.riscv.has_sstc, 0);
	CHECK_EQ(info.plic.registers.size, 0);
	CHECK_EQ(info.cpus[0].interrupt_context, UINT32_MAX);
	CHECK_EQ(info.uart.kind, UART_NS16550_MMIO);
	CHECK_EQ(info.uart.interrupt, UINT32_MAX);
}

HOST_TEST(qemu_riscv64_two_memory_nodes)
{
	if (!discover_qemu("qemu-system-riscv64",
			   (const char *const[]){ "virt", "-smp", "4", "-m", "1G", "-object",
						  "memory-backend-ram,id=a,size=512M", "-object",
						  "memory-backend-ram,id=b,size=512M", "-numa",
						  "node,nodeid=0,cpus=0-1,memdev=a", "-numa",
						  "node,nodeid=1,cpus=2-3,memdev=b", NULL }))
		return;
	CHECK_EQ(info.memory_range_count, 2);
	CHECK_EQ(usable_bytes(), 1 << 30);
	CHECK_EQ(info.cpu_count, 4);
}

/* ---- Small trees by hand ---- */

static void begin_machine(void)
{
	tree_start();
	tree_begin("");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 2);
}

static void add_memory(void)
{
	tree_begin("memory@80000000");
	tree_text("device_type", "memory");
	tree_cells("reg", 0, 0x80000000, 0, 0x10000000);
	tree_end();
}

static void begin_cpus(void)
{
	tree_begin("cpus");
	tree_cells("#address-cells", 1);
	tree_cells("#size-cells", 0);
}

static void begin_cpu(const char *name, uint32_t id)
{
	tree_begin(name);
	tree_text("device_type", "cpu");
	tree_cells("reg", id);
}

static void add_cpus(void)
{
	begin_cpus();
	begin_cpu("cpu@0", 0);
	tree_end();
	tree_end();
}

static int finish_machine(void)
{
	size_t size;
	uint8_t *blob;

	tree_end();
	blob = tree_finish(&size);
	return discover(blob, size);
}

HOST_TEST(nothing_to_run_on)
{
	reset();
	begin_machine();
	add_cpus();
	CHECK(finish_machine() != 0);
	CHECK_STR_EQ(reason, "no memory node with a range");
	reset();
	begin_machine();
	add_memory();
	CHECK(finish_machine() != 0);
	CHECK_STR_EQ(reason, "no usable CPU");
	reset();
	begin_machine();
	add_memory();
	begin_cpus();
	begin_cpu("cpu@0", 0);
	tree_text("status", "disabled");
	tree_end();
	tree_end();
	CHECK(finish_machine() != 0);
	CHECK_STR_EQ(reason, "no usable CPU");
}

HOST_TEST(memory_entries)
{
	reset();
	begin_machine();
	tree_begin("memory@0");
	tree_text("device_type", "memory");
	tree_cells("reg", 0, 0x1000, 0, 0x2000, 0, 0, 0, 0, 0xffffffff, 0xfffff000, 0, 0x2000, 1, 0,
		   2, 0, 99);
	tree_end();
	tree_begin("memory@1");
	tree_text("device_type", "memory");
	tree_text("status", "disabled");
	tree_cells("reg", 8, 0, 8, 0);
	tree_end();
	add_cpus();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.memory_range_count, 2);
	CHECK_EQ(info.memory[0].base, 0x1000);
	CHECK_EQ(info.memory[1].base, 0x100000000);
	CHECK_EQ(info.memory[1].size, 0x200000000);
	CHECK_EQ(info.cpu_count, 1);
	CHECK_EQ(info.uart.kind, UART_NONE);
	CHECK_EQ(info.uart.interrupt, UINT32_MAX);
}

HOST_TEST(memory_nodes_do_not_add_to_a_given_map)
{
	reset();
	info.memory[0] = (struct memory_range){ .base = 0x1000,
						.size = 0x1000,
						.kind = MEMORY_USABLE };
	info.memory_range_count = 1;
	strcpy(info.command_line, "given");
	info.ramdisk = (struct physical_window){ 0x5000, 0x1000 };
	begin_machine();
	tree_reserve(0x9000, 0x1000);
	add_memory();
	add_cpus();
	tree_begin("chosen");
	tree_text("bootargs", "other");
	tree_cells("linux,initrd-start", 0x7000);
	tree_cells("linux,initrd-end", 0x8000);
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.memory_range_count, 2);
	CHECK_EQ(info.memory[1].kind, MEMORY_RESERVED);
	CHECK_EQ(usable_bytes(), 0x1000);
	CHECK_STR_EQ(info.command_line, "given");
	check_window(&info.ramdisk, 0x5000, 0x1000);
}

static void check_range(uint32_t index, uint64_t base, uint64_t size, uint32_t kind)
{
	CHECK_EQ(info.memory[index].base, base);
	CHECK_EQ(info.memory[index].size, size);
	CHECK_EQ(info.memory[index].kind, kind);
}

HOST_TEST(reservations)
{
	reset();
	info.fdt = (struct physical_window){ 0x82000000, 0x1000 };
	begin_machine();
	tree_reserve(0x80000000, 0x10000);
	tree_reserve(0x81ff0000, 0x20000);
	tree_reserve(0x83000000, 0x5000);
	tree_reserve(0x82f00000, 0x300000);
	add_memory();
	add_cpus();
	tree_begin("chosen");
	tree_cells("linux,initrd-start", 0, 0x83000000);
	tree_cells("linux,initrd-end", 0, 0x83005000);
	tree_end();
	tree_begin("reserved-memory");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 2);
	tree_bytes("ranges", "", 0);
	tree_begin("firmware@84000000");
	tree_cells("reg", 0, 0x84000000, 0, 0x1000, 0xffffffff, 0xffff0000, 0, 0x20000);
	tree_bytes("no-map", "", 0);
	tree_end();
	tree_begin("pool");
	tree_cells("size", 0, 0x100000);
	tree_end();
	tree_end();
	CHECK(finish_machine() == 0);
	check_window(&info.ramdisk, 0x83000000, 0x5000);
	REQUIRE(info.memory_range_count == 8);
	check_range(0, 0x80000000, 0x10000, MEMORY_RESERVED);
	check_range(1, 0x81ff0000, 0x10000, MEMORY_RESERVED);
	check_range(2, 0x82001000, 0xf000, MEMORY_RESERVED);
	check_range(3, 0x82f00000, 0x100000, MEMORY_RESERVED);
	check_range(4, 0x83005000, 0x1fb000, MEMORY_RESERVED);
	check_range(5, 0x84000000, 0x1000, MEMORY_RESERVED);
	check_range(6, 0xffffffffffff0000, 0xffff, MEMORY_RESERVED);
	check_range(7, 0x80000000, 0x10000000, MEMORY_USABLE);
}

HOST_TEST(too_many_ranges)
{
	static uint32_t cells[4 * (BOOT_MEMORY_RANGES_MAX + 3)];

	for (uint32_t i = 0; i < BOOT_MEMORY_RANGES_MAX + 3; i++) {
		cells[4 * i] = i + 1;
		cells[4 * i + 3] = 0x1000;
	}
	reset();
	begin_machine();
	tree_reserve(0x5000, 0x1000);
	tree_begin("memory");
	tree_text("device_type", "memory");
	tree_cell_array("reg", cells, sizeof(cells) / sizeof(cells[0]));
	tree_end();
	add_cpus();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.memory_range_count, BOOT_MEMORY_RANGES_MAX);
	CHECK_EQ(info.memory_ranges_dropped, 4);

	reset();
	begin_machine();
	for (uint64_t i = 0; i <= BOOT_MEMORY_RANGES_MAX; i++)
		tree_reserve(i << 16 | 1, 0x1000);
	add_memory();
	add_cpus();
	CHECK(finish_machine() != 0);
	CHECK_STR_EQ(reason, "reserves more memory ranges than fit");
}

/* What takes longest: each of many CPUs looks for #address-cells behind a wall of properties. */
HOST_TEST(large_hostile_tree)
{
	reset();
	begin_machine();
	add_memory();
	tree_begin("cpus");
	for (uint32_t i = 0; i < 10000; i++)
		tree_cells("x", i);
	tree_cells("#address-cells", 1);
	tree_cells("#size-cells", 0);
	for (uint32_t i = 0; i < 10000; i++) {
		begin_cpu("cpu", i);
		tree_end();
	}
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.cpu_count, CPU_MAX);
	CHECK_EQ(info.cpus_ignored, 10000 - CPU_MAX);
}

HOST_TEST(too_many_nodes)
{
	for (unsigned round = 0; round < 3; round++) {
		reset();
		begin_machine();
		if (round != 2)
			add_memory();
		if (round == 0)
			tree_begin("reserved-memory");
		for (uint32_t i = 0; i <= BOOT_MEMORY_RANGES_MAX && round != 1; i++) {
			tree_begin("r");
			tree_text("device_type", "memory");
			tree_cells("reg", 0);
			tree_end();
		}
		if (round == 0)
			tree_end();
		if (round == 2)
			add_memory();
		begin_cpus();
		begin_cpu("cpu@0", 0);
		tree_end();
		for (uint32_t i = 0; i < 1025 && round == 1; i++) {
			begin_cpu("cpu@0", 0);
			tree_end();
		}
		tree_end();
		CHECK_EQ(finish_machine() == 0, round == 1);
		CHECK_EQ(info.cpus_ignored, round == 1 ? 2 : 0);
		CHECK_EQ(info.memory_ranges_dropped, round == 2 ? 2 : 0);
	}
}

HOST_TEST(long_command_line)
{
	static char text[BOOT_COMMAND_LINE_MAX + 1];

	for (size_t length = BOOT_COMMAND_LINE_MAX - 2; length <= BOOT_COMMAND_LINE_MAX; length++) {
		memset(text, 'x', length);
		text[length] = '\0';
		reset();
		begin_machine();
		add_memory();
		add_cpus();
		tree_begin("chosen");
		tree_text("bootargs", text);
		tree_end();
		CHECK(finish_machine() == 0);
		CHECK_EQ(strlen(info.command_line),
			 length < BOOT_COMMAND_LINE_MAX ? length : BOOT_COMMAND_LINE_MAX - 1);
	}
	/* Not terminated: what there is. */
	reset();
	begin_machine();
	add_memory();
	add_cpus();
	tree_begin("chosen");
	tree_bytes("bootargs", "abc", 3);
	tree_cells("linux,initrd-start", 0x83000000);
	tree_cells("linux,initrd-end", 0x83000000);
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_STR_EQ(info.command_line, "abc");
	CHECK_EQ(info.ramdisk.size, 0);
}

HOST_TEST(harts)
{
	reset();
	begin_machine();
	add_memory();
	tree_begin("cpus");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 0);
	tree_begin("cpu@900000001");
	tree_text("device_type", "cpu");
	tree_cells("reg", 9, 1);
	tree_bytes("riscv,isa-extensions", "i\0m\0sstc", 9);
	tree_cells("timebase-frequency", 0, 1000000);
	tree_end();
	tree_begin("cpu@900000002");
	tree_cells("reg", 9, 2);
	tree_text("riscv,isa", "rv64imac_zicsr_sstc_zba");
	tree_end();
	tree_begin("cpu@again");
	tree_cells("reg", 9, 1);
	tree_end();
	tree_begin("cpu@nothing");
	tree_end();
	tree_begin("l2-cache");
	tree_cells("reg", 9, 7);
	tree_end();
	tree_begin("cpu-map");
	tree_cells("reg", 9, 8);
	tree_end();
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.cpu_count, 2);
	CHECK_EQ(info.cpus[0].hardware_id, 0x900000001);
	CHECK_EQ(info.cpus[1].hardware_id, 0x900000002);
	CHECK_EQ(info.riscv.has_sstc, 1);
	CHECK_EQ(info.riscv.timebase_hz, 1000000);

	/* One hart without it, by a name that only begins the same. */
	reset();
	begin_machine();
	add_memory();
	begin_cpus();
	begin_cpu("cpu@0", 0);
	tree_text("riscv,isa", "rv64imac_sstc");
	tree_end();
	begin_cpu("cpu@1", 1);
	tree_text("riscv,isa", "rv64imac_sstcx_smsstc");
	tree_end();
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.cpu_count, 2);
	CHECK_EQ(info.riscv.has_sstc, 0);
}

static void begin_uart(const char *name, const char *compatible, uint32_t base)
{
	tree_begin(name);
	tree_text("compatible", compatible);
	tree_cells("reg", 0, base, 0, 0x1000);
}

HOST_TEST(console_by_alias_with_options)
{
	reset();
	begin_machine();
	add_memory();
	add_cpus();
	tree_begin("aliases");
	tree_text("serial1", "/uart@2000");
	tree_end();
	tree_begin("chosen");
	tree_text("stdout-path", "serial1:115200n8");
	tree_end();
	begin_uart("uart@1000", "ns16550a", 0x1000);
	tree_end();
	begin_uart("uart@2000", "ns16550a", 0x2000);
	tree_cells("reg-shift", 2);
	tree_cells("reg-io-width", 1);
	tree_cells("interrupts", 3);
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.uart.registers.base, 0x2000);
	CHECK_EQ(info.uart.register_shift, 2);
	CHECK_EQ(info.uart.interrupt, UINT32_MAX);
	CHECK_EQ(info.uart.clock_hz, 0);
}

HOST_TEST(console_by_elimination)
{
	static const char *const paths[] = { "/nowhere", "serial9", "/cpus", "",
					     "averyveryveryverylongaliasnameindeed:9600" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		reset();
		begin_machine();
		add_memory();
		add_cpus();
		tree_begin("chosen");
		tree_text("stdout-path", paths[i]);
		tree_end();
		begin_uart("wide@1000", "ns16550a", 0x1000);
		tree_cells("reg-io-width", 4);
		tree_end();
		begin_uart("spread@2000", "ns16550a", 0x2000);
		tree_cells("reg-shift", 40);
		tree_end();
		begin_uart("off@3000", "arm,pl011", 0x3000);
		tree_text("status", "disabled");
		tree_end();
		tree_begin("small@4000");
		tree_text("compatible", "arm,pl011");
		tree_cells("reg", 0, 0x4000, 0, 0x100);
		tree_end();
		begin_uart("good@5000", "arm,pl011", 0x5000);
		tree_end();
		CHECK(finish_machine() == 0);
		CHECK_EQ(info.uart.kind, UART_PL011);
		CHECK_EQ(info.uart.registers.base, 0x5000);
	}
}

HOST_TEST(plic_contexts)
{
	reset();
	begin_machine();
	add_memory();
	begin_cpus();
	for (uint32_t hart = 0; hart < 3; hart++) {
		begin_cpu("cpu@n", hart);
		tree_begin("interrupt-controller");
		tree_text("compatible", "riscv,cpu-intc");
		tree_cells("phandle", 10 + hart);
		tree_end();
		tree_end();
	}
	tree_end();
	tree_begin("soc");
	tree_cells("#address-cells", 2);
	tree_cells("#size-cells", 2);
	tree_bytes("ranges", "", 0);
	tree_cells("interrupt-parent", 20);
	tree_begin("plic@c000000");
	tree_text("compatible", "riscv,plic0");
	tree_cells("phandle", 20);
	tree_cells("riscv,ndev", 40);
	/* Room for contexts 0 to 3: the fifth, hart 2's, lies outside. */
	tree_cells("reg", 0, 0xc000000, 0, 0x204000);
	tree_cells("interrupts-extended", 10, 11, 0xffffffff, 9, 11, 9, 10, 9, 12, 9, 12);
	tree_end();
	begin_uart("uart@1000", "ns16550a", 0x1000);
	tree_cells("interrupts-extended", 20, 40);
	tree_end();
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.cpu_count, 3);
	CHECK_EQ(info.cpus[0].interrupt_context, 3);
	CHECK_EQ(info.cpus[1].interrupt_context, 2);
	CHECK_EQ(info.cpus[2].interrupt_context, UINT32_MAX);
	CHECK_EQ(info.uart.interrupt, 40);
}

static void add_gic_v3(uint32_t regions)
{
	tree_begin("gic");
	tree_text("compatible", "arm,gic-v3");
	tree_cells("phandle", 1);
	tree_cells("#redistributor-regions", regions);
	tree_cells("redistributor-stride", 0, 0x40000);
	tree_cells("reg", 0, 0x8000000, 0, 0x10000, 0, 0x8100000, 0, 0x100000, 0, 0x8200000, 0,
		   0x100000);
	tree_end();
}

HOST_TEST(gic_v3_regions_and_interrupts)
{
	reset();
	begin_machine();
	tree_cells("interrupt-parent", 1);
	add_memory();
	add_cpus();
	add_gic_v3(2);
	tree_begin("timer");
	tree_text("compatible", "arm,armv8-timer");
	tree_cells("interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4);
	tree_cells("clock-frequency", 19200000);
	tree_end();
	tree_begin("psci");
	tree_text("compatible", "arm,psci");
	tree_text("method", "smc");
	tree_cells("cpu_on", 0x95c10000);
	tree_end();
	begin_uart("uart@1000", "arm,pl011", 0x1000);
	tree_cells("interrupts-extended", 1, 0, 987, 4);
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.gic.version, 3);
	CHECK_EQ(info.gic.redistributor_count, 2);
	CHECK_EQ(info.gic.redistributor_stride, 0x40000);
	CHECK_EQ(info.gic.redistributors[1].base, 0x8200000);
	CHECK_EQ(info.arm.timer_intid, 27);
	CHECK_EQ(info.arm.timer_hz, 19200000);
	CHECK_EQ(info.arm.psci_conduit, PSCI_SMC);
	CHECK_EQ(info.arm.psci_cpu_on, 0x95c10000);
	CHECK_EQ(info.uart.interrupt, 1019);
}

HOST_TEST(absurd_devices_are_left_out)
{
	reset();
	begin_machine();
	tree_cells("interrupt-parent", 1);
	add_memory();
	add_cpus();
	add_gic_v3(0xffffffff);
	tree_begin("timer");
	tree_text("compatible", "arm,armv8-timer");
	tree_cells("interrupts", 1, 13, 4, 1, 14, 4, 0, 11, 4);
	tree_end();
	tree_begin("psci");
	tree_text("compatible", "arm,psci-1.0");
	tree_text("method", "smoke signals");
	tree_end();
	begin_uart("uart@1000", "arm,pl011", 0x1000);
	tree_cells("interrupts", 0, 988, 4);
	tree_end();
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.gic.version, 3);
	CHECK_EQ(info.gic.redistributor_count, 2);
	CHECK_EQ(info.arm.timer_intid, 0);
	CHECK_EQ(info.arm.psci_conduit, PSCI_NONE);
	CHECK_EQ(info.arm.psci_cpu_on, 0);
	CHECK_EQ(info.uart.interrupt, UINT32_MAX);

	/* No redistributor at all: no GIC. */
	reset();
	begin_machine();
	add_memory();
	add_cpus();
	add_gic_v3(0);
	CHECK(finish_machine() == 0);
	CHECK_EQ(info.gic.version, 0);
	CHECK_EQ(info.gic.distributor.size, 0);
}
