/*
 * Division by zero on machines whose division instruction does not trap (AArch64 and RISC-V; x86_64
 * has #DE). They are compiled with -fsanitize=integer-divide-by-zero, which calls this function
 * before such a division. What it passes is the interface of the compilers' undefined-behaviour
 * sanitizer, the same in gcc and clang.
 */
#include <lib/panic.h>
#include <stdint.h>

/* Laid out by the compiler. */
struct source_location {
	const char *file;
	uint32_t line;
	uint32_t column;
};

/* The location comes first; a pointer to the operands' type, which we do not print, follows. */
struct division_data {
	struct source_location location;
	const void *type;
};

_Noreturn void __ubsan_handle_divrem_overflow(const struct division_data *data, uintptr_t left,
					      uintptr_t right);

_Noreturn void __ubsan_handle_divrem_overflow(const struct division_data *data, uintptr_t left,
					      uintptr_t right)
{
	(void)left;
	(void)right;
	panic("divide by zero at %s:%u:%u", data->location.file, data->location.line,
	      data->location.column);
}
