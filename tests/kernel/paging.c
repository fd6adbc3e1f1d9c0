/*
 * Page tables: an audit of the live ones, and mapping, protecting and unmapping as every CPU sees
 * it.
 */
#include <arch/mmu.h>
#include <arch/probe.h>
#include <arch/smp.h>
#include <boot/machine_info.h>
#include <boot/test.h>
#include <lib/bits.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <mm/early_alloc.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <mm/tlb.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>

#define RIGHTS (PAGE_READ | PAGE_WRITE | PAGE_EXEC | PAGE_USER)
#define READ_WRITE (PAGE_READ | PAGE_WRITE)

static bool within(uintptr_t address, uint64_t first, uint64_t end)
{
	return address >= first && address < end;
}

/* What the layout says a kernel address may be. */
static unsigned expected_rights(uintptr_t address)
{
	if (within(address, (uintptr_t)text_start, (uintptr_t)text_end))
		return PAGE_READ | PAGE_EXEC;
	if (within(address, (uintptr_t)rodata_start, (uintptr_t)rodata_end))
		return PAGE_READ;
	if (within(address, DIRECT_MAP_BASE + image_load_address,
		   DIRECT_MAP_BASE + image_to_phys(rodata_end)))
		return PAGE_READ;
	return READ_WRITE;
}

struct audit {
	uint64_t leaves;
	uint64_t image_bytes;
};

static bool audit_leaf(uintptr_t address, uint64_t entry, unsigned level, void *argument)
{
	struct audit *audit = argument;
	unsigned rights = pte_flags(entry) & RIGHTS;

	audit->leaves++;
	if (within(address, KERNEL_IMAGE_BASE, (uintptr_t)image_end))
		audit->image_bytes += PAGE_LEVEL_SIZE(level);
	if ((rights & PAGE_WRITE) && (rights & PAGE_EXEC))
		test_fail(__FILE__, __LINE__, "0x%lx is writable and executable",
			  (unsigned long)address);
	if (rights != expected_rights(address))
		test_fail(__FILE__, __LINE__, "0x%lx has rights 0x%x, not 0x%x",
			  (unsigned long)address, rights, expected_rights(address));
	if (address < DIRECT_MAP_BASE)
		test_fail(__FILE__, __LINE__, "0x%lx is below the kernel's half",
			  (unsigned long)address);
	return true;
}

TEST(paging, audit_of_the_live_tables)
{
	struct audit audit = { 0 };

	EXPECT_EQ(mmu_kernel_root(), kspace_page_table()->root);
	page_table_visit(kspace_page_table(), audit_leaf, &audit);
	test_note("%llu leaf entries", (unsigned long long)audit.leaves);
	/* Every page of the image but the guard, and nothing more. */
	EXPECT_EQ(audit.image_bytes,
		  (uint64_t)(image_end - image_start) - (uint64_t)(boot_stack - boot_stack_guard));
}

static void expect_kernel_root(void *argument)
{
	(void)argument;
	EXPECT_EQ(mmu_kernel_root(), kspace_page_table()->root);
}

TEST(paging, every_cpu_is_on_the_kernel_root)
{
	on_each_cpu(expect_kernel_root, NULL);
}

static bool is_mapped(uintptr_t address)
{
	struct page_table_path path;
	uint64_t value;

	page_table_lookup(kspace_page_table(), address, &path);
	/* The tables and the hardware must agree. */
	EXPECT_EQ(probe_read_u64(address, &value) == 0, path.mapped);
	return path.mapped;
}

TEST(paging, null_page_and_user_half_are_absent)
{
	EXPECT(!is_mapped(0));
	EXPECT(!is_mapped(PAGE_SIZE - 8));
	EXPECT(!is_mapped(0x400000));
	EXPECT(!is_mapped(image_load_address));
	/* The highest address of the lower half. */
	EXPECT(!is_mapped(((uintptr_t)1 << (PAGE_LEVEL_SHIFT(pte_levels()) - 1)) - 8));
}

