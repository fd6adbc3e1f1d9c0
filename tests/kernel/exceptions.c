/*
 * Exceptions: decoded rightly, recovered from where they should be, deadly where they must be.
 */
#include <arch/cpu.h>
#include <arch/probe.h>
#include <boot/test.h>
#include <boot/trap.h>
#include <lib/errno.h>
#include <lib/image.h>
#include <lib/panic.h>
#include <mm/kspace.h>
#include <mm/layout.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/percpu.h>
#include <sync/spin/spinlock.h>

/* What the hook saw last on this CPU. */
static DEFINE_PER_CPU(struct trap, seen);
static DEFINE_PER_CPU(unsigned, seen_count);

static void note_trap(const struct trap *trap)
{
	this_cpu(seen) = *trap;
	this_cpu(seen_count)++;
}

static bool hook_breakpoint(struct trap *trap)
{
	if (trap->kind != TRAP_BREAKPOINT)
		return false;
	note_trap(trap);
	trap_frame_skip_breakpoint(trap->frame);
	return true;
}

static void take_breakpoint(void *argument)
{
	unsigned before = this_cpu(seen_count);

	(void)argument;
	trap_breakpoint();
	EXPECT_EQ(this_cpu(seen_count), before + 1);
	EXPECT(!this_cpu(seen).from_user);
}

TEST(exceptions, breakpoint_resumes_on_every_cpu)
{
	trap_set_hook(hook_breakpoint);
	on_each_cpu(take_breakpoint, NULL);
	trap_set_hook(NULL);
}

/* Notes a fault and leaves it to the exception table. */
static bool hook_fault(struct trap *trap)
{
	note_trap(trap);
	return false;
}

static void expect_fault(int error, enum trap_access access, uintptr_t address)
{
	EXPECT_EQ(error, -EFAULT);
	EXPECT_EQ((int)this_cpu(seen).kind, (int)TRAP_PAGE_FAULT);
	EXPECT_EQ((int)this_cpu(seen).access, (int)access);
	EXPECT_EQ(this_cpu(seen).address, address);
	EXPECT(this_cpu(seen).cause && this_cpu(seen).cause[0]);
}

static void take_faults(void *argument)
{
	uint64_t word = 0;
	uint8_t byte = 0;

	(void)argument;
	expect_fault(probe_read_u64(0, &word), TRAP_ACCESS_READ, 0);
	expect_fault(probe_read_u8(PAGE_SIZE - 1, &byte), TRAP_ACCESS_READ, PAGE_SIZE - 1);
	expect_fault(probe_write_u8(16, 1), TRAP_ACCESS_WRITE, 16);
	expect_fault(probe_write_u8((uintptr_t)text_start, 1), TRAP_ACCESS_WRITE,
		     (uintptr_t)text_start);
	expect_fault(probe_write_u8((uintptr_t)rodata_start, 1), TRAP_ACCESS_WRITE,
		     (uintptr_t)rodata_start);
	expect_fault(probe_read_u8((uintptr_t)boot_stack_guard, &byte), TRAP_ACCESS_READ,
		     (uintptr_t)boot_stack_guard);
	expect_fault(probe_read_u64(KSPACE_END - 8, &word), TRAP_ACCESS_READ, KSPACE_END - 8);
}

TEST(exceptions, faults_are_decoded_on_every_cpu)
{
	trap_set_hook(hook_fault);
	on_each_cpu(take_faults, NULL);
	trap_set_hook(NULL);
}

TEST(exceptions, probes_read_and_write)
{
	uint64_t word = 0x1122334455667788;
	uint64_t value = 0;
	uint8_t byte = 0;

	EXPECT_EQ(probe_read_u64((uintptr_t)&word, &value), 0);
	EXPECT_EQ(value, word);
	EXPECT_EQ(probe_write_u8((uintptr_t)&word, 0x99), 0);
	EXPECT_EQ(probe_read_u8((uintptr_t)&word, &byte), 0);
	EXPECT_EQ(byte, 0x99);
	EXPECT_EQ(*(volatile uint64_t *)&word, 0x1122334455667799);
}

/* An address that no table can translate must be refused, too, not crash the machine. */
TEST(exceptions, probes_survive_any_address)
{
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t address = random_u64(test_random()) >> random_below(test_random(), 40);
		uint64_t value;

		/*
		 * The upper half holds real things; reading registers of devices there would not be
		 * harmless.
		 */
		address &= ~((uint64_t)1 << 63);
		EXPECT_EQ(probe_read_u64(address, &value), -EFAULT);
	}
}

/*
 * The registers that a function keeps must come through exceptions unharmed: a long computation
 * with faults between.
 */
TEST(exceptions, registers_survive)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
	uint64_t word;

	trap_set_hook(hook_fault);
	for (unsigned i = 0; i < 1000; i++) {
		a += h;
		b ^= a << 1;
		EXPECT_EQ(probe_read_u64(8 * i % PAGE_SIZE, &word), -EFAULT);
		c += b;
		d ^= c >> 1;
		e += d;
		f ^= e;
		g += f;
		h ^= g + i;
	}
	trap_set_hook(NULL);

	uint64_t a2 = 1, b2 = 2, c2 = 3, d2 = 4, e2 = 5, f2 = 6, g2 = 7, h2 = 8;

	for (unsigned i = 0; i < 1000; i++) {
		a2 += h2;
		b2 ^= a2 << 1;
		c2 += b2;
		d2 ^= c2 >> 1;
		e2 += d2;
		f2 ^= e2;
		g2 += f2;
		h2 ^= g2 + i;
	}
	EXPECT_EQ(a ^ b ^ c ^ d, a2 ^ b2 ^ c2 ^ d2);
	EXPECT_EQ(e ^ f ^ g ^ h, e2 ^ f2 ^ g2 ^ h2);
}

