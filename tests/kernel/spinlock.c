/*
 * Spinlocks: all four implementations and the chosen one under storms, from interrupts, and
 * misused.
 *
 * The storms catch what breaks exclusion. What breaks only the order of memory does not show on an
 * x86 host, whose stores and loads keep their order but for a store and a later load: such bugs are
 * for the model checker.
 */
#include <arch/cpu.h>
#include <boot/test.h>
#include <dev/clock.h>
#include <dev/timer.h>
#include <sync/spin/atomic.h>
#include <sync/spin/cpus.h>
#include <sync/spin/on_cpu.h>
#include <sync/spin/spinlock.h>
#include <tests/kernel/storm.h>

#define LINGER_NS 500

/* A lock by its operations. Twins have no try_lock. */
struct lock_kind {
	const char *name;
	void (*lock)(void);
	void (*unlock)(void);
	bool (*try_lock)(void);
	bool (*is_locked)(void);
	bool is_fair; /* whoever waits gets it */
};

/* An implementation by its own name, with a lock of its own. */
#define DEFINE_RAW_KIND(kind)                                                                      \
	static struct spinlock_##kind kind##_lock;                                                 \
	static const struct lock_label kind##_label = LOCK_LABEL("raw " #kind);                    \
	static void lock_##kind(void)                                                              \
	{                                                                                          \
		struct spin_wait wait = SPIN_WAIT("spinlock", &kind##_label);                      \
                                                                                                   \
		if (!spinlock_##kind##_try_lock(&kind##_lock))                                     \
			spinlock_##kind##_wait(&kind##_lock, &wait);                               \
	}                                                                                          \
	static void unlock_##kind(void)                                                            \
	{                                                                                          \
		spinlock_##kind##_unlock(&kind##_lock);                                            \
	}                                                                                          \
	static bool try_lock_##kind(void)                                                          \
	{                                                                                          \
		return spinlock_##kind##_try_lock(&kind##_lock);                                   \
	}                                                                                          \
	static bool is_locked_##kind(void)                                                         \
	{                                                                                          \
		return spinlock_##kind##_is_locked(&kind##_lock);                                  \
	}

DEFINE_RAW_KIND(queued)
DEFINE_RAW_KIND(mcs)
DEFINE_RAW_KIND(ticket)
DEFINE_RAW_KIND(tas)

static struct spinlock chosen = SPINLOCK_INITIALISER("chosen");

static void lock_chosen(void)
{
	spinlock_lock(&chosen);
}

static void unlock_chosen(void)
{
	spinlock_unlock(&chosen);
}

static bool try_lock_chosen(void)
{
	return spinlock_try_lock(&chosen);
}

static bool is_locked_chosen(void)
{
	return spinlock_held_here(&chosen);
}

#define RAW_KIND(kind, fair)                                                                       \
	{                                                                                          \
#kind, lock_##kind, unlock_##kind, try_lock_##kind, is_locked_##kind, fair         \
	}

/* clang-format off */
static const struct lock_kind kinds[] = {
	RAW_KIND(chosen, false),
	RAW_KIND(queued, true),
	RAW_KIND(mcs, true),
	RAW_KIND(ticket, true),
	RAW_KIND(tas, false),
};
/* clang-format on */

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Twin: no lock at all. */
static void twin_nothing(void)
{
}

/* Twin: tests, then sets, in two steps. */
static uint32_t twin_word;

static void twin_lock_in_two_steps(void)
{
	while (atomic_load_relaxed(&twin_word))
		cpu_relax();
	storm_linger(LINGER_NS);
	atomic_store_relaxed(&twin_word, 1);
}

static void twin_unlock_word(void)
{
	atomic_store_relaxed(&twin_word, 0);
}

/*
 * Twin: draws its ticket in two steps, so that two may draw the same. That makes more be served
 * than were drawn, and who draws one that is over passes: it never hangs.
 */
static uint32_t twin_next;
static uint32_t twin_serving;

static void twin_lock_by_ticket(void)
{
	uint32_t ticket = atomic_load_relaxed(&twin_next);

	storm_linger(LINGER_NS);
	atomic_store_relaxed(&twin_next, ticket + 1);
	while ((int32_t)(ticket - atomic_load_relaxed(&twin_serving)) > 0)
		cpu_relax();
}

static void twin_unlock_by_ticket(void)
{
	atomic_fetch_add_relaxed(&twin_serving, 1);
}

static const struct lock_kind twins[] = {
	{ .name = "no lock", .lock = twin_nothing, .unlock = twin_nothing },
	{ .name = "test, then set", .lock = twin_lock_in_two_steps, .unlock = twin_unlock_word },
	{ .name = "tickets drawn in two steps",
	  .lock = twin_lock_by_ticket,
	  .unlock = twin_unlock_by_ticket },
};

#define TWINS (sizeof(twins) / sizeof(twins[0]))

/*
 * Plain words, changed in several steps under the lock: without it, updates get lost or the words
 * part.
 */
static struct {
	volatile uint64_t value;
	volatile uint64_t complement;
	uint32_t parted; /* atomic */
	volatile unsigned last_cpu;
	volatile uint64_t run; /* turns that last_cpu has had in a row */
	volatile uint64_t longest_run;
} guarded;

static void reset_guarded(void)
{
	memset(&guarded, 0, sizeof(guarded));
	guarded.complement = ~(uint64_t)0;
	guarded.last_cpu = CPU_MAX;
}

static void note_run(void)
{
	guarded.run = guarded.last_cpu == cpu_current() ? guarded.run + 1 : 1;
	guarded.last_cpu = cpu_current();
	if (guarded.run > guarded.longest_run)
		guarded.longest_run = guarded.run;
}

static void guarded_turn(void *argument)
{
	const struct lock_kind *kind = argument;
	uint64_t value;

	kind->lock();
	value = guarded.value;
	if (guarded.complement != ~value)
		atomic_fetch_add_relaxed(&guarded.parted, 1);
	guarded.value = value + 1;
	storm_linger(LINGER_NS);
	guarded.complement = ~(value + 1);
	note_run();
	kind->unlock();
}

/* The test body, for locks and twins: whether the storm saw two CPUs in the section. */
static bool exclusion_broke(const struct lock_kind *kind, struct storm *storm)
{
	storm->turn = guarded_turn;
	storm->argument = (void *)(uintptr_t)kind;
	reset_guarded();
	storm_run(storm);
	return atomic_load_relaxed(&guarded.parted) || guarded.value != storm_total(storm);
}

static struct storm storm;

TEST(spinlock, no_update_is_lost)
{
	for (unsigned i = 0; i < KINDS; i++) {
		storm = (struct storm){ .ms = 200 };
		if (exclusion_broke(&kinds[i], &storm))
			test_fail(__FILE__, __LINE__,
				  "%s: %llu updates of %llu, words apart %u times", kinds[i].name,
				  (unsigned long long)guarded.value,
				  (unsigned long long)storm_total(&storm), guarded.parted);
		test_note("%s: %llu updates", kinds[i].name, (unsigned long long)guarded.value);
	}
	test_note("the chosen one is %s", spinlock_implementation_name());
}

static bool catch_twin(void *argument)
{
	storm = (struct storm){ .ms = 100 };
	return exclusion_broke(argument, &storm);
}

TEST(spinlock, broken_twins_lose_updates)
{
	if (cpus_online_count() == 1) {
		test_skip("one CPU excludes itself");
		return;
	}
	for (unsigned i = 0; i < TWINS; i++)
		EXPECT(storm_catches(catch_twin, (void *)(uintptr_t)&twins[i], twins[i].name));
}

/* Everyone comes until everyone has had its turns. */
TEST(spinlock, nobody_starves)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (!kinds[i].is_fair)
			continue;
		storm = (struct storm){ .turns_each = 10 };
		EXPECT(!exclusion_broke(&kinds[i], &storm));
		test_note("%s: %llu turns in all until each CPU had 10", kinds[i].name,
			  (unsigned long long)storm_total(&storm));
	}
}

