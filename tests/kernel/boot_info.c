/*
 * What boot left behind: struct boot_info, CPUs, ramdisk, boot arguments.
 */
#include <arch/smp.h>
#include <boot/arguments.h>
#include <boot/machine_info.h>
#include <boot/test.h>
#include <dev/console.h>
#include <lib/crc32.h>
#include <lib/image.h>
#include <lib/log_hook.h>
#include <mm/layout.h>
#include <sync/spin/cpus.h>

TEST(boot_info, is_complete)
{
	const struct boot_info *info = machine_boot_info();

	EXPECT_EQ(info->magic, BOOT_INFO_MAGIC);
	EXPECT_EQ(info->size, sizeof(*info));
	EXPECT(info->protocol >= BOOT_PROTOCOL_PVH && info->protocol <= BOOT_PROTOCOL_BOOT_INFO);
	EXPECT(info->acpi_rsdp != 0 || info->fdt.size != 0);
	EXPECT_GE(info->memory_range_count, 1);
	EXPECT_EQ(info->memory_ranges_dropped, 0);
	EXPECT_EQ(info->cpus_ignored, 0);
	EXPECT(console_is_ready());
}

TEST(boot_info, kernel_is_where_it_says)
{
	const struct boot_info *info = machine_boot_info();

	EXPECT_EQ(info->kernel.base, image_load_address);
	EXPECT_EQ(info->kernel.size, (uint64_t)(image_end - image_start));
	/* The image and its direct-map alias are the same memory. */
	EXPECT_EQ(memcmp(phys_to_virt(image_load_address), image_start,
			 (size_t)(rodata_end - image_start)),
		  0);
}

TEST(boot_info, cpus_are_distinct_and_the_boot_cpu_is_first)
{
	const struct boot_info *info = machine_boot_info();

	ASSERT_GE(info->cpu_count, 1);
	ASSERT_LE(info->cpu_count, CPU_MAX);
	EXPECT_EQ(cpu_current(), 0);
	EXPECT_EQ(info->cpus[0].hardware_id, cpu_boot_hardware_id());
	for (unsigned i = 0; i < info->cpu_count; i++)
		for (unsigned j = 0; j < i; j++)
			EXPECT_NE(info->cpus[i].hardware_id, info->cpus[j].hardware_id);
}

TEST(boot_info, every_cpu_came_online)
{
	EXPECT_EQ(cpus_online_count(), machine_boot_info()->cpu_count);
}

TEST(boot_info, ramdisk_arrived_unchanged)
{
	const struct physical_window *ramdisk = &machine_boot_info()->ramdisk;

	if (!boot_arguments()->has_ramdisk_crc32) {
		test_skip("no ramdisk-crc32= boot argument to compare with");
		return;
	}
	if (machine_boot_info()->ramdisk_damaged) {
		test_skip("the firmware put something over the ramdisk");
		return;
	}
	ASSERT_NE(ramdisk->size, 0);
	EXPECT_EQ(crc32(0, phys_to_virt(ramdisk->base), ramdisk->size),
		  boot_arguments()->ramdisk_crc32);
}

TEST(arguments, are_read)
{
	struct boot_arguments arguments;

	arguments_parse(
		&arguments,
		"  test=mm.*,string.*  seed=0x10 after=poweroff\tdeadline-scale=3 log=debug "
		"ramdisk-crc32=0xcbf43926 death=a.b");
	EXPECT_STR_EQ(arguments.test, "mm.*,string.*");
	EXPECT_STR_EQ(arguments.death, "a.b");
	EXPECT_EQ(arguments.seed, 16);
	EXPECT_EQ(arguments.deadline_scale, 3);
	EXPECT(arguments.exit_after);
	EXPECT_EQ(arguments.log_level, LOG_DEBUG);
	EXPECT(arguments.has_ramdisk_crc32);
	EXPECT_EQ(arguments.ramdisk_crc32, 0xcbf43926);
}

TEST(arguments, bad_ones_are_ignored)
{
	struct boot_arguments arguments;
	char longest[600];

	test_note("the warnings that follow are meant");
	arguments_parse(&arguments,
			"quiet seed=banana deadline-scale=0 after=lunch log after=poweroff test");
	EXPECT_STR_EQ(arguments.test, "*");
	EXPECT_EQ(arguments.seed, 0);
	EXPECT_EQ(arguments.deadline_scale, 1);
	EXPECT_EQ(arguments.log_level, LOG_INFO);
	EXPECT(arguments.exit_after);

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, "test=", 5);
	arguments_parse(&arguments, longest);
	EXPECT_STR_EQ(arguments.test, "*");
	arguments_parse(&arguments, "");
	EXPECT_STR_EQ(arguments.test, "*");
}
