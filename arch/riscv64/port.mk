# Compiler and linker settings of RISC-V. rv64imac, lp64: no floating-point registers, which belong
# to user programs. no-relax: lld does not relax, and addresses are the same in both links of the
# kernel. medany: everything is addressed from the pc. The division instructions answer all ones to a
# division by zero, so the compiler adds the check (lib/ubsan.c).
ifeq ($(LLVM),1)
CC_KERNEL := clang --target=riscv64-unknown-none-elf
LD_KERNEL := ld.lld
PORT_CFLAGS := -march=rv64imac
else
CC_KERNEL := riscv64-linux-gnu-gcc
LD_KERNEL := riscv64-linux-gnu-ld
# The assembler wants the CSR and fence.i instructions named; clang 14 does not know these names.
PORT_CFLAGS := -march=rv64imac_zicsr_zifencei
endif
PORT_CFLAGS += -mabi=lp64 -mcmodel=medany -mno-relax -fno-pic -fno-pie \
	-fsanitize=integer-divide-by-zero
# Runs at its physical address before the tables exist: no table of jump targets, which would be
# link addresses.
PORT_EARLY_CFLAGS := -fno-jump-tables
PORT_LDFLAGS := -m elf64lriscv -z max-page-size=4096
