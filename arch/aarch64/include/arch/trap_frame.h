/*
 * What trap_entry.S saves on the stack of whatever was interrupted, lowest address first.
 */
#ifndef ARCH_TRAP_FRAME_H
#define ARCH_TRAP_FRAME_H

#include <stdint.h>

struct trap_frame {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
	/*
	 * ESR_EL1 and FAR_EL1 at the entry: a later trap overwrites the registers. Meaningless in
	 * an interrupt's frame.
	 */
	uint64_t esr;
	uint64_t far;
	/*
	 * A stack frame in itself, so that a backtrace goes on into the interrupted function; zero
	 * from user mode.
	 */
	uint64_t record_previous;
	uint64_t record_return;
};

/*
 * A frame pointer (x29) points to the caller's frame pointer, with the return address behind it
 * (AAPCS64, 6.4.6): what a backtrace needs to know, in words of 8 bytes from the frame pointer.
 */
#define FRAME_PREVIOUS_WORD 0
#define FRAME_RETURN_WORD 1

#endif
