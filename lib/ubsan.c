/*
 * What the compilers' undefined-behaviour sanitizer calls, the same in gcc and clang: a handler for
 * each kind, given data that the compiler laid out (where, and of which type) and the values. Each
 * ends in a panic.
 *
 * SAN=ubsan builds have all of them. Others have one: division by zero on machines whose division
 * instruction does not trap (AArch64 and RISC-V; x86_64 has #DE), which are compiled with
 * -fsanitize=integer-divide-by-zero.
 */
#include <lib/panic.h>
#include <stdint.h>

/* Laid out by the compiler. */
struct source_location {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct type_descriptor {
	uint16_t kind; /* 0: integer */
	uint16_t info; /* of an integer: bit 0 signed, above it log2 of the width */
	char name[];   /* in quotes */
};

/* Of most kinds; what follows the location differs. */
struct typed_data {
	struct source_location location;
	const struct type_descriptor *type;
};

struct mismatch_data {
	struct source_location location;
	const struct type_descriptor *type;
	uint8_t log2_alignment;
	uint8_t access;
};

#define WHERE(data) (data)->location.file, (data)->location.line, (data)->location.column

/* The compiler knows these names; nobody else calls them. */
#define HANDLER(name, ...)                                                                         \
	_Noreturn void __ubsan_handle_##name(__VA_ARGS__);                                         \
	_Noreturn void __ubsan_handle_##name(__VA_ARGS__)

HANDLER(divrem_overflow, const struct typed_data *data, uintptr_t left, uintptr_t right)
{
	(void)left;
	/* The other way to overflow: the least number divided by -1. */
	if (right != 0)
		panic("undefined behaviour: quotient overflows at %s:%u:%u", WHERE(data));
	panic("divide by zero at %s:%u:%u", WHERE(data));
}

#ifdef CONFIG_UBSAN

static _Noreturn void overflow(const struct typed_data *data, const char *operation, uintptr_t left,
			       uintptr_t right)
{
	panic("undefined behaviour: 0x%lx %s 0x%lx overflows %s at %s:%u:%u", left, operation,
	      right, data->type->name, WHERE(data));
}

HANDLER(add_overflow, const struct typed_data *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "+", left, right);
}

HANDLER(sub_overflow, const struct typed_data *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "-", left, right);
}

HANDLER(mul_overflow, const struct typed_data *data, uintptr_t left, uintptr_t right)
{
	overflow(data, "*", left, right);
}

HANDLER(negate_overflow, const struct typed_data *data, uintptr_t value)
{
	overflow(data, "-", 0, value);
}

HANDLER(shift_out_of_bounds, const struct typed_data *data, uintptr_t left, uintptr_t right)
{
	panic("undefined behaviour: 0x%lx of type %s shifted by 0x%lx at %s:%u:%u", left,
	      data->type->name, right, WHERE(data));
}

HANDLER(out_of_bounds, const struct typed_data *data, uintptr_t index)
{
	panic("undefined behaviour: index 0x%lx is out of %s at %s:%u:%u", index, data->type->name,
	      WHERE(data));
}

HANDLER(type_mismatch_v1, const struct mismatch_data *data, uintptr_t pointer)
{
	if (pointer == 0)
		panic("undefined behaviour: null pointer to %s used at %s:%u:%u", data->type->name,
		      WHERE(data));
	if (pointer & ((1UL << data->log2_alignment) - 1))
		panic("undefined behaviour: misaligned pointer 0x%lx to %s used at %s:%u:%u",
		      pointer, data->type->name, WHERE(data));
	panic("undefined behaviour: object at 0x%lx is too small for %s at %s:%u:%u", pointer,
	      data->type->name, WHERE(data));
}

HANDLER(pointer_overflow, const struct typed_data *data, uintptr_t base, uintptr_t result)
{
	panic("undefined behaviour: pointer 0x%lx became 0x%lx at %s:%u:%u", base, result,
	      WHERE(data));
}

HANDLER(load_invalid_value, const struct typed_data *data, uintptr_t value)
{
	panic("undefined behaviour: 0x%lx is no value of %s at %s:%u:%u", value, data->type->name,
	      WHERE(data));
}

HANDLER(builtin_unreachable, const struct typed_data *data)
{
	panic("undefined behaviour: the unreachable was reached at %s:%u:%u", WHERE(data));
}

HANDLER(invalid_builtin, const struct typed_data *data)
{
	panic("undefined behaviour: zero bits counted at %s:%u:%u", WHERE(data));
}

HANDLER(nonnull_arg, const struct typed_data *data)
{
	panic("undefined behaviour: null argument at %s:%u:%u", WHERE(data));
}

HANDLER(vla_bound_not_positive, const struct typed_data *data, uintptr_t bound)
{
	panic("undefined behaviour: array of 0x%lx elements at %s:%u:%u", bound, WHERE(data));
}

#endif
