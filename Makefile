# Trefoil: the one way in. `make help` shows the commands.
#
# A command (run, test, gdb, check, format, fuzz) first runs tools/setup, then this file again for what it needs built;
# so nothing below may look for a tool while the file is being read. What is built lies in build/<arch>/, or in
# build/<arch>-<setting>/ for settings other than the default, so that objects of two settings never meet.

define HELP
make run      build, boot in QEMU, run the self-tests, end at the monitor prompt; without a terminal: power off,
              and the exit status says how the tests went
make test     every self-test on every machine; KTAP on standard output; fails on any failure, hang or panic
make bench    run the benchmarks (of BUILD=release): a table, and build/<arch>-release/bench.json
make gdb      boot halted, attach gdb with the symbols and helpers
make check    both compilers with warnings as errors, static analysis, format, floors
make format   format the code
make docs     write docs/barriers.md anew, from object files and sources
make golden   accept the instructions that the barriers and atomics now become (tests/golden/)
make fuzz     fuzz the readers of foreign data and the portable parts of mm/, longer than `make test` does
make setup    install what all of these need (each does it for itself, too)
make clean    remove build/, but for the downloaded GNU-EFI
make          only build

ARCH=x86_64|aarch64|riscv64    the machine; default: x86_64 for run and gdb, all for test and check.
                               `make test ARCH=host`: only the tests that need no machine
BUILD=check|release            with every run-time check (default), or without
LLVM=1                         clang and lld instead of gcc
SAN=ubsan                      the kernel with gcc's or clang's undefined-behaviour sanitizer; it panics at the first
SPINLOCK=queued|mcs|ticket|tas which spinlock (sync/spin/spinlock.h); default: queued
TESTS='string.*,*.monotonic'   which self-tests; SEED=n their random numbers; ARGS='log=debug' more boot arguments
ACCEL=tcg|kvm                  QEMU's accelerator
V=1                            show the commands

Of run and gdb:
BOOT=direct|efi|sbi            the way in: QEMU's -kernel, UEFI (x86_64, aarch64), OpenSBI at its fixed address (riscv64)
SMP=4 MEM=256M                 CPUs and memory
CPU=... GIC=2|3                CPU model; the version of AArch64's interrupt controller
GDBFLAGS='-batch -ex bt'       more arguments for gdb

Of fuzz:
BENCH='sync.*'               which benchmarks
FUZZ=fuzz_fdt FUZZ_SECONDS=300 which fuzzers, and for how long
endef

ARCHES := x86_64 aarch64 riscv64
BOOTS_x86_64 := direct efi
BOOTS_aarch64 := direct efi
BOOTS_riscv64 := direct sbi

# `make test` and `make check` take every machine unless one is given.
TEST_ARCHES := $(or $(ARCH),$(ARCHES) $(if $(SAN),,host))
CHECK_ARCHES := $(or $(ARCH),$(ARCHES))
ARCH ?= x86_64
BUILD ?= $(if $(filter bench,$(MAKECMDGOALS)),release,check)
SPINLOCK ?= queued
BOOT ?= direct
SMP ?= 4
MEM ?= 256M
ACCEL ?= tcg
FUZZ_SECONDS ?= 300
BENCH ?= *

comma := ,
empty :=
list = $(subst $(empty) ,$(comma) ,$(strip $1))
one_of = $(if $(and $($1),$(filter $($1),$2),$(filter 1,$(words $($1)))),,$(error $1=$($1): $3 $(call list,$2)))

GOALS := $(or $(MAKECMDGOALS),build)
ifneq ($(filter-out help clean format,$(GOALS)),)
$(call one_of,ARCH,$(ARCHES) $(if $(filter test,$(GOALS)),host),the machines are)
ifneq ($(ARCH),host)
$(if $(filter run gdb,$(GOALS)),$(call one_of,BOOT,$(BOOTS_$(ARCH)),the ways into $(ARCH) are))
include arch/$(ARCH)/port.mk
endif
$(call one_of,BUILD,check release,the builds are)
$(if $(SAN),$(call one_of,SAN,ubsan,the sanitizers are))
$(call one_of,SPINLOCK,queued mcs ticket tas,the spinlocks are)
$(call one_of,ACCEL,tcg kvm,the accelerators are)
$(if $(LLVM),$(call one_of,LLVM,0 1,give one of))
$(if $(GIC),$(call one_of,GIC,2 3,the versions are))
endif

