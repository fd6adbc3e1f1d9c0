/*
 * What is free when nothing waits to be: for tests that give all back they took.
 */
#ifndef TESTS_KERNEL_BALANCE_H
#define TESTS_KERNEL_BALANCE_H

#include <stdint.h>

/* Frames, behind a flush of kernel space and of the slab caches. Interrupts enabled. */
uint64_t balance_frames_free(void);

#endif
