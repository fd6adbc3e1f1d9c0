# Compiler and linker settings of x86_64. general-regs-only: the kernel leaves floating-point registers to user programs.
ifeq ($(LLVM),1)
CC_KERNEL := clang --target=x86_64-unknown-none-elf
LD_KERNEL := ld.lld
else
CC_KERNEL := gcc
LD_KERNEL := ld
endif
PORT_CFLAGS := -m64 -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie -fcf-protection=none
# Runs at its physical address before the tables exist: everything by rip-relative addresses.
PORT_EARLY_CFLAGS := -mcmodel=small -fpie
PORT_LDFLAGS := -m elf_x86_64 -z max-page-size=4096
