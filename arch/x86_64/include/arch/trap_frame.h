/*
 * What trap_entry.S saves on the stack of whatever was interrupted, lowest address first.
 */
#ifndef ARCH_TRAP_FRAME_H
#define ARCH_TRAP_FRAME_H

#include <stdint.h>

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector;
	uint64_t error_code; /* 0 where the CPU pushes none */
	/* Pushed by the CPU (SDM vol. 3, 6.14.2). */
	uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * A frame pointer points to the caller's frame pointer, with the return address behind it: what a
 * backtrace needs to know, in words of 8 bytes from the frame pointer.
 */
#define FRAME_PREVIOUS_WORD 0
#define FRAME_RETURN_WORD 1

#endif
