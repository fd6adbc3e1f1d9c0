/*
 * The loader's last step on x86_64. Caches are coherent with memory, and with instruction fetch as
 * soon as the processor jumps (Intel SDM volume 3, "Self-Modifying Code"), so there is nothing
 * to clean.
 */
#include <boot/efi/elf.h>
#include <boot/efi/machine.h>

/*
 * Other CPUs come out of real mode through 32-bit protected mode, where the root of the page tables
 * (CR3) and the code they run must have addresses of 32 bits: both are in the image.
 */
const struct loader_machine loader_machine = {
	.elf_machine = ELF_MACHINE_X86_64,
	.needs_device_tree = false,
	.image_address_max = UINT32_MAX,
};

_Noreturn void machine_enter_kernel(uint64_t entry, const struct boot_info *info)
{
	void (*kernel)(const struct boot_info *) = (void (*)(const struct boot_info *))entry;

	__asm__ volatile("cli" ::: "memory");
	kernel(info);
	__builtin_unreachable();
}
