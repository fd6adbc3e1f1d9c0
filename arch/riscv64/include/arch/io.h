/*
 * Device registers. A register access is one access of exactly its width; it is not reordered with
 * other accesses to registers, and mmio_write orders earlier normal stores before it (a device that
 * is told about memory sees it).
 *
 * RISC-V: whether accesses to a device stay in order among themselves is left to the platform
 * (privileged architecture 20211203, 3.6.5 "Memory-Ordering PMAs"), and with normal memory they
 * have none. So each access is fenced:
 *   read    fence ior, i    behind earlier register accesses and the taking of a lock: an acquire
 *                           orders normal memory alone (unprivileged ISA 20191213, 8.1)
 *           fence i, rw     what it announced is read after it
 *   write   fence iorw, o   behind everything before it
 *           fence o, w      a lock released after it (a store to normal memory) does not let the
 *                           next owner's register accesses overtake it
 */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <stdint.h>

#define DEFINE_MMIO(bits, load, store)                                                             \
	static inline uint##bits##_t mmio_read##bits(uintptr_t address)                            \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("fence ior, i\n\t" load " %0, 0(%1)\n\tfence i, rw"                   \
			     : "=r"(value)                                                         \
			     : "r"(address)                                                        \
			     : "memory");                                                          \
		return value;                                                                      \
	}                                                                                          \
	static inline void mmio_write##bits(uintptr_t address, uint##bits##_t value)               \
	{                                                                                          \
		asm volatile("fence iorw, o\n\t" store " %z0, 0(%1)\n\tfence o, w" ::"rJ"(value),  \
			     "r"(address)                                                          \
			     : "memory");                                                          \
	}

DEFINE_MMIO(8, "lbu", "sb")
DEFINE_MMIO(16, "lhu", "sh")
DEFINE_MMIO(32, "lw", "sw")
DEFINE_MMIO(64, "ld", "sd")

/* I/O ports: only x86_64 has them. */
#define ARCH_HAS_IO_PORTS 0

#endif
