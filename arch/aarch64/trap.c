/*
 * Traps: what an exception was, in words, and handing it up.
 *
 * ESR_EL1 says it: exception class (EC) in bits 31:26, and for aborts a fault status code in bits
 * 5:0 (DDI 0487, "ESR_EL1"). trap_entry.S calls the functions here with everything masked, on the
 * interrupted stack or, from lost_stack, on the CPU's emergency stack. No locks: the table of
 * handlers is constant once interrupts are allowed.
 */
#include <arch/aarch64/assembly.h>
#include <arch/aarch64/port.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <lib/extable.h>
#include <lib/format.h>
#include <lib/panic.h>
#include <lib/string.h>

#define SAME(member, offset)                                                                       \
	_Static_assert(offsetof(struct trap_frame, member) == (offset),                            \
		       "trap_entry.S saves it there")
SAME(x, FRAME_X);
SAME(x[30], FRAME_X30);
SAME(sp, FRAME_X30 + 8);
SAME(pc, FRAME_PC);
SAME(pstate, FRAME_PC + 8);
SAME(esr, FRAME_ESR);
SAME(far, FRAME_ESR + 8);
SAME(record_previous, FRAME_RECORD);
SAME(record_return, FRAME_RECORD + 8);
#undef SAME
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0,
	       "the stack stays aligned");
_Static_assert(offsetof(struct trap_emergency, stack_top) == EMERGENCY_STACK_TOP, "trap_entry.S");
_Static_assert(offsetof(struct trap_emergency, lost_sp) == EMERGENCY_LOST_SP, "trap_entry.S");
_Static_assert(offsetof(struct trap_emergency, overflow) == EMERGENCY_OVERFLOW, "trap_entry.S");
_Static_assert(offsetof(struct trap_emergency, losses) == EMERGENCY_LOSSES, "trap_entry.S");
_Static_assert(offsetof(struct trap_emergency, scratch) == EMERGENCY_SCRATCH, "trap_entry.S");
_Static_assert(sizeof(struct trap_emergency) == 64, "trap_entry.S reserves it");

#define ESR_CLASS(esr) ((esr) >> 26 & 0x3f)
#define ESR_STATUS(esr) ((esr)&0x3f)
#define ESR_WRITE (1 << 6)             /* WnR: a data abort by a write */
#define ESR_CACHE_MAINTENANCE (1 << 8) /* CM: by a cache instruction, which sets WnR too */
#define ESR_FAR_INVALID (1 << 10)      /* FnV */

#define CLASS_INSTRUCTION_ABORT_EL0 0x20
#define CLASS_INSTRUCTION_ABORT_EL1 0x21
#define CLASS_PC_ALIGNMENT 0x22
#define CLASS_DATA_ABORT_EL0 0x24
#define CLASS_DATA_ABORT_EL1 0x25

const struct trap_handlers *trap_handlers;

struct cause {
	enum trap_kind kind;
	const char *name;
};

/*
 * Exception classes, but for the aborts; a class that is not here is none that AArch64 state at EL1
 * or EL0 reports.
 */
static const struct cause classes[64] = {
	[0x00] = { TRAP_ILLEGAL_INSTRUCTION, "undefined instruction" },
	[0x01] = { TRAP_ILLEGAL_INSTRUCTION, "WFI or WFE trapped" },
	[0x07] = { TRAP_ILLEGAL_INSTRUCTION,
		   "floating-point or SIMD instruction, which is disabled" },
	[0x09] = { TRAP_ILLEGAL_INSTRUCTION,
		   "pointer authentication instruction, which is disabled" },
	[0x0a] = { TRAP_ILLEGAL_INSTRUCTION, "64-byte load or store trapped" },
	[0x0d] = { TRAP_PROTECTION, "branch target exception" },
	[0x0e] = { TRAP_UNKNOWN, "illegal execution state" },
	[0x15] = { TRAP_SYSTEM_CALL, "SVC instruction" },
	[0x18] = { TRAP_ILLEGAL_INSTRUCTION, "system instruction or register trapped" },
	[0x19] = { TRAP_ILLEGAL_INSTRUCTION, "SVE instruction, which is disabled" },
	[0x1c] = { TRAP_PROTECTION, "pointer authentication failure" },
	[0x1d] = { TRAP_ILLEGAL_INSTRUCTION, "SME instruction, which is disabled" },
	[CLASS_PC_ALIGNMENT] = { TRAP_ALIGNMENT, "PC alignment fault" },
	[0x26] = { TRAP_ALIGNMENT, "SP alignment fault" },
	[0x2c] = { TRAP_ILLEGAL_INSTRUCTION, "floating-point exception" },
	[0x2f] = { TRAP_BUS_ERROR, "SError interrupt" },
	[0x30] = { TRAP_UNKNOWN, "hardware breakpoint" },
	[0x31] = { TRAP_UNKNOWN, "hardware breakpoint" },
	[0x32] = { TRAP_UNKNOWN, "software step" },
	[0x33] = { TRAP_UNKNOWN, "software step" },
	[0x34] = { TRAP_UNKNOWN, "watchpoint" },
	[0x35] = { TRAP_UNKNOWN, "watchpoint" },
	[0x3c] = { TRAP_BREAKPOINT, "BRK instruction" },
};

