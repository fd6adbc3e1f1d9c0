/*
 * Decoding of exceptions into arch/trap.h's words, and the dump of a frame.
 *
 * Interrupts are disabled throughout; the only state is the table of handlers, constant once
 * registered.
 */
#include <arch/cpu.h>
#include <arch/probe.h>
#include <arch/pte.h>
#include <arch/trap.h>
#include <arch/x86_64/assembly.h>
#include <arch/x86_64/port.h>
#include <arch/x86_64/registers.h>
#include <lib/image.h>
#include <lib/panic.h>

_Static_assert(offsetof(struct trap_frame, rip) == FRAME_RIP, "trap_entry.S reads it");
_Static_assert(sizeof(struct trap_frame) % 16 == 0, "trap_entry.S keeps the stack aligned");

/*
 * mm/layout.h: kernel stacks are 16 KiB, aligned to 32 KiB, and the upper half of each slot is not
 * mapped.
 */
#define STACK_GUARD_BIT (1UL << 14)
#define UPPER_HALF 0xffff800000000000UL

/* Error code of a page fault: SDM vol. 3, figure 4-12. */
#define FAULT_PRESENT 0x01
#define FAULT_WRITE 0x02
#define FAULT_USER 0x04
#define FAULT_RESERVED 0x08
#define FAULT_FETCH 0x10

/* SDM vol. 3, table 6-1. A vector without a cause is reserved. */
struct exception {
	enum trap_kind kind;
	const char *cause;
};

static const struct exception exceptions[VECTOR_LINE_FIRST] = {
	[0] = { TRAP_DIVIDE, "divide error: division by zero, or the quotient does not fit (#DE)" },
	[1] = { TRAP_UNKNOWN, "debug exception (#DB)" },
	[3] = { TRAP_BREAKPOINT, "breakpoint (#BP)" },
	[4] = { TRAP_UNKNOWN, "overflow (#OF)" },
	[5] = { TRAP_UNKNOWN, "bound range exceeded (#BR)" },
	[6] = { TRAP_ILLEGAL_INSTRUCTION, "invalid opcode (#UD)" },
	[7] = { TRAP_ILLEGAL_INSTRUCTION,
		"floating-point instruction, which the kernel may not use (#NM)" },
	[8] = { TRAP_DOUBLE_FAULT,
		"double fault: an exception while another was being delivered (#DF)" },
	[10] = { TRAP_PROTECTION, "invalid task-state segment (#TS)" },
	[11] = { TRAP_PROTECTION, "segment not present (#NP)" },
	[12] = { TRAP_PROTECTION,
		 "stack segment fault, or a stack address that is not canonical (#SS)" },
	[13] = { TRAP_PROTECTION, "general protection, or an address that is not canonical (#GP)" },
	[14] = { TRAP_PAGE_FAULT, "page fault (#PF)" },
	[16] = { TRAP_UNKNOWN, "x87 floating-point error (#MF)" },
	[17] = { TRAP_ALIGNMENT, "misaligned access with alignment checks on (#AC)" },
	[18] = { TRAP_BUS_ERROR, "machine check (#MC)" },
	[19] = { TRAP_UNKNOWN, "SIMD floating-point exception (#XM)" },
	[20] = { TRAP_UNKNOWN, "virtualization exception (#VE)" },
	[21] = { TRAP_PROTECTION, "control-flow protection (#CP)" },
};

static const struct trap_handlers *handlers;

void trap_set_handlers(const struct trap_handlers *table)
{
	handlers = table;
}

/*
 * Whether the live tables give user mode the page at an address that is mapped. They are read
 * through the direct map with accesses that may fault: tables that are damaged must not turn a
 * fault into a loop of faults.
 */
static bool address_is_user(uintptr_t address)
{
	uint64_t table = pte_address(read_cr3());

	for (unsigned level = pte_levels(); level-- > 0;) {
		uintptr_t index = address >> PAGE_LEVEL_SHIFT(level) & (PAGE_TABLE_ENTRIES - 1);
		uint64_t entry;

		if (probe_read_u64(DIRECT_MAP_BASE + table + index * sizeof(entry), &entry))
			return false;
		if (!pte_present(entry) || !(entry & PTE_USER))
			return false;
		if (pte_is_leaf(entry, level))
			return true;
		table = pte_address(entry);
	}
	return false;
}

static const char *page_fault_cause(uint64_t error, uintptr_t address)
{
	bool supervisor = !(error & FAULT_USER);

	if (!(error & FAULT_PRESENT))
		return "no translation (not present)";
	if (error & FAULT_RESERVED)
		return "a reserved bit is set in a page-table entry";
	if (supervisor && address_is_user(address))
		return error & FAULT_FETCH ? "supervisor fetch from a user page (SMEP)"
					   : "supervisor access to a user page (SMAP)";
	if (error & FAULT_FETCH)
		return "instruction fetch from a no-execute page";
	if (error & FAULT_WRITE)
		return "write to a read-only page";
	return "user access to a supervisor page";
}

static void page_fault_decode(struct trap *trap, uint64_t error)
{
	trap->address = read_cr2();
	trap->access = TRAP_ACCESS_READ;
	if (error & FAULT_FETCH)
		trap->access = TRAP_ACCESS_EXECUTE;
	else if (error & FAULT_WRITE)
		trap->access = TRAP_ACCESS_WRITE;
	trap->cause = page_fault_cause(error, trap->address);
}

