/*
 * The part of the spinlocks that is not inlined; sync/spin/spinlock.h has the rules.
 */
#include <sync/spin/spinlock.h>

#define TEXT_OF(name) #name
#define TEXT_OF_VALUE(name) TEXT_OF(name)

const char *spinlock_implementation_name(void)
{
	return TEXT_OF_VALUE(CONFIG_SPINLOCK);
}

void spinlock_wait(struct spinlock *lock)
{
	struct spin_wait wait = SPIN_WAIT("spinlock", &lock->label);

	SPINLOCK_DO(wait)(&lock->raw, &wait);
}
