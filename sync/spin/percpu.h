/*
 * Per-CPU data: each CPU has its own copy, reached by adding the CPU's offset to the variable's
 * link address.
 *
 * CPU 0 uses the section .percpu of the image itself (offset 0), so per-CPU data works from the
 * first C function on; every other CPU gets a zeroed area when it is started. Hence a per-CPU
 * variable has no initialiser. A copy is its CPU's own: others may only read or write it
 * atomically.
 */
#ifndef SYNC_SPIN_PERCPU_H
#define SYNC_SPIN_PERCPU_H

#include <arch/cpu.h>
#include <lib/boot_info.h>
#include <stddef.h>
#include <stdint.h>

#define DEFINE_PER_CPU(type, name) __attribute__((section(".percpu"))) type name
#define DECLARE_PER_CPU(type, name) extern __attribute__((section(".percpu"))) type name

#define PERCPU_AT(name, offset) (*(__typeof__(&(name)))((uintptr_t) & (name) + (offset)))

/* This CPU's copy, an lvalue. The caller stays on this CPU while it uses it. */
#define this_cpu(name) PERCPU_AT(name, cpu_percpu_offset())

/*

 * Another CPU's copy. Only for CPUs that have been given an area: those that are or were started.

 */
#define per_cpu(name, cpu) PERCPU_AT(name, percpu_offset_of(cpu))

/* Bytes each CPU needs. */
size_t percpu_area_size(void);

/*
 * Makes area (zeroed, aligned to 64 bytes, percpu_area_size() long) the CPU's copy. Before the CPU
 * starts.
 */
void percpu_assign_area(unsigned cpu, void *area);

/* What the CPU's offset is: 0 for CPU 0. */
uintptr_t percpu_offset_of(unsigned cpu);

/* True when the CPU has an area of its own. */
bool percpu_has_area(unsigned cpu);

#endif
