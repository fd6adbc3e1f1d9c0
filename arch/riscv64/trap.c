/*
 * Traps: what an exception was, in words, and handing it up.
 *
 * scause names it (privileged architecture 20211203, 4.1.8, table 4.2); stval holds the address of
 * a fault (4.1.9). trap_entry.S calls the functions here with interrupts disabled, on the
 * interrupted stack or, when that is lost, on the CPU's emergency stack. No locks: the table of
 * handlers is constant once interrupts are allowed.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/probe.h>
#include <arch/riscv64/assembly.h>
#include <arch/riscv64/port.h>
#include <lib/image.h>
#include <lib/panic.h>

#define SAME(member, offset)                                                                       \
	_Static_assert(offsetof(struct trap_frame, member) == (offset),                            \
		       "trap_entry.S saves it there")
SAME(ra, FRAME_X(1));
SAME(t1, FRAME_X(6));
SAME(t6, FRAME_X(31));
SAME(pc, FRAME_PC);
SAME(sstatus, FRAME_SSTATUS);
SAME(scause, FRAME_SCAUSE);
SAME(stval, FRAME_STVAL);
SAME(record_previous, FRAME_RECORD);
SAME(record_return, FRAME_RECORD + 8);
SAME(leaf_previous, FRAME_LEAF);
SAME(leaf_return, FRAME_LEAF + 8);
SAME(unused, FRAME_UNUSED);
#undef SAME
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0,
	       "the stack stays aligned");
_Static_assert(offsetof(struct trap_cpu, emergency_top) == TRAP_CPU_EMERGENCY_TOP, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, emergency_uses) == TRAP_CPU_EMERGENCY_USES,
	       "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, entering) == TRAP_CPU_ENTERING, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, spare) == TRAP_CPU_SPARE, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, t0) == TRAP_CPU_T0, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, t1) == TRAP_CPU_T1, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, sp) == TRAP_CPU_SP, "trap_entry.S");
_Static_assert(offsetof(struct trap_cpu, pc) == TRAP_CPU_PC, "trap_entry.S");
_Static_assert(sizeof(struct trap_cpu) == TRAP_CPU_SIZE, "trap_entry.S reserves it");
_Static_assert(SSTATUS_SIE == 2, "trap_entry.S clears it");

#define SCAUSE_INTERRUPT (1UL << 63)

/*
 * Bits 1 and 0 of an instruction: 3 in one of four bytes, else it has two (unprivileged ISA
 * 20191213, 1.5).
 */
#define INSTRUCTION_LENGTH_MASK 3

const struct trap_handlers *trap_handlers;

struct cause {
	enum trap_kind kind;
	enum trap_access access;
	const char *name;
};

/* A cause that is not here is reserved, or does not reach S-mode. */
static const struct cause causes[] = {
	[0] = { TRAP_ALIGNMENT, TRAP_ACCESS_EXECUTE, "instruction address misaligned" },
	[1] = { TRAP_BUS_ERROR, TRAP_ACCESS_EXECUTE, "instruction access fault" },
	[2] = { TRAP_ILLEGAL_INSTRUCTION, TRAP_ACCESS_NONE, "illegal instruction" },
	[3] = { TRAP_BREAKPOINT, TRAP_ACCESS_NONE, "breakpoint" },
	[4] = { TRAP_ALIGNMENT, TRAP_ACCESS_READ, "load address misaligned" },
	[5] = { TRAP_BUS_ERROR, TRAP_ACCESS_READ, "load access fault" },
	[6] = { TRAP_ALIGNMENT, TRAP_ACCESS_WRITE, "store or AMO address misaligned" },
	[7] = { TRAP_BUS_ERROR, TRAP_ACCESS_WRITE, "store or AMO access fault" },
	[8] = { TRAP_SYSTEM_CALL, TRAP_ACCESS_NONE, "environment call from U-mode" },
	[9] = { TRAP_UNKNOWN, TRAP_ACCESS_NONE, "environment call from S-mode" },
	[12] = { TRAP_PAGE_FAULT, TRAP_ACCESS_EXECUTE, "instruction page fault" },
	[13] = { TRAP_PAGE_FAULT, TRAP_ACCESS_READ, "load page fault" },
	[15] = { TRAP_PAGE_FAULT, TRAP_ACCESS_WRITE, "store or AMO page fault" },
};

static const struct cause unknown_interrupt = { TRAP_UNKNOWN, TRAP_ACCESS_NONE,
						"interrupt that nobody enabled" };
static const struct cause unknown_exception = { TRAP_UNKNOWN, TRAP_ACCESS_NONE,
						"reserved exception code" };

static const struct cause *find_cause(uint64_t scause)
{
	if (scause & SCAUSE_INTERRUPT)
		return &unknown_interrupt;
	if (scause >= sizeof(causes) / sizeof(causes[0]) || !causes[scause].name)
		return &unknown_exception;
	return &causes[scause];
}

static struct trap trap_decode(struct trap_frame *frame)
{
	const struct cause *cause = find_cause(frame->scause);

