/*
 * Calls to the supervisor binary interface, the firmware below S-mode (RISC-V SBI 1.0; OpenSBI on
 * QEMU).
 *
 * Each function that can fail logs the call and the name of the error and returns -EIO, or -ENOTSUP
 * without a log line when the extension is missing. All of them: any context, after sbi_init().
 * Ordering: stores before a call come before anything the call makes another hart do.
 */
#ifndef ARCH_RISCV64_SBI_H
#define ARCH_RISCV64_SBI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sbi_extension { SBI_TIME, SBI_IPI, SBI_RFENCE, SBI_HSM, SBI_RESET, SBI_EXTENSIONS };

enum sbi_reset_type { SBI_RESET_SHUTDOWN = 0, SBI_RESET_COLD_REBOOT = 1 };

/* Hart ids base + n for each bit n of mask (SBI 1.0, 3.1). */
struct sbi_harts {
	uint64_t base;
	uint64_t mask;
};

/* Asks which extensions there are. Boot CPU, once, in cpu_init(). */
void sbi_init(void);

bool sbi_has(enum sbi_extension extension);

/*
 * "SBI 1.0 OpenSBI 1.1, vendor 0x0 architecture 0x0 implementation 0x0"; returns the length as
 * format_text() does.
 */
int sbi_describe(char *text, size_t size);

/*
 * Arms the calling hart's timer for a value of the time CSR; UINT64_MAX disarms it and takes a
 * pending interrupt back.
 */
int sbi_set_timer(uint64_t deadline);

/* Makes sip.SSIP pending on the harts. */
int sbi_send_ipi(struct sbi_harts harts);

/* fence.i on the harts; complete on return. */
int sbi_remote_fence_i(struct sbi_harts harts);

/*
 * sfence.vma on the harts for [address, address + size); size SIZE_MAX: for everything. Complete on
 * return.
 */
int sbi_remote_sfence_vma(struct sbi_harts harts, uintptr_t address, size_t size);

/* The same for the translations of one address-space id. */
int sbi_remote_sfence_vma_asid(struct sbi_harts harts, uintptr_t address, size_t size, uint64_t id);

/* Starts a stopped hart at a physical address, with a0 its id and a1 argument. */
int sbi_hart_start(uint64_t hart, uint64_t address, uint64_t argument);

/* "STARTED", "STOPPED", …, or the name of the error; for people. */
const char *sbi_hart_state_name(uint64_t hart);

/* Powers off or restarts; returns only when that failed. */
int sbi_system_reset(enum sbi_reset_type type, bool failure);

/* One character on the firmware's console, if it has one. Works before sbi_init(). */
void sbi_console_put(char character);

#endif
