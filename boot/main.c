/*
 * kernel_main(): the boot, step by step.
 */
#include <arch/alternatives.h>
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/interrupt.h>
#include <arch/machine.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <boot/arguments.h>
#include <boot/bench.h>
#include <boot/discover.h>
#include <boot/entry.h>
#include <boot/monitor.h>
#include <boot/panic.h>
#include <boot/smp.h>
#include <boot/test.h>
#include <boot/trap.h>
#include <dev/clock.h>
#include <dev/console.h>
#include <dev/log.h>
#include <dev/timer.h>
#include <lib/string.h>
#include <mm/early_alloc.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <mm/slab.h>
#include <mm/space.h>
#include <sync/spin/cpus.h>

/* The boot CPU's, for faults before there is memory; then smp_guard_boot_cpu() takes over. */
static char emergency_stack[KERNEL_STACK_SIZE] __attribute__((aligned(16)));

static void start_basics(void)
{
	uintptr_t tops[CPU_EMERGENCY_STACKS];

	cpu_set_current(0);
	log_init();
	panic_init();
	kspace_init();
	trap_init();
	for (unsigned i = 0; i < CPU_EMERGENCY_STACKS; i++)
		tops[i] = (uintptr_t)emergency_stack + sizeof(emergency_stack);
	cpu_set_emergency_stacks(tops);
	cpu_init(0);
	trap_set_ready();
}

static void start_console(void)
{
	const struct boot_info *info = machine_boot_info();
	int error = console_init(&info->uart, kspace_map_device);

	log_set_console_level((enum log_level)boot_arguments()->log_level);
	if (error)
		log_print(LOG_ERROR, "no console (error %d)", error);
	else
		log_start_console();
	log_print(LOG_INFO, "Trefoil on %s, entered by %s, %u CPUs", ARCH_NAME,
		  machine_boot_protocol_name(), info->cpu_count);
	if (info->cpus_ignored)
		log_print(LOG_WARNING, "%u CPUs beyond the first %u are ignored",
			  info->cpus_ignored, CPU_MAX);
}

static void start_memory(void)
{
	struct memory_map *map = machine_memory_map();

	early_alloc_init(map);
	log_print(LOG_INFO, "memory: %llu MiB usable; kernel image %llu KiB at 0x%llx",
		  (unsigned long long)(memory_map_total(map, MEMORY_USABLE) >> 20),
		  (unsigned long long)(machine_boot_info()->kernel.size >> 10),
		  (unsigned long long)image_load_address);
	if (kspace_map_memory(map) != 0)
		boot_refuse("no memory for the page tables of the direct map");
	mmu_load_kernel_root(mmu_kernel_root());
	if (frame_init(map) != 0 || kspace_use_frames() != 0)
		boot_refuse("no memory for the records of frames");
	slab_init();
	if (heap_init() != 0)
		boot_refuse("no memory for the heap");
	space_init((unsigned)boot_arguments()->asid_bits, machine_boot_info()->cpu_count);
	if (smp_guard_boot_cpu() != 0)
		boot_refuse("no memory for the boot CPU's emergency stacks");
}

static void start_best_code(void)
{
	if (cpu_patch_code(kspace_map_code, kspace_unmap_code) != 0)
		log_print(LOG_WARNING, "code: no memory to fit it to this CPU");
}

static void start_interrupts(void)
{
	const struct boot_info *info = machine_boot_info();
	int error = interrupt_controller_init(info, kspace_map_device);

	if (error)
		boot_refuse("no interrupt controller that we can drive (error %d)", error);
	interrupt_controller_init_cpu(0);
	error = clock_init(info, kspace_map_device);
	if (error)
		boot_refuse("no clock that we can use (error %d)", error);
	clock_timer_init_cpu();
	timer_init_cpu();
	error = machine_init(info, kspace_map_device);
	if (error)
		log_print(LOG_WARNING, "ways out of the machine are not all there (error %d)",
			  error);
	cpu_set_online();
	interrupts_enable();
	log_print(LOG_INFO, "interrupts: %s; clock: %s, %llu Hz", interrupt_controller_name(),
		  clock_counter_name(), (unsigned long long)clock_counter_hz());
	error = console_enable_input(&info->uart);
	if (error)
		log_print(LOG_WARNING, "console %s has no input interrupt (error %d)",
			  console_name(), error);
}

static void start_other_cpus(void)
{
	char description[160];

	smp_start_cpus(machine_boot_info());
	cpu_describe(description, sizeof(description));
	log_print(LOG_INFO, "%u of %u CPUs online: %s", cpus_online_count(),
		  machine_boot_info()->cpu_count, description);
}

/* The tests, or the one death test, or the benchmarks. */
static bool run_work(void)
{
	const struct boot_arguments *arguments = boot_arguments();
	uint64_t seed = arguments->seed ? arguments->seed : clock_counter_read() | 1;

	test_configure(seed, (unsigned)arguments->deadline_scale);
	if (arguments->death[0])
		return test_run_death(arguments->death);
	if (arguments->bench[0]) {
		bench_run(arguments->bench, arguments->counts_instructions);
		return true;
	}
	if (strcmp(arguments->test, "none") == 0)
		return true;
	return test_run(arguments->test);
}

static _Noreturn void kernel_main(enum boot_protocol protocol, uint64_t root)
{
	start_basics();
	discover_machine(protocol, root);
	boot_arguments_init(machine_boot_info()->command_line);
	start_console();
	start_memory();
	start_best_code();
	start_interrupts();
	start_other_cpus();

	bool passed = run_work();

	if (boot_arguments()->exit_after || boot_arguments()->death[0])
		machine_exit(passed);
	monitor_run();
}

void kernel_start(enum boot_protocol protocol, uint64_t root)
{
	kernel_main(protocol, root);
}
