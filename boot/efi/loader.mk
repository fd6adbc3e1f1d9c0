# The UEFI loader. Included by the Makefile; reads its ARCH, B, LLVM and WARNINGS, gives EFI_LOADER and the rule that makes
# it. Nothing looks for a tool or a file before the rule runs.
#
# GNU_EFI_DIR is the root that holds GNU-EFI's usr/include/efi and usr/lib: the installed Debian package on x86_64; on
# AArch64 the unpacked one (dpkg -x), since installing gnu-efi:arm64 would remove gnu-efi:amd64. RISC-V has no loader.
ifneq ($(filter x86_64 aarch64,$(ARCH)),)

EFI_NAME_x86_64 := BOOTX64.EFI
EFI_NAME_aarch64 := BOOTAA64.EFI
EFI_LOADER := $(B)/efi/$(EFI_NAME_$(ARCH))

GNU_EFI_DIR_x86_64 :=
GNU_EFI_DIR_aarch64 := build/gnu-efi-arm64
GNU_EFI_DIR ?= $(GNU_EFI_DIR_$(ARCH))
EFI_INCLUDE := $(GNU_EFI_DIR)/usr/include/efi
EFI_LIB := $(GNU_EFI_DIR)/usr/lib
EFI_CRT0 := $(EFI_LIB)/crt0-efi-$(ARCH).o
EFI_LDS := $(EFI_LIB)/elf_$(ARCH)_efi.lds

EFI_BINUTILS_x86_64 :=
EFI_BINUTILS_aarch64 := aarch64-linux-gnu-
EFI_BINUTILS := $(EFI_BINUTILS_$(ARCH))
ifeq ($(LLVM),1)
EFI_CC := clang --target=$(ARCH)-unknown-none-elf
else
EFI_CC := $(EFI_BINUTILS)gcc -fno-tree-loop-distribute-patterns
endif
# GNU ld and objcopy for clang's objects too: GNU-EFI's scripts and the PE target are theirs.
EFI_LD := $(EFI_BINUTILS)ld
EFI_OBJCOPY := $(EFI_BINUTILS)objcopy

EFI_CFLAGS_x86_64 := -mno-red-zone -fcf-protection=none
EFI_CFLAGS_aarch64 := -mgeneral-regs-only -mstrict-align
# 16-bit wchar_t is EFI's; loops must not turn into calls of memmove(), which libefi lacks. GNU-EFI's functions take paths
# as char and not const char, so string literals cannot be const.
EFI_CFLAGS := -std=gnu17 -O2 -g -ffreestanding -fpic -fshort-wchar -fno-stack-protector -fno-strict-aliasing \
 -fno-asynchronous-unwind-tables -fno-unwind-tables -DGNU_EFI_USE_MS_ABI \
 $(filter-out -Wwrite-strings,$(WARNINGS)) \
 -I. -isystem $(EFI_INCLUDE) -isystem $(EFI_INCLUDE)/$(ARCH) $(EFI_CFLAGS_$(ARCH))

# AArch64's crt0 brings its own PE header, so the file is a flat copy; objcopy makes the header on x86_64.
EFI_LDFLAGS_aarch64 := --defsym=EFI_SUBSYSTEM=0xa --no-warn-rwx-segments
EFI_LDFLAGS := -nostdlib -znocombreloc -shared -Bsymbolic --no-undefined --build-id=none -z noexecstack \
 $(EFI_LDFLAGS_$(ARCH))
EFI_SECTIONS := -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j '.rel*' -j '.rela*' -j .reloc
EFI_FORMAT_x86_64 := $(EFI_SECTIONS) --target efi-app-x86_64 --subsystem=10
EFI_FORMAT_aarch64 := -O binary

EFI_SOURCES := $(addprefix boot/efi/,loader.c elf.c memory_map.c pages.c tables.c machine_$(ARCH).c)
EFI_OBJECTS := $(EFI_SOURCES:%.c=$(B)/efi/%.o)

$(EFI_OBJECTS): $(B)/efi/%.o: %.c $(B)/efi/compile.txt
	$(call say,EFICC,$<)
	@mkdir -p $(@D)
	$(Q)$(EFI_CC) $(EFI_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/efi/compile.txt: FORCE
	$(call note_change,$(EFI_CC) $(EFI_CFLAGS))

$(B)/efi/loader.so: $(EFI_OBJECTS) boot/efi/loader.mk
	$(call say,EFILD,$@)
	$(Q)$(EFI_LD) $(EFI_LDFLAGS) -T $(EFI_LDS) -o $@ $(EFI_CRT0) $(EFI_OBJECTS) -L$(EFI_LIB) -l:libefi.a -l:libgnuefi.a

$(EFI_LOADER): $(B)/efi/loader.so
	$(call say,EFI,$@)
	$(Q)$(EFI_OBJCOPY) $(EFI_FORMAT_$(ARCH)) $< $@

-include $(EFI_OBJECTS:.o=.d)

endif