/*
 * A stack overflow ends in a double fault, because the page fault that reports it has no stack to
 * be pushed on. cr2 is then just below the stack pointer, where the CPU tried to push, and in the
 * unmapped half of a stack's slot, or in the guard below the boot stack. Any other double fault is
 * one by itself.
 */
static bool stack_overflowed(const struct trap_frame *frame, uintptr_t address)
{
	if (address >= frame->rsp || frame->rsp - address > sizeof(struct trap_frame))
		return false;
	if (address >= (uintptr_t)image_start)
		return address >= (uintptr_t)boot_stack_guard && address < (uintptr_t)boot_stack;
	return address >= UPPER_HALF && (address & STACK_GUARD_BIT);
}

static void double_fault_decode(struct trap *trap)
{
	uintptr_t address = read_cr2();

	if (!stack_overflowed(trap->frame, address))
		return;
	trap->kind = TRAP_STACK_OVERFLOW;
	trap->access = TRAP_ACCESS_WRITE;
	trap->address = address;
	trap->cause = "kernel stack overflow: a push below the stack (#DF)";
}

static void exception_dispatch(struct trap_frame *frame, const struct exception *exception)
{
	struct trap trap = {
		.kind = exception->kind,
		.access = TRAP_ACCESS_NONE,
		.from_user = frame->cs & 3,
		.code = frame->vector << 32 | frame->error_code,
		.cause = exception->cause,
		.frame = frame,
	};

	if (frame->vector == VECTOR_PAGE_FAULT)
		page_fault_decode(&trap, frame->error_code);
	else if (frame->vector == VECTOR_DOUBLE_FAULT)
		double_fault_decode(&trap);
	else if (frame->vector == VECTOR_BREAKPOINT)
		frame->rip -= 1; /* the CPU pushed the address behind the one-byte int3 */

	if (!handlers)
		panic("%s at %p before there are handlers, address %p", trap.cause,
		      (void *)frame->rip, (void *)trap.address);
	handlers->exception(&trap);
}

void trap_dispatch(struct trap_frame *frame)
{
	static const struct exception unknown = { TRAP_UNKNOWN, "a vector that nobody programmed" };
	const struct exception *exception = &unknown;

	if (frame->vector == VECTOR_NMI) {
		if (handlers)
			handlers->urgent(frame);
		return;
	}
	if (frame->vector >= VECTOR_LINE_FIRST && handlers && interrupt_dispatch(frame, handlers))
		return;
	if (frame->vector < VECTOR_LINE_FIRST && exceptions[frame->vector].cause)
		exception = &exceptions[frame->vector];
	exception_dispatch(frame, exception);
}

uintptr_t trap_frame_pc(const struct trap_frame *frame)
{
	return frame->rip;
}

uintptr_t trap_frame_sp(const struct trap_frame *frame)
{
	return frame->rsp;
}

uintptr_t trap_frame_fp(const struct trap_frame *frame)
{
	return frame->rbp;
}

void trap_frame_set_pc(struct trap_frame *frame, uintptr_t pc)
{
	frame->rip = pc;
}

void trap_frame_skip_breakpoint(struct trap_frame *frame)
{
	frame->rip += 1;
}

struct frame_register {
	const char *name;
	size_t offset;
};

#define FRAME_REGISTER(name, member)                                                               \
	{                                                                                          \
		name, offsetof(struct trap_frame, member)                                          \
	}

static const struct frame_register frame_registers[] = {
	FRAME_REGISTER("rax", rax),       FRAME_REGISTER("rbx", rbx),
	FRAME_REGISTER("rcx", rcx),       FRAME_REGISTER("rdx", rdx),
	FRAME_REGISTER("rsi", rsi),       FRAME_REGISTER("rdi", rdi),
	FRAME_REGISTER("rbp", rbp),       FRAME_REGISTER("r8", r8),
	FRAME_REGISTER("r9", r9),         FRAME_REGISTER("r10", r10),
	FRAME_REGISTER("r11", r11),       FRAME_REGISTER("r12", r12),
	FRAME_REGISTER("r13", r13),       FRAME_REGISTER("r14", r14),
	FRAME_REGISTER("r15", r15),       FRAME_REGISTER("rip", rip),
	FRAME_REGISTER("cs", cs),         FRAME_REGISTER("rflags", rflags),
	FRAME_REGISTER("rsp", rsp),       FRAME_REGISTER("ss", ss),
	FRAME_REGISTER("vector", vector), FRAME_REGISTER("error", error_code),
};

#define FRAME_REGISTERS (sizeof(frame_registers) / sizeof(frame_registers[0]))

bool trap_frame_register(const struct trap_frame *frame, size_t index, const char **name,
			 uint64_t *value)
{
	if (index < FRAME_REGISTERS) {
		*name = frame_registers[index].name;
		*value = *(const uint64_t *)((const char *)frame + frame_registers[index].offset);
		return true;
	}
	switch (index - FRAME_REGISTERS) {
	case 0:
		*name = "cr2";
		*value = read_cr2();
		return true;
	case 1:
		*name = "cr3";
		*value = read_cr3();
		return true;
	case 2:
		*name = "cr4";
		*value = read_cr4();
		return true;
	default:
		return false;
	}
}
