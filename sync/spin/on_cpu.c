/*
 * Cross-CPU calls: a stack of requests per CPU, pushed by any CPU, taken whole by its owner.
 *
 * A request lives on its caller's stack; the callee's last access to it is the release store to
 * done, and the caller leaves only after it has seen that. Taking the whole stack at once leaves no
 * room for an ABA problem.
 */
#include <arch/cpu.h>
#include <arch/interrupt.h>
#include <dev/clock.h>
#include <lib/errno.h>
#include <lib/panic.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>

struct cpu_call {
	void (*function)(void *argument);
	void *argument;
	uint64_t next; /* struct cpu_call *, constant once pushed */
	uint32_t done; /* atomic */
};

/* Head of this CPU's stack: a struct cpu_call *, or 0. Atomic. */
static DEFINE_PER_CPU(uint64_t, pending_calls);

static void push_call(unsigned cpu, struct cpu_call *call)
{
	uint64_t *head = &per_cpu(pending_calls, cpu);
	uint64_t old = atomic_load_relaxed(head);

	do
		call->next = old;
	/* Release, pairs with on_cpu_serve in sync/spin/on_cpu.c: the fields before the address. */
	while (!atomic_compare_exchange_release(head, &old, (uint64_t)(uintptr_t)call));
	/* A stack that was not empty has an interrupt on its way that has not looked yet. */
	if (old == 0)
		ipi_send(cpu);
}

void on_cpu_serve(void)
{
	/* Acquire, pairs with push_call in sync/spin/on_cpu.c: the fields of all requests. */
	uint64_t call = atomic_exchange_acquire(&this_cpu(pending_calls), (uint64_t)0);

	while (call) {
		struct cpu_call *current = (struct cpu_call *)(uintptr_t)call;

		call = current->next;
		current->function(current->argument);
		/*
		 * Release, pairs with wait_for_call in sync/spin/on_cpu.c: what the function did
		 * before done.
		 */
		atomic_store_release(&current->done, 1);
	}
}

static void wait_for_call(const struct cpu_call *call, unsigned cpu)
{
	uint64_t since = clock_ns();

	/* Acquire, pairs with on_cpu_serve in sync/spin/on_cpu.c: what the function did. */
	while (!atomic_load_acquire(&call->done)) {
		unsigned long flags = interrupts_save();

		on_cpu_serve();
		interrupts_restore(flags);
		if (clock_ns() - since > ON_CPU_PATIENCE_NS)
			panic("CPU %u does not answer CPU %u's call for %llu s", cpu, cpu_current(),
			      (unsigned long long)(ON_CPU_PATIENCE_NS / 1000000000UL));
		cpu_relax();
	}
}

static void call_here(void (*function)(void *argument), void *argument)
{
	unsigned long flags = interrupts_save();

	function(argument);
	interrupts_restore(flags);
}

int on_cpu(unsigned cpu, void (*function)(void *argument), void *argument)
{
	if (!cpu_is_online(cpu))
		return -EINVAL;
	if (cpu == cpu_current())
		call_here(function, argument);
	else
		on_cpus((uint64_t)1 << cpu, function, argument);
	return 0;
}

void on_cpus(uint64_t cpus, void (*function)(void *argument), void *argument)
{
	struct cpu_call calls[CPU_MAX];
	uint64_t self = (uint64_t)1 << cpu_current();
	uint64_t others;

	cpus &= cpus_online();
	others = cpus & ~self;
	for_each_cpu(cpu, others) {
		calls[cpu] = (struct cpu_call){ .function = function, .argument = argument };
		push_call((unsigned)cpu, &calls[cpu]);
	}
	if (cpus & self)
		call_here(function, argument);
	for_each_cpu(cpu, others)
		wait_for_call(&calls[cpu], (unsigned)cpu);
}

void on_each_cpu(void (*function)(void *argument), void *argument)
{
	on_cpus(cpus_online(), function, argument);
}
