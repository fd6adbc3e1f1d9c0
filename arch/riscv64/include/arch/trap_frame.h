/*
 * What trap_entry.S saves on the stack of whatever was interrupted, lowest address first.
 */
#ifndef ARCH_TRAP_FRAME_H
#define ARCH_TRAP_FRAME_H

#include <stdint.h>

struct trap_frame {
	/* x1 to x31. */
	uint64_t ra, sp, gp, tp, t0, t1, t2, s0, s1;
	uint64_t a0, a1, a2, a3, a4, a5, a6, a7;
	uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
	uint64_t t3, t4, t5, t6;
	uint64_t pc; /* sepc */
	uint64_t sstatus;
	/* As of this trap: a later one overwrites the registers. */
	uint64_t scause;
	uint64_t stval;
	/*
	 * Two stack frames in themselves. The first makes a backtrace go on into the interrupted
	 * function; the second stands for that function's own frame when it has left out half of it
	 * (trap.c, link_leaf()).
	 */
	uint64_t record_previous;
	uint64_t record_return;
	uint64_t leaf_previous;
	uint64_t leaf_return;
	uint64_t unused; /* the target of a store-conditional that must fail; keeps sp aligned to 16
			  */
};

/*
 * A frame pointer (s0) points behind the pair of the caller's frame pointer and the return address
 * (RISC-V ELF psABI 1.0, "Frame Pointer Convention"): what a backtrace needs to know, in words of 8
 * bytes from the frame pointer.
 */
#define FRAME_PREVIOUS_WORD -2
#define FRAME_RETURN_WORD -1

#endif
