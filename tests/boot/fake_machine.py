"""A stand-in for QEMU and kernel: a directory with a kernel file that holds test records, and a qemu-system-riscv64 that
prints what such a kernel would print, or gets one thing wrong.

The tests of the runner use it to show that each thing that can go wrong is seen.
"""

import os
import struct
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TOOLS = os.path.join(ROOT, "tools")

TESTS = [
    ("clock", "never_early", None),
    ("clock", "monotonic", None),
    ("string", "copy", None),
    ("fault", "null_page", "page zero"),
]

# What the kernel would do, in Python: the suite as the boot arguments select it, with one fault worked in.
FAKE_QEMU = r'''#!{python}
import fnmatch, os, sys, time
FAULT = os.environ.get("FAKE_FAULT", "")
arguments = sys.argv[sys.argv.index("-append") + 1].split()
options = dict(a.split("=", 1) for a in arguments if "=" in a)
SUITES = {{"clock": ["never_early", "monotonic"], "string": ["copy"]}}
SUITES = {{s: names for s, names in SUITES.items()
          if any(fnmatch.fnmatch(s + ".", glob) for glob in options.get("test", "*").split(","))}}

def say(text):
    sys.stdout.write(text.replace("\n", "\r\n"))
    sys.stdout.flush()

def leave(status):
    sys.stdout.flush()
    os._exit(status)

say("firmware says hello\n")
if "death" in options:
    if FAULT == "death_hang":
        time.sleep(60)
    if FAULT != "death_not_begun":
        say("# death test %s\n" % options["death"])
    if FAULT == "death_returns":
        leave(35)
    say("PANIC: %s\n" % ("division by zero" if FAULT == "death_other_panic" else "read of page zero at 0x8"))
    leave({{"death_exit_0": 0, "death_exit_33": 33}}.get(FAULT, 35))

if FAULT.startswith("silent_"):
    leave(int(FAULT[7:]))
if FAULT == "flood":
    while True:
        say("x" * 65536)
if FAULT == "killed":
    os.kill(os.getpid(), 9)
say("KTAP version 1\n1..%d\n" % (len(SUITES) + {{"plan_of_suites": 1, "suite_missing": -1}}.get(FAULT, 0)))
for k, (suite, names) in enumerate(SUITES.items(), 1):
    if FAULT == "suite_missing" and suite == "string":
        break
    if FAULT == "suite_unknown" and suite == "string":
        suite = "strong"
    names = list(names)
    if FAULT == "test_missing" and suite == "clock":
        names.remove("monotonic")
    if FAULT == "test_extra" and suite == "clock":
        names.append("bonus")
    if FAULT == "test_twice" and suite == "clock":
        names[1] = names[0]
    if FAULT == "test_renamed" and suite == "clock":
        names[1] = "monotone"
    say("    KTAP version 1\n    # Subtest: %s\n    1..%d\n" % (suite, len(names) + (FAULT == "plan_of_tests")))
    failed = False
    for n, name in enumerate(names, 1):
        here = suite == "clock" and n == 2
        say("    # running: %s.%s\n[    0.123456] 0 I: a line of the log\n" % (suite, name))
        if here:
            say("    # whole lines: 2 from each of 2 CPUs\n")
            for i in range(4):
                say("    # whole line %d of CPU %d: abcdefghijklmn" % (i % 2, i // 2))
                say("oops" if FAULT == "mixed_lines" and i == 3 else "")
                say("opqrstuvwxyz 0123456789 end\n")
        if here and FAULT == "hang":
            time.sleep(60)
        if here and FAULT == "truncated_33":
            leave(33)
        if here and FAULT == "triple_fault":
            leave(0)
        if here and FAULT == "panic":
            say("PANIC: page fault\nrunning test: clock.monotonic\n")
            leave(35)
        if here and FAULT == "panic_33":
            say("PANIC: page fault\n")
        bad = here and FAULT in ("failure", "failure_33", "suite_says_ok")
        failed = failed or bad
        number = 7 if here and FAULT == "number" else n
        if here and FAULT == "torn":
            say("    ok 2 mono[    0.2] 1 I: anotonic\n")
        elif bad:
            say("    # clock.c:17: 1 == 2\n    not ok %d %s\n" % (number, name))
        elif FAULT == "all_skipped" or here and FAULT == "skip":
            say("    ok %d %s # SKIP no second clock\n" % (number, name))
        elif here and FAULT == "skip_silent":
            say("    ok %d %s # SKIP\n" % (number, name))
        else:
            say("    ok %d %s\n" % (number, name))
    say("    # %s: pass:1 fail:0 skip:0 total:1\n" % suite)
    say("%s %d %s\n" % ("not ok" if failed and FAULT != "suite_says_ok" else "ok", k, suite))
leave({{"failure": 35, "suite_says_ok": 35, "exit_35": 35, "exit_0": 0}}.get(FAULT, 33))
'''


