# `make check`: every check is a target of its own; `make -k check` goes on after a failure. Included by the Makefile.

CHECK_VARIANTS := gcc llvm release release-llvm
CHECKS := $(foreach a,$(CHECK_ARCHES),$(CHECK_VARIANTS:%=check-build-$a-%)) \
	$(CHECK_ARCHES:%=check-cppcheck-%) check-format check-floors check-pairs check-docs check-scripts
.PHONY: $(CHECKS) check-all docs golden

check:
	@tools/setup $(CHECK_ARCHES:%=build-%) $(patsubst %,efi-%,$(filter x86_64 aarch64,$(CHECK_ARCHES))) llvm check format
	@$(MAKE) check-all

check-all: $(CHECKS)

# Four builds of each machine, the UEFI loader with them; warnings are errors in all.
say_check = @printf '  %-5s %s\n' CHECK '$(@:check-%=%)'
CHECK_SETTING_gcc := BUILD=check LLVM=0
CHECK_SETTING_llvm := BUILD=check LLVM=1
CHECK_SETTING_release := BUILD=release LLVM=0
CHECK_SETTING_release-llvm := BUILD=release LLVM=1

define check_build
check-build-$1-$2:
	$$(say_check)
	+@$$(MAKE) ARCH=$1 $$(CHECK_SETTING_$2) build efi
endef
$(foreach a,$(CHECK_ARCHES),$(foreach v,$(CHECK_VARIANTS),$(eval $(call check_build,$a,$v))))

# What the kernel's freestanding code does on purpose is listed in tools/cppcheck.txt.
CPPCHECK_FOLDERS := $(wildcard lib mm boot dev sync)
$(CHECK_ARCHES:%=check-cppcheck-%): check-cppcheck-%:
	$(say_check)
	@cppcheck -q --std=c11 --platform=unix64 --enable=warning,performance,portability --error-exitcode=1 \
		--library=tools/cppcheck.cfg --suppressions-list=tools/cppcheck.txt --inline-suppr -j$(shell nproc) -DCONFIG_CHECK -D__$*__ \
		-I. -Iarch/include -Iarch/$*/include $(CPPCHECK_FOLDERS) arch/$*

CODE := $(sort $(wildcard $(foreach folder,lib arch/* arch/*/* arch/*/include/arch sync/* dev mm boot boot/* \
	boot/direct/* tests/kernel tests/host tests/host/include tests/host/include/*,$(folder)/*.[ch])))

check-format:
	$(say_check)
	@tools/format --check $(CODE)

format:
	@tools/setup format
	@tools/format $(CODE)

check-floors:
	$(say_check)
	@python3 tools/check_floors.py

# Each ordered operation names its partner.
check-pairs:
	$(say_check)
	@python3 tools/check_pairs.py

# Generated, from object files and sources; compared where both compilers are of the versions it was written with.
check-docs:
	$(say_check)
	@python3 tools/barriers_page.py check

docs:
	@tools/setup $(ARCHES:%=build-%) llvm
	@python3 tools/barriers_page.py write

golden:
	@tools/setup $(ARCHES:%=build-%) llvm
	@python3 tools/golden.py write

# A syntax error in a script is found here and not by the first person who needs it.
check-scripts:
	$(say_check)
	@for script in tools/setup tools/format .ci/run; do sh -n $$script || exit 1; done
	@python3 -m py_compile tools/*.py tools/gdb/*.py tests/boot/*.py