TEST(paging, guards_are_absent)
{
	uintptr_t top = kspace_alloc_stack();

	for (char *guard = boot_stack_guard; guard < boot_stack; guard += PAGE_SIZE)
		EXPECT(!is_mapped((uintptr_t)guard));
	ASSERT_NE(top, 0);
	EXPECT_EQ(top % KERNEL_STACK_SLOT, KERNEL_STACK_SIZE);
	EXPECT(is_mapped(top - 8));
	EXPECT(is_mapped(top - KERNEL_STACK_SIZE));
	EXPECT(!is_mapped(top));
	for (uintptr_t address = top - KERNEL_STACK_SLOT; address < top - KERNEL_STACK_SIZE;
	     address += PAGE_SIZE)
		EXPECT(!is_mapped(address));
	EXPECT(!is_mapped(KERNEL_IMAGE_BASE - PAGE_SIZE));
	EXPECT(!is_mapped((uintptr_t)image_end));
}

TEST(paging, direct_map_uses_large_pages)
{
	const struct memory_map *map = early_alloc_map();

	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		uint64_t first = align_up(range->base, PAGE_LEVEL_SIZE(1));
		struct page_table_path path;

		/*

		 * Far from the image and from the tables that were read before the map was known.

		 */
		if (range->kind != MEMORY_USABLE || range->size < 64 * PAGE_LEVEL_SIZE(1))
			continue;
		page_table_lookup(kspace_page_table(),
				  (uintptr_t)phys_to_virt(first + range->size / 2), &path);
		EXPECT(path.mapped);
		EXPECT_GE(path.leaf_level, 1);
	}
}

/* Some registers of this machine: the console's, or where that is at I/O ports the local APIC's. */
static uint64_t some_registers(void)
{
	const struct boot_info *info = machine_boot_info();

	return info->uart.kind == UART_NS16550_PORT ? info->apic.local_base
						    : info->uart.registers.base;
}

TEST(paging, device_registers_are_device_memory)
{
	uint64_t physical = align_down(some_registers(), PAGE_SIZE);
	void *registers = kspace_map_device(physical, PAGE_SIZE);
	struct page_table_path path;

	ASSERT_TRUE(registers);
	page_table_lookup(kspace_page_table(), (uintptr_t)registers, &path);
	ASSERT_TRUE(path.mapped);
	EXPECT_EQ(pte_address(path.entries[0]), physical);
	EXPECT_EQ(pte_flags(path.entries[0]) & RIGHTS, READ_WRITE);
	EXPECT_EQ(path.entries[0],
		  pte_make_leaf(physical, 0, READ_WRITE | PAGE_DEVICE | PAGE_GLOBAL));
}

static uint64_t requests(void)
{
	struct tlb_statistics statistics;

	tlb_statistics(&statistics);
	return statistics.requests;
}

static int unmap(struct page_table *table, uintptr_t address, size_t size)
{
	struct tlb_gather gather;
	int error;

	tlb_gather_begin(&gather, kernel_space(), false);
	error = page_table_unmap(table, address, size, &gather);
	tlb_gather_end(&gather);
	return error;
}

static struct page_table *test_table(struct page_table *table)
{
	table->allocate = kspace_page_table()->allocate;
	table->uses_frames = true;
	table->keeps_top = false;
	table->root = table->allocate();
	return table->root ? table : NULL;
}

