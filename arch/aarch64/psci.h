/*
 * PSCI: firmware's functions for CPUs and power (Arm DEN 0022), called as SMCCC says (Arm DEN
 * 0028).
 */
#ifndef ARCH_AARCH64_PSCI_H
#define ARCH_AARCH64_PSCI_H

#include <lib/boot_info.h>
#include <stdbool.h>
#include <stdint.h>

#define PSCI_VERSION 0x84000000U
#define PSCI_SYSTEM_OFF 0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U

/*
 * Remembers the conduit. Boot CPU, before other CPUs run; may be called again with the same
 * description.
 */
void psci_init(const struct boot_info *info);

/* Whether there is a firmware to call. */
bool psci_present(void);

/*
 * One call; negative: an error of psci_error_name(). -1 (not supported) when there is no firmware.
 * Any context.
 */
int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third);

/* An error in words. */
const char *psci_error_name(int64_t error);

#endif