# Said once, by the outermost make; a -j of the user's wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc) --no-print-directory
endif
MAKEFLAGS += -rR
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
.DELETE_ON_ERROR:
.PHONY: build efi host-tests print-compiler run test bench gdb check format fuzz setup help clean FORCE

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-5s %s\n' '$1' '$(patsubst $(B)/%,%,$2)')

# What the settings other than the default are called.
SETTING := $(if $(filter release,$(BUILD)),-release)$(SAN:%=-%)$(if $(filter 1,$(LLVM)),-llvm)$(patsubst %,-%,$(filter-out queued,$(SPINLOCK)))
B := build/$(ARCH)$(SETTING)

# ---- The kernel ----

build: $(B)/trefoil.elf $(B)/trefoil.image

WARNINGS := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wundef -Wvla -Wpointer-arith \
	-Wwrite-strings
CFLAGS_check := -DCONFIG_CHECK
# lib/ubsan.c has what the checks call.
CFLAGS_ubsan := -DCONFIG_UBSAN -fsanitize=undefined
CFLAGS = -std=gnu17 -O2 -g -ffreestanding -nostdinc -isystem $(COMPILER_INCLUDE) \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-unwind-tables $(WARNINGS) -Iarch/$(ARCH)/include -Iarch/include -I. -DCONFIG_SPINLOCK=$(SPINLOCK) \
	$(CFLAGS_$(BUILD)) $(PORT_CFLAGS) $(CFLAGS_$(SAN))
LDFLAGS = $(PORT_LDFLAGS) -nostdlib -static --build-id=none -z noexecstack -T linker/$(ARCH).ld
# Asked once, when first needed.
COMPILER_INCLUDE = $(eval COMPILER_INCLUDE := $(shell $(CC_KERNEL) -print-file-name=include))$(COMPILER_INCLUDE)
OBJCOPY = $(if $(filter 1,$(LLVM)),llvm-objcopy,$(CC_KERNEL:%gcc=%objcopy))