/*
 * Turns of each CPU in the same time. A host that is busy elsewhere makes the fairest lock look
 * bad: nothing is asserted.
 */
TEST(spinlock, fairness_histogram)
{
	for (unsigned i = 0; i < KINDS; i++) {
		char text[200];
		size_t used = 0;
		uint64_t least = UINT64_MAX;
		uint64_t most = 0;

		storm = (struct storm){ .ms = 200 };
		EXPECT(!exclusion_broke(&kinds[i], &storm));
		text[0] = '\0';
		for_each_online_cpu(cpu) {
			uint64_t turns = storm.turns[cpu];

			least = turns < least ? turns : least;
			most = turns > most ? turns : most;
			if (used < sizeof(text) - 24)
				used += (size_t)format_text(text + used, sizeof(text) - used,
							    " %llu", (unsigned long long)turns);
		}
		test_note("%s: least %llu, most %llu, longest run of one CPU %llu; each:%s",
			  kinds[i].name, (unsigned long long)least, (unsigned long long)most,
			  (unsigned long long)guarded.longest_run, text);
	}
}

static void try_elsewhere(void *argument)
{
	const struct lock_kind *kind = argument;

	EXPECT(!kind->try_lock());
}

TEST(spinlock, try_lock_says_who_holds)
{
	for (unsigned i = 0; i < KINDS; i++) {
		const struct lock_kind *kind = &kinds[i];

		EXPECT(!kind->is_locked());
		ASSERT_TRUE(kind->try_lock());
		EXPECT(kind->is_locked());
		EXPECT(!kind->try_lock());
		on_cpus(cpus_online() & ~(uint64_t)1, try_elsewhere, (void *)(uintptr_t)kind);
		kind->unlock();
		EXPECT(!kind->is_locked());
		kind->lock();
		EXPECT(kind->is_locked());
		kind->unlock();
		EXPECT(!kind->is_locked());
	}
}