	return (struct trap){
		.kind = cause->kind,
		.access = cause->access,
		.from_user = !(frame->sstatus & SSTATUS_SPP),
		.address = cause->access == TRAP_ACCESS_NONE ? 0 : frame->stval,
		.code = frame->scause,
		.cause = cause->name,
		.frame = frame,
	};
}

static void trap_deliver(struct trap *trap)
{
	if (!trap_handlers)
		panic("%s at pc %#lx, address %#lx, before there are handlers", trap->cause,
		      (unsigned long)trap->frame->pc, (unsigned long)trap->address);
	trap_handlers->exception(trap);
}

void trap_set_handlers(const struct trap_handlers *handlers)
{
	trap_handlers = handlers;
}

/*
 * gcc 12 saves only the frame pointer in a function that calls none, in the place of the return
 * address, and points s0 behind it all the same. When the interrupted function is of that sort, the
 * frame gets a record that has both: the return address is still in ra. Not on another stack than
 * the function's, where the chain would not lead upward.
 */
static void link_leaf(struct trap_frame *frame)
{
	uintptr_t leaf = (uintptr_t)&frame->leaf_return + sizeof(frame->leaf_return);
	uint64_t word;

	if (!(frame->sstatus & SSTATUS_SPP) || frame->s0 % sizeof(word) != 0 ||
	    probe_read_u64(frame->s0 + (uintptr_t)(FRAME_RETURN_WORD * (int)sizeof(word)), &word) !=
		    0)
		return;
	if ((word >= (uintptr_t)text_start && word < (uintptr_t)text_end) || word <= frame->s0)
		return;
	frame->leaf_previous = word;
	frame->leaf_return = frame->ra;
	frame->record_previous = word > leaf ? leaf : word;
}

void trap_dispatch(struct trap_frame *frame)
{
	struct trap trap;

	link_leaf(frame);
	if ((frame->scause & SCAUSE_INTERRUPT) && interrupt_dispatch(frame))
		return;
	trap = trap_decode(frame);
	trap_deliver(&trap);
}

struct trap_cpu *trap_cpu_here(void)
{
	return (struct trap_cpu *)((uintptr_t)&trap_cpu + cpu_percpu_offset());
}

/*
 * Whether the frame would have gone below a stack: into a guard, above which that stack begins,
 * with memory in it.
 */
static bool stack_overflowed(uintptr_t lost_sp)
{
	uintptr_t place = lost_sp - FRAME_SIZE;
	uintptr_t guard = 1UL << STACK_SHIFT;
	uint8_t byte;

	return place % 16 == 0 && (place & guard) &&
	       probe_read_u8((place | (2 * guard - 1)) + 1, &byte) == 0;
}

/*
 * The stack pointer was no place for a frame. pc and the registers are the interrupted code's; the
 * cause is the first trap's too, unless the stack pointer looked right and a store to it was what
 * failed: then it is that store's.
 */
void trap_lost_stack(struct trap_frame *frame)
{
	static const char again[] = "trefoil: the emergency stack was lost too\n";
	struct trap trap;

	if (trap_cpu_here()->emergency_uses > 1) {
		machine_early_write(again, sizeof(again) - 1);
		machine_exit(false);
	}
	link_leaf(frame);
	trap = trap_decode(frame);
	trap.kind = stack_overflowed(frame->sp) ? TRAP_STACK_OVERFLOW : TRAP_DOUBLE_FAULT;
	trap_deliver(&trap);
	panic("%s at pc %#lx with stack pointer %#lx was handled, but there is no stack to return "
	      "to",
	      trap.cause, (unsigned long)frame->pc, (unsigned long)frame->sp);
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
	return frame->record_previous;
}

void trap_frame_set_pc(struct trap_frame *frame, uintptr_t pc)
{
	frame->pc = pc;
}

void trap_frame_skip_breakpoint(struct trap_frame *frame)
{
	uint8_t low = 0;

	/* The hart has just executed it, so this does not fail. */
	if (probe_read_u8(frame->pc, &low) != 0)
		panic("the breakpoint at %#lx cannot be read", (unsigned long)frame->pc);
	frame->pc += (low & INSTRUCTION_LENGTH_MASK) == INSTRUCTION_LENGTH_MASK ? 4 : 2;
}

bool trap_frame_register(const struct trap_frame *frame, size_t index, const char **name,
			 uint64_t *value)
{
	/* In the order of struct trap_frame, whose words they are; satp is live. */
	static const char *const names[] = {
		"ra", "sp", "gp", "tp", "t0", "t1",      "t2",     "s0",    "s1",
		"a0", "a1", "a2", "a3", "a4", "a5",      "a6",     "a7",    "s2",
		"s3", "s4", "s5", "s6", "s7", "s8",      "s9",     "s10",   "s11",
		"t3", "t4", "t5", "t6", "pc", "sstatus", "scause", "stval", "satp",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);

	if (index >= count)
		return false;
	*name = names[index];
	*value = index == count - 1 ? csr_read(satp) : ((const uint64_t *)frame)[index];
	return true;
}
