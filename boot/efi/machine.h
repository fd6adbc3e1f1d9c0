/*
 * What differs between the loader's machines: machine_x86_64.c and machine_aarch64.c define these,
 * each once.
 */
#ifndef BOOT_EFI_MACHINE_H
#define BOOT_EFI_MACHINE_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stdint.h>

struct loader_machine {
	uint16_t elf_machine;       /* e_machine of its kernels */
	bool needs_device_tree;     /* the kernel reads no ACPI on this machine */
	uint64_t image_address_max; /* the kernel image's last byte may lie here at most */
};

extern const struct loader_machine loader_machine;

/*
 * Calls the kernel at its physical entry address with info's address as the first argument,
 * interrupts disabled, on the firmware's stack and under its identity map. All that info names is
 * complete in memory by then, and what was written as data is seen by instruction fetch, with
 * caches on or off. After ExitBootServices().
 */
_Noreturn void machine_enter_kernel(uint64_t entry, const struct boot_info *info);

#endif
