/*
 * Calls to the SBI. The binary encoding (SBI 1.0, chapter 3): a7 extension, a6 function, a0 to a4
 * arguments; a0 returns an error, a1 a value, and nothing else changes.
 *
 * The set of extensions is written by sbi_init() before other CPUs start and constant afterwards.
 */
#include <arch/riscv64/sbi.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/log_hook.h>

/* Chapters 4 to 10. */
#define EXTENSION_CONSOLE_PUTCHAR 0x01
#define EXTENSION_BASE 0x10
#define EXTENSION_TIME 0x54494d45
#define EXTENSION_IPI 0x735049
#define EXTENSION_RFENCE 0x52464e43
#define EXTENSION_HSM 0x48534d
#define EXTENSION_RESET 0x53525354

#define BASE_SPECIFICATION 0
#define BASE_IMPLEMENTATION 1
#define BASE_IMPLEMENTATION_VERSION 2
#define BASE_PROBE 3
#define BASE_VENDOR 4
#define BASE_ARCHITECTURE 5
#define BASE_MACHINE 6
#define TIME_SET 0
#define IPI_SEND 0
#define RFENCE_FENCE_I 0
#define RFENCE_SFENCE_VMA 1
#define RFENCE_SFENCE_VMA_ASID 2
#define HSM_HART_START 0
#define HSM_HART_STATUS 2
#define RESET_SYSTEM 0
#define RESET_REASON_NONE 0
#define RESET_REASON_SYSTEM_FAILURE 1

struct sbi_result {
	int64_t error;
	uint64_t value;
};

struct sbi_arguments {
	uint64_t a[5];
};

static const struct {
	uint64_t id;
	const char *name;
} extensions[SBI_EXTENSIONS] = {
	[SBI_TIME] = { EXTENSION_TIME, "TIME" },       [SBI_IPI] = { EXTENSION_IPI, "IPI" },
	[SBI_RFENCE] = { EXTENSION_RFENCE, "RFENCE" }, [SBI_HSM] = { EXTENSION_HSM, "HSM" },
	[SBI_RESET] = { EXTENSION_RESET, "SRST" },
};

static bool present[SBI_EXTENSIONS];

/*
 * The fence: what the firmware does for us, it does by stores of its own (to a queue that another
 * hart reads) and by writes to a device (the other hart's software interrupt). Our normal stores
 * come before both, and our loads are done. Its partner is on the other hart: the fence of
 * interrupt.c behind the clearing of sip, and what the firmware has there.
 */
static struct sbi_result sbi_call(uint64_t extension, uint64_t function,
				  struct sbi_arguments arguments)
{
	register uint64_t a0 asm("a0") = arguments.a[0];
	register uint64_t a1 asm("a1") = arguments.a[1];
	register uint64_t a2 asm("a2") = arguments.a[2];
	register uint64_t a3 asm("a3") = arguments.a[3];
	register uint64_t a4 asm("a4") = arguments.a[4];
	register uint64_t a6 asm("a6") = function;
	register uint64_t a7 asm("a7") = extension;

	asm volatile("fence rw, ow\n\tecall"
		     : "+r"(a0), "+r"(a1)
		     : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
		     : "memory");
	return (struct sbi_result){ .error = (int64_t)a0, .value = a1 };
}

#define SBI_CALL(extension, function, ...)                                                         \
	sbi_call(extension, function, (struct sbi_arguments){ { __VA_ARGS__ } })

/* SBI 1.0, table 1. */
static const char *sbi_error_name(int64_t error)
{
	static const char *const names[] = {
		"SBI_SUCCESS",
		"SBI_ERR_FAILED",
		"SBI_ERR_NOT_SUPPORTED",
		"SBI_ERR_INVALID_PARAM",
		"SBI_ERR_DENIED",
		"SBI_ERR_INVALID_ADDRESS",
		"SBI_ERR_ALREADY_AVAILABLE",
		"SBI_ERR_ALREADY_STARTED",
		"SBI_ERR_ALREADY_STOPPED",
	};

	if (error > 0 || -error >= (int64_t)(sizeof(names) / sizeof(names[0])))
		return "an error that SBI 1.0 does not define";
	return names[-error];
}

/* What the caller of a wrapper gets; call names it with its arguments, for the log. */
static int sbi_check(struct sbi_result result, const char *call, uint64_t argument)
{
	if (result.error == 0)
		return 0;
	log_print(LOG_ERROR, "sbi: %s, %#lx: %s", call, (unsigned long)argument,
		  sbi_error_name(result.error));
	return -EIO;
}

