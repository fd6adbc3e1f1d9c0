/*
 * Device registers. A register access is one access of exactly its width; it is not reordered with
 * other accesses to registers, and mmio_write orders earlier normal stores before it (a device that
 * is told about memory sees it).
 *
 * x86_64: register pages are mapped uncached, and loads and stores to uncached memory stay in
 * program order and behind all earlier stores (SDM vol. 3, 9.2.2 and 12.3.1), so a compiler barrier
 * is enough.
 */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <stdint.h>

#define DEFINE_MMIO(bits)                                                                          \
	static inline uint##bits##_t mmio_read##bits(uintptr_t address)                            \
	{                                                                                          \
		uint##bits##_t value = *(volatile uint##bits##_t *)address;                        \
		asm volatile("" ::: "memory");                                                     \
		return value;                                                                      \
	}                                                                                          \
	static inline void mmio_write##bits(uintptr_t address, uint##bits##_t value)               \
	{                                                                                          \
		asm volatile("" ::: "memory");                                                     \
		*(volatile uint##bits##_t *)address = value;                                       \
	}

DEFINE_MMIO(8)
DEFINE_MMIO(16)
DEFINE_MMIO(32)
DEFINE_MMIO(64)

/*

 * I/O ports: only x86_64 has them; the other ports define ARCH_HAS_IO_PORTS as 0 and no functions.

 */
#define ARCH_HAS_IO_PORTS 1

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	asm volatile("outw %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

#endif
