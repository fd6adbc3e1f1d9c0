#include "memory.h"
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <lib/symbols.h>
#include <mm/early_alloc.h>
#include <mm/frame.h>
#include <mm/kspace.h>
#include <mm/tlb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sys/mman.h>

#define FRAME_MAP_SIZE (DIRECT_MAP_SIZE / PAGE_SIZE * sizeof(struct frame))

uintptr_t host_direct_map;
uintptr_t host_frame_map;
bool host_breaks_before_make;
uint64_t image_load_address;
uint64_t host_tables_left = UINT64_MAX;
uint64_t host_invalidations;
struct space kernel_space_itself = { .name = "kernel" };

_Thread_local uintptr_t host_percpu_offset;
_Thread_local bool host_interrupts_disabled;

/* ---- One CPU ---- */

DEFINE_PER_CPU(uint64_t, on_cpu_immediate_calls);
DEFINE_PER_CPU(uint32_t, current_cpu);

unsigned cpu_current(void)
{
	return 0;
}

uint64_t cpus_online(void)
{
	return 1;
}

uintptr_t percpu_offset_of(unsigned cpu)
{
	(void)cpu;
	return 0;
}

unsigned on_cpus_immediate(uint64_t cpus, void (*function)(void *argument), void *argument)
{
	if (cpus & 1)
		function(argument);
	return 0;
}

void on_each_cpu(void (*function)(void *argument), void *argument)
{
	function(argument);
}

void on_cpu_serve_immediate(void)
{
	abort();
}

/* Nobody else takes a lock: a wait is one for itself. */
void spinlock_wait(struct spinlock *lock)
{
	(void)lock;
	abort();
}

void spin_wait_look(struct spin_wait *wait)
{
	(void)wait;
	abort();
}

void lock_label_check_free(const struct lock_label *label, const char *kind)
{
	(void)label, (void)kind;
}

void lock_label_note_taken(struct lock_label *label)
{
	(void)label;
}

void lock_label_note_release(struct lock_label *label, const char *kind)
{
	(void)label, (void)kind;
}

int symbol_describe(char *buffer, size_t size, uintptr_t address)
{
	return snprintf(buffer, size, "%#lx", (unsigned long)address);
}

/* ---- Memory ---- */

static void *reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

int kspace_populate(uintptr_t address, size_t size)
{
	(void)address, (void)size;
	return 0;
}

void early_alloc_end(void)
{
}

void host_memory_init(void)
{
	static struct memory_map map;

	if (host_direct_map)
		return;
	host_direct_map = (uintptr_t)reserve(DIRECT_MAP_SIZE);
	host_frame_map = (uintptr_t)reserve(FRAME_MAP_SIZE);
	memory_map_add(&map, HOST_MEMORY_FIRST, HOST_HOLE_FIRST - HOST_MEMORY_FIRST, MEMORY_USABLE);
	memory_map_add(&map, HOST_HOLE_END, HOST_MEMORY_END - HOST_HOLE_END, MEMORY_USABLE);
	if (frame_init(&map) != 0)
		abort();
}

uint64_t host_table(void)
{
	struct frame *frame;

	if (host_tables_left == 0)
		return 0;
	if (host_tables_left != UINT64_MAX)
		host_tables_left--;
	frame = frame_alloc_zeroed(FRAME_TAG_TABLE);
	return frame ? frame_to_phys(frame) : 0;
}

/* ---- Translations ---- */

void mmu_publish_local(uintptr_t address, size_t size)
{
	(void)address, (void)size;
}

__attribute__((weak)) void tlb_invalidate(struct space *space, uintptr_t address, size_t size,
					  unsigned level, bool tables)
{
	(void)space, (void)address, (void)size, (void)level, (void)tables;
	host_invalidations++;
}