SOURCES := $(wildcard lib/*.c arch/$(ARCH)/*.[cS] sync/spin/*.c dev/*.c mm/*.c boot/*.c boot/direct/*.c boot/direct/$(ARCH)/*.S \
	tests/kernel/*.c tests/bench/*.c)
OBJECTS := $(SOURCES:%=$(B)/%.o)
BUILD_FILES := Makefile $(wildcard arch/$(ARCH)/port.mk)

# It runs before the kernel is at its link address, where what a check calls cannot be reached.
$(B)/mm/early_map.c.o: FILE_CFLAGS := $(PORT_EARLY_CFLAGS) -fno-sanitize=all

$(B)/%.c.o: %.c $(B)/compile.txt $(BUILD_FILES)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC_KERNEL) $(CFLAGS) $(FILE_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.S.o: %.S $(B)/compile.txt $(BUILD_FILES)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC_KERNEL) $(CFLAGS) -MMD -MP -c -o $@ $<

# The symbol table comes from a first link, in which lib/symbols.c puts an empty one (tools/symbols.py).
$(B)/symbols.S: $(B)/first.elf tools/symbols.py tools/elf.py
	$(call say,SYMS,$@)
	$(Q)python3 tools/symbols.py generate $< $@

$(B)/symbols.S.o: $(B)/symbols.S $(B)/compile.txt
	$(call say,AS,$<)
	$(Q)$(CC_KERNEL) $(CFLAGS) -c -o $@ $<

$(B)/first.elf: $(OBJECTS) linker/$(ARCH).ld linker/sections.ld $(B)/link.txt
	$(call say,LD,$@)
	$(Q)$(LD_KERNEL) $(LDFLAGS) -o $@ $(OBJECTS)

$(B)/trefoil.elf: $(B)/first.elf $(B)/symbols.S.o
	$(call say,LD,$@)
	$(Q)$(LD_KERNEL) $(LDFLAGS) -o $@ $(OBJECTS) $(B)/symbols.S.o
	$(Q)python3 tools/symbols.py verify $@

$(B)/trefoil.image: $(B)/trefoil.elf
	$(call say,IMAGE,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# Rewritten only when they change: another flag, compiler or list of sources rebuilds what depends on it.
define note_change
@mkdir -p $(@D)
@printf '%s\n' '$1' | cmp -s - $@ || printf '%s\n' '$1' >$@
endef

$(B)/compile.txt: FORCE
	$(call note_change,$(shell $(CC_KERNEL) --version | head -n 1) $(CFLAGS) $(PORT_EARLY_CFLAGS))

$(B)/link.txt: FORCE
	$(call note_change,$(LD_KERNEL) $(LDFLAGS) $(OBJECTS))

FORCE:

# For tools that compile as the kernel is compiled (tools/emitted.py).
print-compiler:
	@printf '%s\n' '$(CC_KERNEL)' '$(CFLAGS)'

-include $(OBJECTS:.o=.d)

# ---- The UEFI loader: loader.mk gives EFI_LOADER where the machine has one ----

include boot/efi/loader.mk

efi: $(EFI_LOADER)
	@:

# ---- Tests and fuzzers of the portable modules, on the host ----

# A program's first line names the sources it tests: /* sources: boot/fdt.c lib/crc32.c */
# A long list goes on in the comment's next lines, or in another such comment. One that goes on with /* sanitizer: thread */ is built for ThreadSanitizer instead, with both compilers.
H := build/host
HOST_THREADED := $(patsubst tests/host/%.c,%,$(shell grep -lx '/\* sanitizer: thread \*/' tests/host/test_*.c))
HOST_PROGRAMS := $(filter-out $(HOST_THREADED),$(patsubst tests/host/%.c,%,$(wildcard tests/host/test_*.c tests/host/fuzz_*.c)))
HOST_COMPILERS := clang gcc
HOST_CC := clang
HOST_BASE_CFLAGS := -std=gnu17 -g -O1 -fno-omit-frame-pointer $(WARNINGS) -I. -Itests/host/include -DCONFIG_HOST -DCONFIG_CHECK
HOST_CFLAGS := $(HOST_BASE_CFLAGS) -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
# gcc warns of each fence that ThreadSanitizer does not model them; what a fence orders there is atomic anyway.
HOST_THREAD_CFLAGS_gcc := -Wno-tsan

host-tests: $(HOST_PROGRAMS:%=$H/%) $(foreach compiler,$(HOST_COMPILERS),$(HOST_THREADED:%=$H/%-$(compiler)))

host_sources = tests/host/$1.c tests/host/host.c \
	$(shell sed -n '/^\/\* sources: /{:line;/\*\/$$/!{N;b line};s,^/\* sources: ,,;s,\n \*,,g;s, \*/$$,,;p}' tests/host/$1.c)

define host_program
$H/$1: $(patsubst %,$H/%.o,$(call host_sources,$1))
HOST_OBJECTS += $(patsubst %,$H/%.o,$(call host_sources,$1))
endef
$(foreach program,$(HOST_PROGRAMS),$(eval $(call host_program,$(program))))

$(HOST_PROGRAMS:%=$H/%):
	$(call say,LD,$@)
	$(Q)$(HOST_CC) $(if $(filter $H/fuzz_%,$@),-fsanitize=address$(comma)undefined$(comma)fuzzer,-fsanitize=address$(comma)undefined) -o $@ $^

$H/%.c.o: %.c $H/flags.txt Makefile
	$(call say,HOST,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

# $1: a compiler, $2: a program.
define host_threaded_program
$H/$2-$1: $(patsubst %,$H/thread-$1/%.o,$(call host_sources,$2)) tests/host/percpu.ld
HOST_OBJECTS += $(patsubst %,$H/thread-$1/%.o,$(call host_sources,$2))
endef

define host_threaded
$(foreach program,$(HOST_THREADED),$(eval $(call host_threaded_program,$1,$(program))))

$(HOST_THREADED:%=$H/%-$1):
	$$(call say,LD,$$@)
	$$(Q)$1 -fsanitize=thread -pthread -Wl,-T,tests/host/percpu.ld -o $$@ $$(filter %.o,$$^)

$H/thread-$1/%.c.o: %.c $H/flags.txt Makefile
	$$(call say,HOST,$$<)
	@mkdir -p $$(@D)
	$$(Q)$1 $(HOST_BASE_CFLAGS) -fsanitize=thread $(HOST_THREAD_CFLAGS_$1) -MMD -MP -c -o $$@ $$<
endef
$(foreach compiler,$(HOST_COMPILERS),$(eval $(call host_threaded,$(compiler))))

$H/flags.txt: FORCE
	$(call note_change,$(foreach compiler,$(HOST_COMPILERS),$(shell $(compiler) --version | head -n 1)) $(HOST_CFLAGS))

-include $(patsubst %.o,%.d,$(sort $(HOST_OBJECTS)))

# ---- Commands ----

# What tools/setup calls the needs of a machine that is built and booted.
SETUP_LLVM := $(if $(filter 1,$(LLVM)),llvm)
SETUP_RUN := build-$(ARCH) run-$(ARCH) $(if $(filter efi,$(BOOT)),efi-$(ARCH)) $(SETUP_LLVM)
SETUP_ALL := $(ARCHES:%=build-%) $(ARCHES:%=run-%) efi-x86_64 efi-aarch64 llvm host check format

QEMU_FLAGS = --arch $(ARCH) --build $(B) --boot $(BOOT) --smp '$(SMP)' --memory '$(MEM)' --accel $(ACCEL) \
	$(if $(CPU),--cpu '$(CPU)') $(if $(GIC),--gic $(GIC)) $(if $(TESTS),--tests='$(TESTS)') \
	$(if $(SEED),--seed '$(SEED)') $(if $(ARGS),--args='$(ARGS)') $(if $(filter 1,$(V)),--show)

setup:
	@tools/setup $(SETUP_ALL) gdb

run:
	@tools/setup $(SETUP_RUN)
	@$(MAKE) build $(if $(filter efi,$(BOOT)),efi)
	@python3 tools/qemu.py run $(QEMU_FLAGS)

gdb:
	@tools/setup $(SETUP_RUN) gdb
	@$(MAKE) build $(if $(filter efi,$(BOOT)),efi)
	@python3 tools/debug.py $(QEMU_FLAGS) -- $(GDBFLAGS)

# The runner builds, too: a machine that does not build is a failed test, and standard output stays one document.
test:
	@tools/setup $(foreach a,$(filter-out host,$(TEST_ARCHES)),build-$a run-$a $(if $(filter efi,$(BOOTS_$a)),efi-$a)) \
		$(SETUP_LLVM) $(if $(filter host,$(TEST_ARCHES)),host $(ARCHES:%=run-%))
	+@python3 tools/run_tests.py $(TEST_ARCHES:%=--arch %) --setting='$(SETTING)' --accel $(ACCEL) \
		$(if $(TESTS),--tests='$(TESTS)') $(if $(SEED),--seed '$(SEED)') $(if $(ARGS),--args='$(ARGS)')

bench:
	@tools/setup $(SETUP_RUN)
	@$(MAKE) BUILD=$(BUILD) build
	@python3 tools/bench.py $(QEMU_FLAGS) --bench '$(BENCH)'

fuzz:
	@tools/setup host
	@$(MAKE) host-tests
	@python3 tools/host_tests.py --seconds $(FUZZ_SECONDS) $(FUZZ)

include tools/check.mk

help:
	$(info $(HELP))
	@:

clean:
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name gnu-efi-arm64 -exec rm -rf {} + 2>/dev/null || :