TEST(spinlock, irqsave_nests)
{
	static struct spinlock inner = SPINLOCK_INITIALISER("inner");
	unsigned before = spinlocks_held();
	unsigned long outer_flags = spinlock_lock_irqsave(&chosen);
	unsigned long inner_flags = spinlock_lock_irqsave(&inner);

	EXPECT(!interrupts_enabled());
#ifdef CONFIG_CHECK
	EXPECT_EQ(spinlocks_held(), before + 2);
#endif
	/* Not in the order of a stack, which the lists of what a CPU holds must stand. */
	spinlock_unlock(&chosen);
	EXPECT(!spinlock_held_here(&chosen));
	EXPECT(spinlock_held_here(&inner));
	spinlock_unlock_irqrestore(&inner, inner_flags);
	EXPECT(!interrupts_enabled());
	interrupts_restore(outer_flags);
	EXPECT(interrupts_enabled());
	EXPECT_EQ(spinlocks_held(), before);
}

/*
 * A lock that an interrupt takes, too. The boot CPU takes it all the time while its own timer
 * interrupts it to take it; the other CPUs keep it contended. The handler must never come while its
 * own CPU is in the section.
 */
static struct {
	struct spinlock lock;
	struct timer timer;
	volatile bool inside; /* the boot CPU's task is in the section */
	uint32_t stop;        /* atomic */
	bool is_twin;
	uint64_t in_handler; /* turns of the handler */
	uint64_t caught;     /* times it came in the section */
	uint64_t value;      /* protected by lock */
} irq = { .lock = SPINLOCK_INITIALISER("taken by an interrupt") };

#define IRQ_PERIOD_NS 100000

static void irq_handler(struct timer *timer)
{
	if (irq.inside) {
		irq.caught++;
	} else if (!irq.is_twin) {
		unsigned long flags = spinlock_lock_irqsave(&irq.lock);

		irq.value++;
		irq.in_handler++;
		spinlock_unlock_irqrestore(&irq.lock, flags);
	} else if (spinlock_try_lock(&irq.lock)) {
		/* Next to the twin only a try: it may have come just before the section. */
		irq.value++;
		irq.in_handler++;
		spinlock_unlock(&irq.lock);
	}
	timer_start(timer, clock_ns() + IRQ_PERIOD_NS);
}

static void irq_section(void)
{
	bool is_boot_cpu = cpu_current() == 0;

	irq.inside |= is_boot_cpu;
	irq.value++;
	storm_linger(LINGER_NS);
	if (is_boot_cpu)
		irq.inside = false;
}

static void irq_turn(void *argument)
{
	(void)argument;
	if (irq.is_twin) {
		/* Leaves interrupts as they are. */
		spinlock_lock(&irq.lock);
		irq_section();
		spinlock_unlock(&irq.lock);
	} else {
		unsigned long flags = spinlock_lock_irqsave(&irq.lock);

		irq_section();
		spinlock_unlock_irqrestore(&irq.lock, flags);
	}
}

