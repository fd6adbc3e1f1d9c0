/*
 * Device registers. A register access is one access of exactly its width; it is not reordered with
 * other accesses to registers, and mmio_write orders earlier normal stores before it (a device that
 * is told about memory sees it).
 *
 * AArch64: Device-nGnRE keeps accesses to one device in order (DDI 0487, B2 "Device memory"),
 * but not with accesses to normal memory: a store barrier goes before a write, and a load barrier
 * after a read, so that what a register announced is read after it. Assembly with a plain address
 * register: a hypervisor can emulate no other form of load and store (ESR_EL2.ISV).
 */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <arch/barrier.h>
#include <stdint.h>

#define DEFINE_MMIO(bits, suffix, width)                                                           \
	static inline uint##bits##_t mmio_read##bits(uintptr_t address)                            \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		asm volatile("ldr" suffix " %" width "0, [%1]"                                     \
			     : "=r"(value)                                                         \
			     : "r"(address)                                                        \
			     : "memory");                                                          \
		dma_rmb();                                                                         \
		return value;                                                                      \
	}                                                                                          \
	static inline void mmio_write##bits(uintptr_t address, uint##bits##_t value)               \
	{                                                                                          \
		dma_wmb();                                                                         \
		asm volatile("str" suffix " %" width "0, [%1]" ::"rZ"(value), "r"(address)         \
			     : "memory");                                                          \
	}

DEFINE_MMIO(8, "b", "w")
DEFINE_MMIO(16, "h", "w")
DEFINE_MMIO(32, "", "w")
DEFINE_MMIO(64, "", "x")

/* I/O ports: only x86_64 has them. */
#define ARCH_HAS_IO_PORTS 0

#endif
