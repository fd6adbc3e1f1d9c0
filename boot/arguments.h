/*
 * Boot arguments: the words of the command line.
 */
#ifndef BOOT_ARGUMENTS_H
#define BOOT_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#define ARGUMENT_TEXT_MAX 256

struct boot_arguments {
	char test[ARGUMENT_TEXT_MAX];  /* test=GLOB[,GLOB…]: which self-tests run; "none" */
	char death[ARGUMENT_TEXT_MAX]; /* death=SUITE.NAME: runs that death test and nothing else */
	char bench[ARGUMENT_TEXT_MAX]; /* bench=GLOB[,GLOB…]: runs these benchmarks and no test */
	bool counts_instructions; /* clock=icount: the machine's clock counts guest instructions */
	uint64_t seed; /* seed=N: for tests that use random numbers; 0: taken from the clock */
	uint64_t deadline_scale; /* deadline-scale=N: multiplies each test's deadline */
	uint64_t asid_bits;      /* asid-bits=N: address-space ids use no more bits than this */
	bool exit_after;         /* after=poweroff | monitor */
	unsigned log_level;      /* log=error | warning | info | debug: what the console shows */
	bool has_ramdisk_crc32; /* ramdisk-crc32=N: what the ramdisk must sum up to, for its test */
	uint32_t ramdisk_crc32;
};

/* Reads a command line; what it does not know or cannot read is reported in the log and ignored. */
void arguments_parse(struct boot_arguments *arguments, const char *command_line);

/* The machine's own, as parsed at boot. */
const struct boot_arguments *boot_arguments(void);
void boot_arguments_init(const char *command_line);

#endif
