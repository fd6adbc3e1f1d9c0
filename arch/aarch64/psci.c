/*
 * PSCI calls through HVC or SMC, as the device tree says. The conduit is written once, before other
 * CPUs run.
 */
#include <arch/aarch64/psci.h>
#include <stddef.h>

#define PSCI_NOT_SUPPORTED (-1)

static uint32_t conduit;

void psci_init(const struct boot_info *info)
{
	conduit = info->arm.psci_conduit;
}

bool psci_present(void)
{
	return conduit == PSCI_HVC || conduit == PSCI_SMC;
}

/*
 * SMCCC 1.0, which a firmware may still follow, lets the callee change x0 to x17 (DEN 0028, 2.6).
 */
#define PSCI_CLOBBERS                                                                              \
	"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",       \
		"x17", "memory"

int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third)
{
	register uint64_t x0 asm("x0") = function;
	register uint64_t x1 asm("x1") = first;
	register uint64_t x2 asm("x2") = second;
	register uint64_t x3 asm("x3") = third;

	if (conduit == PSCI_HVC)
		asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::PSCI_CLOBBERS);
	else if (conduit == PSCI_SMC)
		asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::PSCI_CLOBBERS);
	else
		return PSCI_NOT_SUPPORTED;
	return (int64_t)x0;
}

const char *psci_error_name(int64_t error)
{
	/* DEN 0022, 5.2.2 "Return error codes". */
	static const char *const names[] = {
		"success",    "not supported",        "invalid parameters", "denied",
		"already on", "a start is under way", "internal failure",   "not present",
		"disabled",   "invalid address",
	};

	/* Functions of the 32-bit convention answer in w0 alone. */
	error = (int32_t)error;
	if (error > 0 || -error >= (int64_t)(sizeof(names) / sizeof(names[0])))
		return "unknown error";
	return names[-error];
}