TEST(paging, walker_maps_with_the_largest_pages)
{
	struct page_table storage;
	struct page_table *table = test_table(&storage);
	struct page_table_path path;
	uintptr_t base = KSPACE_BASE;
	uint64_t physical = 2 * PAGE_LEVEL_SIZE(2);
	size_t size = PAGE_LEVEL_SIZE(2) + PAGE_LEVEL_SIZE(1) + 3 * PAGE_SIZE;

	ASSERT_TRUE(table);
	ASSERT_EQ(page_table_map(table, base, physical, size, READ_WRITE, NULL), 0);
	page_table_lookup(table, base, &path);
	EXPECT_EQ(path.leaf_level, pte_largest_leaf_level());
	page_table_lookup(table, base + PAGE_LEVEL_SIZE(2), &path);
	EXPECT_EQ(path.leaf_level, 1);
	EXPECT_EQ(pte_address(path.entries[1]), physical + PAGE_LEVEL_SIZE(2));
	page_table_lookup(table, base + size - 1, &path);
	ASSERT_TRUE(path.mapped);
	EXPECT_EQ(path.leaf_level, 0);
	EXPECT_EQ(pte_address(path.entries[0]), physical + size - PAGE_SIZE);
	page_table_lookup(table, base + size, &path);
	EXPECT(!path.mapped);
	page_table_lookup(table, base - 1, &path);
	EXPECT(!path.mapped);

	EXPECT_EQ(page_table_map(table, base + PAGE_SIZE, 0, PAGE_SIZE, READ_WRITE, NULL), -EEXIST);
	EXPECT_EQ(page_table_fill(table, base + size - PAGE_SIZE, 0, 2 * PAGE_SIZE, READ_WRITE), 0);
	page_table_lookup(table, base + size - PAGE_SIZE, &path);
	EXPECT_EQ(pte_address(path.entries[0]), physical + size - PAGE_SIZE);
	page_table_lookup(table, base + size, &path);
	EXPECT_EQ(pte_address(path.entries[0]), PAGE_SIZE);

	EXPECT_EQ(unmap(table, base, size), 0);
	page_table_lookup(table, base + PAGE_LEVEL_SIZE(2), &path);
	EXPECT(!path.mapped);
}

/* A byte-per-page model beside the walker, over a window that straddles a 2 MiB border. */
#define MODEL_PAGES 96

TEST(paging, walker_agrees_with_a_model)
{
	struct page_table storage;
	struct page_table *table = test_table(&storage);
	uintptr_t base = KSPACE_BASE + PAGE_LEVEL_SIZE(1) - MODEL_PAGES / 2 * PAGE_SIZE;
	uint16_t model[MODEL_PAGES] = { 0 }; /* 0, or the frame number + 1 that the page maps to */

	ASSERT_TRUE(table);
	for (unsigned step = 0; step < 2000; step++) {
		size_t first = random_below(test_random(), MODEL_PAGES);
		size_t count = 1 + random_below(test_random(), MODEL_PAGES - first);
		uint64_t frame = 1 + random_below(test_random(), 1000);
		uintptr_t address = base + first * PAGE_SIZE;

		if (random_below(test_random(), 2)) {
			EXPECT_EQ(page_table_fill(table, address, frame * PAGE_SIZE,
						  count * PAGE_SIZE, READ_WRITE),
				  0);
			for (size_t i = 0; i < count; i++)
				if (!model[first + i])
					model[first + i] = (uint16_t)(frame + i + 1);
		} else {
			EXPECT_EQ(unmap(table, address, count * PAGE_SIZE), 0);
			memset(&model[first], 0, count * sizeof(model[0]));
		}
		for (size_t i = 0; i < MODEL_PAGES; i++) {
			struct page_table_path path;

			page_table_lookup(table, base + i * PAGE_SIZE, &path);
			ASSERT_EQ(path.mapped, model[i] != 0);
			if (path.mapped)
				ASSERT_EQ(pte_address(path.entries[0]),
					  (model[i] - 1UL) * PAGE_SIZE);
		}
	}
}

/* What each CPU finds at a page: 1 bit for readable, 2 for writable. */
struct view {
	uintptr_t address;
	uint64_t readable; /* atomic: sets of CPUs */
	uint64_t writable;
};

