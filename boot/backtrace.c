/*
 * Backtraces. Each word of the stack is read through probe_read_u64(), so a broken chain ends the
 * trace and nothing else.
 */
#include <arch/probe.h>
#include <boot/backtrace.h>
#include <lib/format.h>
#include <lib/symbols.h>
#include <mm/layout.h>

#define BACKTRACE_DEPTH 32

static void print_address(uintptr_t address, backtrace_print_line *print)
{
	char symbol[96];
	char line[128];

	symbol_describe(symbol, sizeof(symbol), address);
	format_text(line, sizeof(line), "  0x%016lx %s", (unsigned long)address, symbol);
	print(line);
}

static int read_word(uintptr_t frame_pointer, int word, uint64_t *value)
{
	return probe_read_u64(frame_pointer + (uintptr_t)(word * (int)sizeof(uint64_t)), value);
}

void backtrace_print(uintptr_t pc, uintptr_t frame_pointer, backtrace_print_line *print)
{
	print_address(pc, print);
	for (unsigned depth = 0; depth < BACKTRACE_DEPTH; depth++) {
		uint64_t previous;
		uint64_t caller;

		if (frame_pointer < KSPACE_BASE || frame_pointer % sizeof(uint64_t) != 0)
			return;
		if (read_word(frame_pointer, FRAME_PREVIOUS_WORD, &previous) != 0 ||
		    read_word(frame_pointer, FRAME_RETURN_WORD, &caller) != 0 || caller == 0)
			return;
		/*
		 * A call may be a function's last instruction: the address before belongs to the
		 * caller.
		 */
		print_address(caller - 1, print);
		/* Stacks grow down: a caller's frame is higher. */
		if (previous <= frame_pointer)
			return;
		frame_pointer = previous;
	}
	print("  …");
}

void backtrace_print_frame(const struct trap_frame *frame, backtrace_print_line *print)
{
	backtrace_print(trap_frame_pc(frame), trap_frame_fp(frame), print);
}
