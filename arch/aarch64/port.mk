# Compiler and linker settings of AArch64. general-regs-only: the kernel leaves floating-point and vector registers to
# user programs. strict-align: start-up code runs with the MMU off, where an unaligned access faults. The divide
# instructions answer 0 to a division by zero, so the compiler adds the check (lib/ubsan.c).
ifeq ($(LLVM),1)
CC_KERNEL := clang --target=aarch64-none-elf
LD_KERNEL := ld.lld
PORT_CFLAGS :=
else
CC_KERNEL := aarch64-linux-gnu-gcc
LD_KERNEL := aarch64-linux-gnu-ld
# Atomics are inline assembly; without this gcc calls library functions for the compiler's own.
PORT_CFLAGS := -mno-outline-atomics
endif
PORT_CFLAGS += -march=armv8-a -mcmodel=small -mgeneral-regs-only -mstrict-align -fno-pic -fno-pie \
 -fsanitize=integer-divide-by-zero
# Runs at its physical address before the tables exist: the small model addresses everything from the pc.
PORT_EARLY_CFLAGS := -fpie
PORT_LDFLAGS := -m aarch64elf -z max-page-size=4096
