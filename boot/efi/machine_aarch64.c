/*
 * The loader's last step on AArch64. The kernel turns MMU and caches off before it builds its own
 * tables, so everything it reads first must have reached memory, and no stale line may be left to
 * hide what it then writes.
 */
#include <boot/efi/elf.h>
#include <boot/efi/machine.h>

const struct loader_machine loader_machine = {
	.elf_machine = ELF_MACHINE_AARCH64,
	.needs_device_tree = true,
	.image_address_max = UINT64_MAX,
};

/* The smallest data cache line of all caches, in bytes: Arm ARM (DDI 0487), CTR_EL0.DminLine. */
static uint64_t cache_line_size(void)
{
	uint64_t type;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(type));
	return 4ULL << (type >> 16 & 15);
}

/* Cleans and invalidates [base, base + size) to the point of coherency. */
static void cache_flush(uint64_t base, uint64_t size)
{
	uint64_t line = cache_line_size();

	for (uint64_t address = base & ~(line - 1); address < base + size; address += line)
		__asm__ volatile("dc civac, %0" ::"r"(address) : "memory");
}

_Noreturn void machine_enter_kernel(uint64_t entry, const struct boot_info *info)
{
	void (*kernel)(const struct boot_info *) = (void (*)(const struct boot_info *))entry;

	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	cache_flush(info->kernel.base, info->kernel.size);
	cache_flush(info->ramdisk.base, info->ramdisk.size);
	cache_flush(info->fdt.base, info->fdt.size);
	cache_flush((uintptr_t)info, sizeof(*info));

	/*
	 * The first DSB waits for the cleaning above, which the instruction fetches below depend
	 * on; the second for the invalidation; the ISB drops what this CPU has fetched already (Arm
	 * ARM DDI 0487, "Concurrent modification and execution of instructions"). No other CPU
	 * runs.
	 */
	__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" ::: "memory");
	kernel(info);
	__builtin_unreachable();
}
