/*
 * The kernel's address space, the same on three machines but for the direct map's place and size:
 *
 *   0                   lower half: user addresses. The kernel maps nothing here, page zero never
 *   DIRECT_MAP_BASE     physical memory, rw-; the kernel's text and constants r--
 *                       0xffff800000000000, 64 TiB; on a RISC-V hart with no more than Sv39
 *                       0xffffffc000000000, 192 GiB
 *   FRAME_MAP_BASE      records of frames (mm/frame.h), mapped where there is memory, rw-:
 *                       0xffffe00000000000, 512 GiB; with Sv39 0xffffffff00000000, 1.5 GiB
 *   KSPACE_BASE         0xfffffff000000000, 60 GiB: stacks, buffers and device registers, each
 *                       piece between unmapped pages
 *   KERNEL_IMAGE_BASE   0xffffffff80000000: text r-x, rodata r--, data rw-, boot stack over a guard
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#include <arch/pte.h>
#include <lib/image.h>
#include <stdbool.h>
#include <stdint.h>

#define KERNEL_IMAGE_BASE 0xffffffff80000000UL
#define KSPACE_BASE 0xfffffff000000000UL
#define KSPACE_END 0xffffffff00000000UL

/*
 * Each kernel stack is 16 KiB, aligned to twice that: bit 14 of a stack pointer tells the trap
 * entry of an overflow.
 */
#define KERNEL_STACK_SHIFT 14
#define KERNEL_STACK_SIZE (1UL << KERNEL_STACK_SHIFT)
#define KERNEL_STACK_SLOT (2 * KERNEL_STACK_SIZE)

/* For memory that the direct map covers. */
static inline void *phys_to_virt(uint64_t physical)
{
	return (void *)(DIRECT_MAP_BASE + physical);
}

/* For an address in the direct map only. */
static inline uint64_t direct_map_to_phys(const void *address)
{
	return (uintptr_t)address - DIRECT_MAP_BASE;
}

/*
 * Where the image was loaded; set by kernel_start(). For addresses of the image: its own functions
 * and variables.
 */
extern uint64_t image_load_address;

static inline uint64_t image_to_phys(const void *address)
{
	return (uintptr_t)address - KERNEL_IMAGE_BASE + image_load_address;
}

#endif