#define FAULT_LEVELS(first, fault_kind, text)                                                      \
	[(first)] = { fault_kind, text ", level 0" },                                              \
	[(first) + 1] = { fault_kind, text ", level 1" },                                          \
	[(first) + 2] = { fault_kind, text ", level 2" },                                          \
	[(first) + 3] = { fault_kind, text ", level 3" }

/*
 * Fault status codes of instruction and data aborts (ESR_EL1, IFSC and DFSC). Levels as Arm counts
 * them: 0 is the root.
 */
static const struct cause faults[64] = {
	FAULT_LEVELS(0x00, TRAP_PAGE_FAULT, "address size fault"),
	FAULT_LEVELS(0x04, TRAP_PAGE_FAULT, "translation fault"),
	FAULT_LEVELS(0x08, TRAP_PAGE_FAULT, "access flag fault"),
	FAULT_LEVELS(0x0c, TRAP_PAGE_FAULT, "permission fault"),
	[0x10] = { TRAP_BUS_ERROR, "synchronous external abort" },
	[0x11] = { TRAP_PROTECTION, "tag check fault" },
	FAULT_LEVELS(0x14, TRAP_BUS_ERROR, "synchronous external abort on a table walk"),
	[0x18] = { TRAP_BUS_ERROR, "parity or ECC error" },
	FAULT_LEVELS(0x1c, TRAP_BUS_ERROR, "parity or ECC error on a table walk"),
	[0x21] = { TRAP_ALIGNMENT, "alignment fault" },
	[0x30] = { TRAP_UNKNOWN, "TLB conflict abort" },
	[0x31] = { TRAP_BUS_ERROR, "unsupported atomic hardware update" },
	[0x34] = { TRAP_UNKNOWN, "lockdown fault" },
	[0x35] = { TRAP_BUS_ERROR, "unsupported exclusive or atomic access" },
};

static bool class_is_instruction_abort(unsigned class)
{
	return class == CLASS_INSTRUCTION_ABORT_EL0 || class == CLASS_INSTRUCTION_ABORT_EL1;
}

static bool class_is_data_abort(unsigned class)
{
	return class == CLASS_DATA_ABORT_EL0 || class == CLASS_DATA_ABORT_EL1;
}

static void trap_decode(struct trap_frame *frame, struct trap *trap)
{
	unsigned class = ESR_CLASS(frame->esr);
	const struct cause *cause = &classes[class];

	*trap = (struct trap){
		.access = TRAP_ACCESS_NONE,
		.from_user = (frame->pstate & PSTATE_MODE_MASK) == PSTATE_MODE_EL0T,
		.code = frame->esr,
		.frame = frame,
	};
	if (class_is_instruction_abort(class)) {
		cause = &faults[ESR_STATUS(frame->esr)];
		trap->access = TRAP_ACCESS_EXECUTE;
	} else if (class_is_data_abort(class)) {
		bool write = (frame->esr & ESR_WRITE) && !(frame->esr & ESR_CACHE_MAINTENANCE);

		cause = &faults[ESR_STATUS(frame->esr)];
		trap->access = write ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ;
	}
	if (trap->access != TRAP_ACCESS_NONE ? !(frame->esr & ESR_FAR_INVALID)
					     : class == CLASS_PC_ALIGNMENT)
		trap->address = frame->far;
	trap->kind = cause->name ? cause->kind : TRAP_UNKNOWN;
	trap->cause = cause->name ? cause->name : "unknown exception class or fault status";
}