def kernel_file(tests):
    """An ELF file with a section .tests of such records, and no more than a reader of sections needs."""
    records = b"".join(
        struct.pack(
            "<32s64s96sIIQ48s",
            suite.encode(),
            name.encode(),
            (dies_with or "").encode(),
            dies_with is not None,
            1000,
            0,
            b"",
        )
        for suite, name, dies_with in tests
    )
    names = b"\0.tests\0.shstrtab\0"
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 243, 1, 0, 0, 64 + len(records) + len(names), 0, 64, 0, 0, 64, 3, 2
    )
    sections = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    sections += struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0, 64, len(records), 0, 0, 64, 0)
    sections += struct.pack("<IIQQQQIIQQ", 8, 3, 0, 0, 64 + len(records), len(names), 0, 0, 1, 0)
    return header + records + names + sections


class FakeMachine:
    def __init__(self, directory):
        self.directory = directory
        self.short_suite = ["*"]
        self.build = os.path.join(directory, "build", "riscv64")
        self.programs = os.path.join(directory, "bin")
        self.firmware = os.path.join(directory, "fw_jump.bin")
        os.makedirs(self.build)
        os.makedirs(self.programs)
        self.write("trefoil.elf", kernel_file(TESTS))
        self.write("trefoil.image", b"image")
        with open(self.firmware, "wb") as file:
            file.write(b"firmware")
        self.qemu = os.path.join(self.programs, "qemu-system-riscv64")
        with open(self.qemu, "w", encoding="ascii") as file:
            file.write(FAKE_QEMU.format(python=sys.executable))
        os.chmod(self.qemu, 0o755)

    def write(self, name, data):
        with open(os.path.join(self.build, name), "wb") as file:
            file.write(data)

    def _start(self, module, arguments, fault):
        # The place of the firmware, the short suite and the talk with the monitor are not the real ones.
        code = (
            f"import sys; sys.path.insert(0, {TOOLS!r}); import qemu, run_tests; "
            f"qemu.OPENSBI_JUMP = {self.firmware!r}; run_tests.SHORT_SUITE = {self.short_suite!r}; "
            "run_tests.talk_to_monitor = lambda _: "
            "run_tests.Group('monitor', [run_tests.Result('prompt', 'ok')]); "
            f"sys.argv = {[module, *arguments]!r}; {module}.main()"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.directory,
            env={"PATH": self.programs, "FAKE_FAULT": fault, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def start_runner(self, fault="", arguments=()):
        return self._start("run_tests", ["--arch", "riscv64", "--no-build", "--limit", "20", *arguments], fault)

    def run_tests(self, fault="", arguments=()):
        """(exit status, standard output) of the test runner."""
        process = self.start_runner(fault, arguments)
        output, errors = process.communicate(timeout=100)
        return process.returncode, output if output else errors

    def run(self, fault="", arguments=()):
        """(exit status, everything it printed) of `make run`'s program."""
        process = self._start("qemu", ["run", "--arch", "riscv64", "--build", self.build, *arguments], fault)
        output, errors = process.communicate(timeout=100)
        return process.returncode, output + errors
