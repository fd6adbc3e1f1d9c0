/*
 * A small `arch` of the host: the barriers among CPUs as C11's fences. There are no devices here.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#define barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)

#endif