/* Before trap_set_handlers(): only an access that said it might fail (machine.c) goes on. */
static void trap_report_early(const struct trap *trap)
{
	uintptr_t fixup = extable_find_fixup(trap->frame->pc);
	char text[160];

	if (fixup) {
		trap->frame->pc = fixup;
		return;
	}
	format_text(text, sizeof(text),
		    "trefoil: %s at pc %#lx, address %#lx, esr %#lx, before traps were set up\n",
		    trap->cause, (unsigned long)trap->frame->pc, (unsigned long)trap->address,
		    (unsigned long)trap->code);
	machine_early_write(text, strlen(text));
	machine_exit(false);
}

static void trap_deliver(struct trap *trap)
{
	if (trap_handlers)
		trap_handlers->exception(trap);
	else
		trap_report_early(trap);
}

void trap_set_handlers(const struct trap_handlers *handlers)
{
	trap_handlers = handlers;
}

void trap_synchronous(struct trap_frame *frame)
{
	struct trap trap;

	trap_decode(frame, &trap);
	trap_deliver(&trap);
}

/* An exception that is not in ESR_EL1, or whose place is wrong. */
static void trap_deliver_as(struct trap_frame *frame, enum trap_kind kind, const char *cause)
{
	struct trap trap;

	trap_decode(frame, &trap);
	trap.kind = kind;
	trap.access = TRAP_ACCESS_NONE;
	trap.address = 0;
	trap.cause = cause;
	trap_deliver(&trap);
}

void trap_serror(struct trap_frame *frame)
{
	trap_deliver_as(frame, TRAP_BUS_ERROR, "SError interrupt");
}

void trap_fiq(struct trap_frame *frame)
{
	trap_deliver_as(frame, TRAP_UNKNOWN, "FIQ, which nothing of ours uses");
}

void trap_wrong_vector(struct trap_frame *frame)
{
	trap_deliver_as(frame, TRAP_UNKNOWN, "exception from AArch32 state or from EL1 on SP_EL0");
}

struct trap_emergency *trap_emergency_here(void)
{
	return (struct trap_emergency *)((uintptr_t)&trap_emergency + cpu_percpu_offset());
}

/*
 * The stack pointer was no place for a frame; the cause is still that of the exception which found
 * it so. A second loss is one of the emergency stack: it begins anew at its top, without the first
 * report's frames.
 */
void trap_lost_stack(struct trap_frame *frame)
{
	static const char again[] = "trefoil: the emergency stack was lost too\n";
	struct trap_emergency *emergency = trap_emergency_here();
	struct trap trap;

	if (emergency->losses > 1) {
		machine_early_write(again, sizeof(again) - 1);
		machine_exit(false);
	}
	frame->sp = emergency->lost_sp;
	trap_decode(frame, &trap);
	trap.kind = emergency->overflow ? TRAP_STACK_OVERFLOW : TRAP_DOUBLE_FAULT;
	trap_deliver(&trap);
	panic("%s at pc %#lx was handled, but its stack (sp %#lx) is lost", trap.cause,
	      (unsigned long)frame->pc, (unsigned long)frame->sp);
}

uintptr_t trap_frame_pc(const struct trap_frame *frame)
{
	return frame->pc;
}

uintptr_t trap_frame_sp(const struct trap_frame *frame)
{
	return frame->sp;
}

uintptr_t trap_frame_fp(const struct trap_frame *frame)
{
	return frame->x[29];
}

void trap_frame_set_pc(struct trap_frame *frame, uintptr_t pc)
{
	frame->pc = pc;
}

void trap_frame_skip_breakpoint(struct trap_frame *frame)
{
	frame->pc += 4;
}

bool trap_frame_register(const struct trap_frame *frame, size_t index, const char **name,
			 uint64_t *value)
{
	/* In the order of struct trap_frame, whose words they are. */
	static const char *const names[] = {
		"x0",  "x1",  "x2",  "x3",     "x4",  "x5",  "x6",    "x7",  "x8",  "x9",
		"x10", "x11", "x12", "x13",    "x14", "x15", "x16",   "x17", "x18", "x19",
		"x20", "x21", "x22", "x23",    "x24", "x25", "x26",   "x27", "x28", "x29",
		"x30", "sp",  "pc",  "pstate", "esr", "far", "ttbr1",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);

	if (index >= count)
		return false;
	*name = names[index];
	*value = index == count - 1 ? system_register_read(ttbr1_el1)
				    : ((const uint64_t *)frame)[index];
	return true;
}