/* Opaque values, so that the compiler neither sees the bug nor leaves the access out. */
static volatile uintptr_t null_address;
static volatile int zero;
static volatile int sink;

DEATH_TEST(exceptions, write_to_text, "page fault: write to kernel text")
{
	*(volatile char *)text_start = 0;
}

DEATH_TEST(exceptions, write_to_constants, "page fault: write to kernel constants")
{
	*(volatile char *)rodata_start = 0;
}

DEATH_TEST(exceptions, read_null_page, "page fault: read of the null page at 0x10")
{
	sink = *(volatile int *)(null_address + 16);
}

DEATH_TEST(exceptions, write_null_page, "page fault: write to the null page at 0x0")
{
	*(volatile int *)null_address = 1;
}

DEATH_TEST(exceptions, execute_null_page, "page fault: execution of the null page at 0x0")
{
	((void (*)(void))null_address)();
}

static char data_bytes[64] __attribute__((aligned(64)));

DEATH_TEST(exceptions, execute_data, "page fault: execution of kernel data")
{
	memcpy(data_bytes, (void *)(uintptr_t)trap_breakpoint, sizeof(data_bytes));
	((void (*)(void))(uintptr_t)data_bytes)();
}

DEATH_TEST(exceptions, execute_direct_map, "page fault: execution of the direct map")
{
	((void (*)(void))(uintptr_t)phys_to_virt(
		image_to_phys((void *)(uintptr_t)trap_breakpoint)))();
}

DEATH_TEST(exceptions, execute_user_page, "page fault: execution of kernel space")
{
	char *page = kspace_alloc(PAGE_SIZE, PAGE_READ | PAGE_WRITE, FRAME_TAG_TEST);

	memcpy(page, (void *)(uintptr_t)trap_breakpoint, 64);
	if (kspace_protect(page, PAGE_SIZE, PAGE_READ | PAGE_EXEC | PAGE_USER) == 0)
		((void (*)(void))(uintptr_t)page)();
}

/* Each call needs its own frame: neither tail call nor inlining. */
static int __attribute__((noinline)) recurse(int depth)
{
	volatile char frame[256];

	frame[0] = (char)depth;
	if (zero == 0)
		sink = recurse(depth + 1);
	return frame[0] + sink;
}

DEATH_TEST(exceptions, overflow_boot_stack, "kernel stack overflow")
{
	recurse(0);
}

static void overflow_here(void *argument)
{
	(void)argument;
	recurse(0);
}

DEATH_TEST(exceptions, overflow_another_cpus_stack, "kernel stack overflow")
{
	on_cpu(cpus_online_count() - 1, overflow_here, NULL);
}

DEATH_TEST(exceptions, lose_the_stack, "double fault")
{
	trap_lose_stack();
}

DEATH_TEST(exceptions, divide_by_zero, "divide by zero")
{
	sink = 42 / zero;
}

DEATH_TEST(exceptions, illegal_instruction, "illegal instruction")
{
	trap_illegal_instruction();
}

DEATH_TEST(exceptions, unexpected_breakpoint, "breakpoint that nobody expects")
{
	trap_breakpoint();
}

/* The release build has no assertions. */
#ifdef CONFIG_CHECK
DEATH_TEST(panic, assertion, "assertion failed: zero == 1")
{
	ASSERT(zero == 1);
}
#endif

DEATH_TEST(panic, bug_on, "BUG: zero == 0")
{
	BUG_ON(zero == 0);
}

DEATH_TEST(panic, message, "a message with the number 42 in it")
{
	panic("a message with the number %d in it", 42);
}

static void panic_there(void *argument)
{
	(void)argument;
	panic("panic on CPU %u", cpu_current());
}

static void panic_everywhere(void *argument)
{
	(void)argument;
	panic("everyone panics");
}

DEATH_TEST(panic, on_another_cpu, "panic on CPU")
{
	on_cpu(cpus_online_count() - 1, panic_there, NULL);
}

DEATH_TEST(panic, on_every_cpu_at_once, "everyone panics")
{
	on_each_cpu(panic_everywhere, NULL);
}

static struct spinlock twice = SPINLOCK_INITIALISER("twice");

DEATH_TEST(panic, spinlock_taken_twice, "spinlock twice: CPU 0 takes it twice")
{
	spinlock_lock(&twice);
	spinlock_lock(&twice);
}

/*
 * The watchdog must name a test that hangs, with interrupts enabled, and with them disabled when
 * another CPU watches.
 */
static void hang(void)
{
	while (zero == 0)
		cpu_relax();
}

TEST_RECORD(panic, hanging_test, TEST_DEATH, "test panic.hanging_test outlived its deadline", 500)
{
	hang();
}

TEST_RECORD(panic, hanging_test_without_interrupts, TEST_DEATH,
	    "test panic.hanging_test_without_interrupts outlived its deadline", 500)
{
	interrupts_disable();
	hang();
}
