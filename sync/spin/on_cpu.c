/*
 * Cross-CPU calls: two stacks of requests per CPU, one a kind, pushed by any CPU, taken whole by
 * their owner.
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

/* Heads of this CPU's stacks: a struct cpu_call *, or 0. Atomic. */
static DEFINE_PER_CPU(uint64_t, ordinary_calls);
DEFINE_PER_CPU(uint64_t, on_cpu_immediate_calls);

/* Returns true when it had to interrupt the CPU: a stack that was not empty has an interrupt on its
 * way that has not looked yet. */
static bool push_call(unsigned cpu, uint64_t *head, struct cpu_call *call)
{
	uint64_t old = atomic_load_relaxed(head);

	do
		call->next = old;
	/* Release, pairs with serve in sync/spin/on_cpu.c: the fields before the address. */
	while (!atomic_compare_exchange_release(head, &old, (uint64_t)(uintptr_t)call));
	if (old == 0)
		ipi_send(cpu);
	return old == 0;
}

static void serve(uint64_t *head)
{
	/* Acquire, pairs with push_call in sync/spin/on_cpu.c: the fields of all requests. */
	uint64_t call = atomic_exchange_acquire(head, (uint64_t)0);

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

void on_cpu_serve_immediate(void)
{
	unsigned long flags = interrupts_save();

	serve(&this_cpu(on_cpu_immediate_calls));
	interrupts_restore(flags);
}

void on_cpu_serve(void)
{
	on_cpu_serve_immediate();
	serve(&this_cpu(ordinary_calls));
}

/* serves: what this CPU does for others meanwhile. */
static void wait_for_call(const struct cpu_call *call, unsigned cpu, void (*serves)(void))
{
	uint64_t since = clock_ns();

	/* Acquire, pairs with serve in sync/spin/on_cpu.c: what the function did. */
	while (!atomic_load_acquire(&call->done)) {
		unsigned long flags = interrupts_save();

		serves();
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

/* One request a CPU; all are pushed, then this CPU does its own part, then all are waited for. */
static unsigned call_on(uint64_t cpus, void (*function)(void *argument), void *argument,
			bool is_immediate)
{
	struct cpu_call calls[CPU_MAX];
	uint64_t self = (uint64_t)1 << cpu_current();
	unsigned interrupts = 0;
	uint64_t others;

	cpus &= cpus_online();
	others = cpus & ~self;
	for_each_cpu(cpu, others) {
		uint64_t *head = is_immediate ? &per_cpu(on_cpu_immediate_calls, cpu)
					      : &per_cpu(ordinary_calls, cpu);

		calls[cpu] = (struct cpu_call){ .function = function, .argument = argument };
		interrupts += push_call((unsigned)cpu, head, &calls[cpu]);
	}
	if (cpus & self)
		call_here(function, argument);
	for_each_cpu(cpu, others)
		wait_for_call(&calls[cpu], (unsigned)cpu,
			      is_immediate ? on_cpu_serve_immediate : on_cpu_serve);
	return interrupts;
}

int on_cpu(unsigned cpu, void (*function)(void *argument), void *argument)
{
	if (!cpu_is_online(cpu))
		return -EINVAL;
	if (cpu == cpu_current())
		call_here(function, argument);
	else
		call_on((uint64_t)1 << cpu, function, argument, false);
	return 0;
}

void on_cpus(uint64_t cpus, void (*function)(void *argument), void *argument)
{
	call_on(cpus, function, argument, false);
}

unsigned on_cpus_immediate(uint64_t cpus, void (*function)(void *argument), void *argument)
{
	return call_on(cpus, function, argument, true);
}

void on_each_cpu(void (*function)(void *argument), void *argument)
{
	on_cpus(cpus_online(), function, argument);
}