void sbi_init(void)
{
	for (unsigned i = 0; i < SBI_EXTENSIONS; i++) {
		struct sbi_result result = SBI_CALL(EXTENSION_BASE, BASE_PROBE, extensions[i].id);

		present[i] = result.error == 0 && result.value != 0;
		if (!present[i])
			log_print(LOG_WARNING, "sbi: the firmware lacks %s: %s", extensions[i].name,
				  sbi_error_name(result.error));
	}
}

bool sbi_has(enum sbi_extension extension)
{
	return present[extension];
}

/* A value of the base extension; 0 where the firmware is too old to have one. */
static unsigned long sbi_base(uint64_t function)
{
	struct sbi_result result = SBI_CALL(EXTENSION_BASE, function, 0);

	return result.error ? 0 : result.value;
}

/* SBI 1.0, table 4. OpenSBI alone says how it writes its version: 16 bits each. */
int sbi_describe(char *text, size_t size)
{
	static const char *const names[] = {
		"Berkeley Boot Loader", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix"
	};
	unsigned long specification = sbi_base(BASE_SPECIFICATION);
	unsigned long implementation = sbi_base(BASE_IMPLEMENTATION);
	unsigned long version = sbi_base(BASE_IMPLEMENTATION_VERSION);
	bool known = implementation < sizeof(names) / sizeof(names[0]);

	return format_text(
		text, size,
		"SBI %lu.%lu by %s %lu.%lu, vendor %#lx architecture %#lx implementation %#lx",
		specification >> 24 & 0x7f, specification & 0xffffff,
		known ? names[implementation] : "unknown firmware", version >> 16, version & 0xffff,
		sbi_base(BASE_VENDOR), sbi_base(BASE_ARCHITECTURE), sbi_base(BASE_MACHINE));
}

int sbi_set_timer(uint64_t deadline)
{
	if (!present[SBI_TIME])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_TIME, TIME_SET, deadline), "TIME set_timer", deadline);
}

int sbi_send_ipi(struct sbi_harts harts)
{
	if (!present[SBI_IPI])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_IPI, IPI_SEND, harts.mask, harts.base),
			 "IPI send_ipi, hart mask", harts.mask);
}

int sbi_remote_fence_i(struct sbi_harts harts)
{
	if (!present[SBI_RFENCE])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_RFENCE, RFENCE_FENCE_I, harts.mask, harts.base),
			 "RFENCE remote_fence_i, hart mask", harts.mask);
}

int sbi_remote_sfence_vma(struct sbi_harts harts, uintptr_t address, size_t size)
{
	if (!present[SBI_RFENCE])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_RFENCE, RFENCE_SFENCE_VMA, harts.mask, harts.base,
				  address, size),
			 "RFENCE remote_sfence_vma, hart mask", harts.mask);
}

int sbi_remote_sfence_vma_asid(struct sbi_harts harts, uintptr_t address, size_t size, uint64_t id)
{
	if (!present[SBI_RFENCE])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_RFENCE, RFENCE_SFENCE_VMA_ASID, harts.mask, harts.base,
				  address, size, id),
			 "RFENCE remote_sfence_vma_asid, hart mask", harts.mask);
}

int sbi_hart_start(uint64_t hart, uint64_t address, uint64_t argument)
{
	if (!present[SBI_HSM])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_HSM, HSM_HART_START, hart, address, argument),
			 "HSM hart_start, hart", hart);
}

/* SBI 1.0, 9.3. */
const char *sbi_hart_state_name(uint64_t hart)
{
	static const char *const names[] = { "STARTED",       "STOPPED",   "START_PENDING",
					     "STOP_PENDING",  "SUSPENDED", "SUSPEND_PENDING",
					     "RESUME_PENDING" };
	struct sbi_result result = SBI_CALL(EXTENSION_HSM, HSM_HART_STATUS, hart);

	if (result.error)
		return sbi_error_name(result.error);
	return result.value < sizeof(names) / sizeof(names[0]) ? names[result.value]
							       : "in a state unknown to SBI 1.0";
}

int sbi_system_reset(enum sbi_reset_type type, bool failure)
{
	uint64_t reason = failure ? RESET_REASON_SYSTEM_FAILURE : RESET_REASON_NONE;

	if (!present[SBI_RESET])
		return -ENOTSUP;
	return sbi_check(SBI_CALL(EXTENSION_RESET, RESET_SYSTEM, type, reason),
			 "SRST system_reset, type", type);
}

/* A legacy call (chapter 5): no function, and an error that would be of no use. */
void sbi_console_put(char character)
{
	SBI_CALL(EXTENSION_CONSOLE_PUTCHAR, 0, (unsigned char)character);
}
