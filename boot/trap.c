/*
 * Traps, after the port has decoded them: recover by the exception table, or report and end.
 */
#include <boot/panic.h>
#include <boot/trap.h>
#include <dev/interrupt.h>
#include <dev/timer.h>
#include <lib/extable.h>
#include <lib/format.h>
#include <lib/symbols.h>
#include <mm/layout.h>
#include <mm/space.h>
#include <sync/spin/atomic.h>
#include <sync/spin/lock_label.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

/* This CPU's innermost frame; saved and put back around each handler, so that traps nest. */
static DEFINE_PER_CPU(const struct trap_frame *, current_frame);
static uint32_t ready; /* atomic */
static uint64_t hook;  /* atomic: bool (*)(struct trap *) */

/* What a handler interrupts. */
struct interrupted {
	const struct trap_frame *frame;
	unsigned locks_held;
};

static struct interrupted enter(const struct trap_frame *frame)
{
	struct interrupted outer = { this_cpu(current_frame), spinlocks_held() };

	this_cpu(current_frame) = frame;
	return outer;
}

static void leave(struct interrupted outer)
{
	spinlocks_check_held(outer.locks_held, "returns from a trap");
	this_cpu(current_frame) = outer.frame;
}

static bool run_hook(struct trap *trap)
{
	/* Acquire, pairs with trap_set_hook in boot/trap.c: what the hook needs. */
	bool (*function)(struct trap *) = (bool (*)(struct trap *))(uintptr_t)atomic_load_acquire(
		&hook);

	return function && function(trap);
}

static bool is_spurious(const struct trap *trap)
{
	return trap->kind == TRAP_PAGE_FAULT &&
	       space_fault(trap->address, trap->access, trap->from_user);
}

/* Faults of an instruction that the exception table knows are part of its work. */
static bool recover(const struct trap *trap)
{
	uintptr_t fixup;

	if (trap->from_user || trap->kind == TRAP_DOUBLE_FAULT || trap->kind == TRAP_STACK_OVERFLOW)
		return false;
	fixup = extable_find_fixup(trap_frame_pc(trap->frame));
	if (!fixup)
		return false;
	trap_frame_set_pc(trap->frame, fixup);
	return true;
}

static const char *kind_name(enum trap_kind kind)
{
	static const char *const names[] = {
		[TRAP_PAGE_FAULT] = "page fault",
		[TRAP_BREAKPOINT] = "breakpoint that nobody expects",
		[TRAP_ILLEGAL_INSTRUCTION] = "illegal instruction",
		[TRAP_DIVIDE] = "divide by zero",
		[TRAP_ALIGNMENT] = "misaligned access",
		[TRAP_BUS_ERROR] = "bus error",
		[TRAP_PROTECTION] = "protection fault",
		[TRAP_SYSTEM_CALL] = "system call from the kernel",
		[TRAP_DOUBLE_FAULT] = "double fault",
		[TRAP_STACK_OVERFLOW] = "kernel stack overflow",
		[TRAP_UNKNOWN] = "unknown exception",
	};

	return names[kind];
}

static const char *access_name(enum trap_access access)
{
	static const char *const names[] = {
		[TRAP_ACCESS_NONE] = "access to",
		[TRAP_ACCESS_READ] = "read of",
		[TRAP_ACCESS_WRITE] = "write to",
		[TRAP_ACCESS_EXECUTE] = "execution of",
	};

	return names[access];
}

/* What lies at an address, in the words of mm/layout.h. */
static const char *place_name(uintptr_t address)
{
	if (address < PAGE_SIZE)
		return "the null page";
	if (address < (uintptr_t)1 << (PAGE_LEVEL_SHIFT(pte_levels()) - 1))
		return "a user address";
	if (address >= (uintptr_t)text_start && address < (uintptr_t)text_end)
		return "kernel text";
	if (address >= (uintptr_t)rodata_start && address < (uintptr_t)rodata_end)
		return "kernel constants";
	if (address >= (uintptr_t)data_start && address < (uintptr_t)image_end)
		return "kernel data";
	if (address >= KSPACE_BASE && address < KSPACE_END)
		return "kernel space";
	if (address >= DIRECT_MAP_BASE && address < DIRECT_MAP_BASE + DIRECT_MAP_SIZE)
		return "the direct map";
	return "no region";
}

static _Noreturn void die(const struct trap *trap)
{
	char message[256];
	char where[80];

	symbol_describe(where, sizeof(where), trap_frame_pc(trap->frame));
	if (trap->kind == TRAP_PAGE_FAULT)
		format_text(message, sizeof(message),
			    "page fault: %s %s at 0x%lx (%s; code 0x%llx) in %s",
			    access_name(trap->access), place_name(trap->address),
			    (unsigned long)trap->address, trap->cause,
			    (unsigned long long)trap->code, where);
	else
		format_text(message, sizeof(message), "%s (%s; code 0x%llx, address 0x%lx) in %s",
			    kind_name(trap->kind), trap->cause, (unsigned long long)trap->code,
			    (unsigned long)trap->address, where);
	panic_with_frame(message, trap->frame);
}

static void handle_exception(struct trap *trap)
{
	struct interrupted outer;

	if (trap->kind == TRAP_BREAKPOINT)
		panic_take_breakpoint(trap->frame);
	outer = enter(trap->frame);
	if (!is_spurious(trap) && !run_hook(trap) && !recover(trap))
		die(trap);
	leave(outer);
}

static void handle_interrupt(unsigned line, struct trap_frame *frame)
{
	struct interrupted outer = enter(frame);

	interrupt_handle(line);
	leave(outer);
}

static void handle_timer(struct trap_frame *frame)
{
	struct interrupted outer = enter(frame);

	interrupt_count_event(INTERRUPT_TIMER);
	timer_interrupt();
	leave(outer);
}

static void handle_ipi(struct trap_frame *frame)
{
	struct interrupted outer = enter(frame);

	interrupt_count_event(INTERRUPT_IPI);
	panic_stop_if_requested(frame);
	on_cpu_serve();
	leave(outer);
}

static void handle_urgent(struct trap_frame *frame)
{
	interrupt_count_event(INTERRUPT_URGENT);
	panic_stop_if_requested(frame);
}

static const struct trap_handlers handlers = {
	.exception = handle_exception,
	.interrupt = handle_interrupt,
	.timer = handle_timer,
	.ipi = handle_ipi,
	.urgent = handle_urgent,
};

void trap_init(void)
{
	trap_set_handlers(&handlers);
}

bool trap_is_ready(void)
{
	return atomic_load_relaxed(&ready);
}

void trap_set_ready(void)
{
	atomic_store_relaxed(&ready, 1);
}

const struct trap_frame *trap_current_frame(void)
{
	return this_cpu(current_frame);
}

void trap_set_hook(bool (*function)(struct trap *trap))
{
	/* Release, pairs with run_hook in boot/trap.c: what the hook needs before the hook. */
	atomic_store_release(&hook, (uint64_t)(uintptr_t)function);
}