static void look(void *argument)
{
	struct view *view = argument;
	uint64_t self = (uint64_t)1 << cpu_current();
	uint8_t value;

	/* Relaxed: read after on_each_cpu(), which orders. */
	if (probe_read_u8(view->address, &value) == 0)
		atomic_fetch_or_relaxed(&view->readable, self);
	if (probe_write_u8(view->address, 42) == 0)
		atomic_fetch_or_relaxed(&view->writable, self);
}

static void expect_view(void *page, bool readable, bool writable)
{
	struct view view = { .address = (uintptr_t)page };

	on_each_cpu(look, &view);
	EXPECT_EQ(view.readable, readable ? cpus_online() : 0);
	EXPECT_EQ(view.writable, writable ? cpus_online() : 0);
}

TEST(paging, every_cpu_sees_each_change)
{
	char *page = kspace_alloc(PAGE_SIZE, READ_WRITE, FRAME_TAG_TEST);
	uint64_t invalidations = requests();

	ASSERT_TRUE(page);
	for (unsigned round = 0; round < 10; round++) {
		expect_view(page, true, true);
		EXPECT_EQ(kspace_protect(page, PAGE_SIZE, PAGE_READ | PAGE_GLOBAL), 0);
		expect_view(page, true, false);
		EXPECT_EQ(kspace_protect(page, PAGE_SIZE, READ_WRITE | PAGE_GLOBAL), 0);
	}
	/* A right gained needs none. */
	EXPECT_EQ(requests() - invalidations, 10);
	EXPECT_EQ(unmap(kspace_page_table(), (uintptr_t)page, PAGE_SIZE), 0);
	expect_view(page, false, false);
}

TEST(paging, kernel_constants_cannot_be_written)
{
	expect_view((void *)text_start, true, false);
	expect_view((void *)rodata_start, true, false);
	expect_view(phys_to_virt(image_load_address), true, false);
	expect_view((void *)boot_stack_guard, false, false);
}

TEST(paging, kernel_cannot_read_user_pages)
{
	char *page = kspace_alloc(PAGE_SIZE, READ_WRITE | PAGE_USER, FRAME_TAG_TEST);
	char description[160];

	ASSERT_TRUE(page);
	cpu_describe(description, sizeof(description));
	if (strstr(description, "no PAN") || strstr(description, "no SMAP"))
		test_skip("this CPU cannot keep the kernel from user pages: %s", description);
	else
		expect_view(page, false, false);
	/* The audit would complain. */
	EXPECT_EQ(unmap(kspace_page_table(), (uintptr_t)page, PAGE_SIZE), 0);
}

/* Two leaf functions to be copied: each returns another number. */
#define CODE_BYTES 64

static int __attribute__((noinline, aligned(64))) return_17(void)
{
	return 17;
}

static int __attribute__((noinline, aligned(64))) return_42(void)
{
	return 42;
}

struct execution {
	int (*function)(void);
	int expected;
};

static void execute(void *argument)
{
	const struct execution *execution = argument;

	EXPECT_EQ(execution->function(), execution->expected);
}

TEST(paging, written_code_is_fetched_by_every_cpu)
{
	char *page = kspace_alloc(PAGE_SIZE, READ_WRITE, FRAME_TAG_TEST);
	struct execution execution = { .function = (int (*)(void))page };

	ASSERT_TRUE(page);
	for (unsigned round = 0; round < 10; round++) {
		execution.expected = round % 2 ? 17 : 42;
		memcpy(page, round % 2 ? (void *)return_17 : (void *)return_42, CODE_BYTES);
		EXPECT_EQ(kspace_protect(page, PAGE_SIZE, PAGE_READ | PAGE_EXEC | PAGE_GLOBAL), 0);
		icache_synchronise((uintptr_t)page, CODE_BYTES);
		on_each_cpu(execute, &execution);
		EXPECT_EQ(kspace_protect(page, PAGE_SIZE, READ_WRITE | PAGE_GLOBAL), 0);
	}
}
