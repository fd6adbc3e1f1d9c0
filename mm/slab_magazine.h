/*
 * Magazines, and the usual case of allocating and freeing: inlined where a call would cost as much
 * again. Others use mm/slab.h.
 */
#ifndef MM_SLAB_MAGAZINE_H
#define MM_SLAB_MAGAZINE_H

#include <arch/cpu.h>
#include <mm/slab.h>
#include <mm/slab_check.h>
#include <sync/spin/cpus.h>
#include <sync/spin/percpu.h>

/* Objects of a magazine, which with its head is 256 bytes. */
#define SLAB_MAGAZINE_SIZE 30

struct slab_magazine {
	struct slab_magazine *next;
	int64_t count; /* while no CPU has it */
	void *objects[SLAB_MAGAZINE_SIZE];
};

/* A CPU's magazines, its own with interrupts disabled. */
struct slab_cpu {
	struct slab_magazine *loaded;
	struct slab_magazine *previous; /* full, empty or none */
	int64_t count;                  /* objects in loaded; -1: there is none */
	int64_t previous_count;         /* the same */
	char zero[32];                  /* a line of its own */
};

/* The rest of both: with interrupts disabled. cpu: this CPU's; NULL for a cache without any. */
void *slab_alloc_slowly(struct slab_cache *cache, struct slab_cpu *cpu);
void slab_free_slowly(struct slab_cache *cache, struct slab_cpu *cpu, void *object);

static inline struct slab_cpu *slab_cpu_of(const struct slab_cache *cache)
{
	return &cache->cpus[this_cpu(current_cpu)];
}

static inline void *slab_alloc_inline(struct slab_cache *cache, size_t requested, uintptr_t site)
{
	unsigned long irq = interrupts_save();
	struct slab_cpu *cpu = slab_cpu_of(cache);
	void *object;

	if (__builtin_expect(cpu->count > 0, 1))
		object = cpu->loaded->objects[--cpu->count];
	else
		object = slab_alloc_slowly(cache, cpu);
	interrupts_restore(irq);
	if (object)
		slab_check_alloc(cache, object, requested, site);
	return object;
}

static inline void slab_free_inline(struct slab_cache *cache, void *object, uintptr_t site)
{
	struct slab_cpu *cpu;
	unsigned long irq;

	slab_check_free(cache, object, site);
	irq = interrupts_save();
	object = slab_quarantine(&cache, object);
	cpu = slab_cpu_of(cache);
	if (__builtin_expect(!object, 0))
		; /* it waits, and none leaves */
	else if (__builtin_expect((uint64_t)cpu->count < SLAB_MAGAZINE_SIZE, 1))
		cpu->loaded->objects[cpu->count++] = object;
	else
		slab_free_slowly(cache, cpu, object);
	interrupts_restore(irq);
}

#endif