/* The test body: whether the handler was seen where it would have waited for its own CPU. */
static bool interrupt_came_inside(bool is_twin)
{
	irq.is_twin = is_twin;
	irq.inside = false;
	irq.in_handler = 0;
	irq.caught = 0;
	irq.value = 0;
	irq.timer.function = irq_handler;
	storm = (struct storm){ .turn = irq_turn, .ms = 100 };
	timer_start(&irq.timer, clock_ns());
	storm_run(&storm);
	timer_cancel(&irq.timer);
	EXPECT_EQ(irq.value, storm_total(&storm) + irq.in_handler);
	return irq.caught > 0;
}

static bool catch_irq_twin(void *argument)
{
	(void)argument;
	return interrupt_came_inside(true);
}

TEST(spinlock, interrupts_stay_out_of_irqsave_sections)
{
	uint64_t turns = 0;

	/* On a slow host the timer may not have come once in that time. */
	for (unsigned i = 0; i < 5 || (turns == 0 && i < 100); i++) {
		EXPECT(!interrupt_came_inside(false));
		turns += irq.in_handler;
	}
	EXPECT_GT(turns, 0);
	test_note("%llu turns of the handler", (unsigned long long)turns);
	EXPECT(storm_catches(catch_irq_twin, NULL, "lock without irqsave"));
}

/*
 * A waiter that is interrupted by a waiter: the node of the one must not be the other's. The boot
 * CPU waits for `chosen` as a task and for `irq.lock` in its timer's handler, and the other CPUs
 * keep both contended.
 */
static void nested_handler(struct timer *timer)
{
	spinlock_lock(&irq.lock);
	irq.in_handler++;
	irq.value++;
	storm_linger(LINGER_NS);
	spinlock_unlock(&irq.lock);
	timer_start(timer, clock_ns() + IRQ_PERIOD_NS);
}

static void nested_turn(void *argument)
{
	guarded_turn(argument);
	if (cpu_current() == 0)
		return;
	spinlock_lock(&irq.lock);
	irq.value++;
	storm_linger(LINGER_NS);
	spinlock_unlock(&irq.lock);
}

TEST(spinlock, waiters_interrupted_by_waiters)
{
	irq.in_handler = 0;
	irq.value = 0;
	irq.timer.function = nested_handler;
	storm = (struct storm){ .turn = nested_turn,
				.argument = (void *)(uintptr_t)&kinds[0],
				.ms = 400 };
	reset_guarded();
	timer_start(&irq.timer, clock_ns());
	storm_run(&storm);
	timer_cancel(&irq.timer);
	EXPECT_EQ(guarded.value, storm_total(&storm));
	EXPECT_EQ(guarded.parted, 0);
	EXPECT_EQ(irq.value, storm_total(&storm) - storm.turns[0] + irq.in_handler);
	test_note("%llu turns of the handler", (unsigned long long)irq.in_handler);
}

#ifdef CONFIG_CHECK

static struct spinlock misused = SPINLOCK_INITIALISER("misused");

static void unlock_misused(void *argument)
{
	(void)argument;
	spinlock_unlock(&misused);
}

DEATH_TEST(spinlock, released_free, "without holding it; nobody holds it exclusively")
{
	unlock_misused(NULL);
}

DEATH_TEST(spinlock, released_by_another_cpu,
	   "without holding it; CPU 0 holds it, taken in test_spinlock_released_by")
{
	if (cpus_online_count() == 1) {
		test_skip("there is no other CPU");
		return;
	}
	spinlock_lock(&misused);
	on_cpu(1, unlock_misused, NULL);
}

DEATH_TEST(spinlock, kept_held,
	   "CPU 0 ends a test with lock misused held, taken in test_spinlock_kept_held")
{
	spinlock_lock(&misused);
	spinlocks_check_held(0, "ends a test");
}

static void take_misused(struct timer *timer)
{
	(void)timer;
	spinlock_lock(&misused);
}

DEATH_TEST(spinlock, kept_by_interrupt,
	   "CPU 0 returns from a trap with lock misused held, taken in take_misused")
{
	static struct timer timer = { .function = take_misused };

	timer_start(&timer, clock_ns());
	for (;;)
		cpu_relax();
}

static void wait_for_misused(void *argument)
{
	(void)argument;
	spin_wait_set_patience(300 * NS_PER_MS);
	spinlock_lock(&misused);
}

DEATH_TEST(spinlock, never_released,
	   "for more than 300 ms; CPU 0 holds it, taken in test_spinlock_never_released")
{
	if (cpus_online_count() == 1) {
		test_skip("there is no other CPU to wait");
		return;
	}
	spinlock_lock(&misused);
	on_cpu(1, wait_for_misused, NULL);
}

#endif
