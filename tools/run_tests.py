#!/usr/bin/env python3
"""`make test`: boots each machine in each way, and prints what came of it as one KTAP document.

Which tests must be reported is read from the kernel's ELF file (elf.py); what the kernel prints is checked against that
(ktap.py), together with QEMU's exit status and a limit of wall-clock time. A death test gets a machine of its own, which
must end in the panic it names. Whatever is missing, hangs or lies ends as "not ok": nothing passes by default.

Standard output is the document, and its last line the plain count; progress goes to standard error, the serial log of
each machine to build/<arch>/logs/<boot>.log.
"""

import argparse
import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import host_tests
import qemu
from elf import Elf, ElfError
from ktap import FAILED, OK, SKIPPED, Group, KernelLog, Result, find_panic, find_torn_lines, open_document, print_child

# What is worth repeating where the machine differs only in its way in or its number of CPUs: all but the libraries.
SHORT_SUITE = [
    "arena.*",
    "atomic.*",
    "barrier.*",
    "boot_info.*",
    "console.*",
    "exceptions.*",
    "frame.*",
    "interrupts.*",
    "kspace.*",
    "memory.*",
    "paging.*",
    "percpu.*",
    "space.*",
    "spinlock.*",
    "symbols.*",
    "timers.*",
    "tlb_shadow.*",
]

# What is there to see on a machine with little memory or much.
MEMORY_SUITE = "frame.*,kspace.*,memory.*,paging.*,space.*"

# Besides the longest deadline of its tests, a machine may take this long; firmware needs its share.
BOOT_SECONDS = 60
FIRMWARE_SECONDS = 60

# A kernel that prints without end is stopped before it fills the disk.
LOG_BYTES_MAX = 16 << 20
TAIL_LINES = 25
# Of the machines that do not need the host for themselves, this many run at a time.
MACHINES_AT_A_TIME = 2


@dataclass(frozen=True)
class Boot:
    name: str
    boot: str
    smp: int
    full: bool = False  # every test, not the short suite
    alone: bool = False  # with no other machine beside it
    cpu: str = ""  # another model than the default
    globs: str = ""  # another selection than the short suite
    memory: str = ""  # another size than the default
    arguments: str = ""  # more boot arguments


# A CPU without LSE: atomics run as they were compiled, not as they are patched (arch/aarch64/alternatives.c).
EXCLUSIVES = Boot("exclusives", "direct", 4, cpu="cortex-a72", globs="atomic.*,barrier.*,spinlock.*")


def boots_of(arch):
    firmware = qemu.BOOTS[arch][1]
    return [
        Boot("direct", "direct", 4, full=True, alone=True),
        Boot(firmware, firmware, 4),
        Boot("1cpu", "direct", 1),
        Boot("8cpu", "direct", 8, alone=True),
        Boot("64m", "direct", 2, memory="64M", globs=MEMORY_SUITE),
        Boot("8g", "direct", 2, memory="8G", globs=MEMORY_SUITE),
        # Few ids roll over all the time, none is the way of machines that have none.
        Boot("fewids", "direct", 4, arguments="asid-bits=2", globs="space.*,tlb_shadow.*"),
        Boot("noids", "direct", 4, arguments="asid-bits=0", globs="space.*,tlb_shadow.*"),
        *([EXCLUSIVES] if arch == "aarch64" else []),
    ]


def note(message):
    print(message, file=sys.stderr, flush=True)


def note_counts(name, group, start, problems=()):
    counts = group.counts()
    took = f"{time.monotonic() - start:.1f} s" + (f" ({problems[0]})" if problems else "")
    note(f"{name}: {counts[OK]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped in {took}")


def talk_to_monitor(machine):
    # Lies with the tests, because it is one.
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "boot"))
    import monitor_session

    return monitor_session.run_session(machine)


def matches(globs, name):
    """As the kernel matches: * any characters, ? one, any of the comma-separated globs."""
    patterns = (re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in globs.split(","))
    return any(re.fullmatch(pattern, name) for pattern in patterns)


class Processes:
    """Every QEMU that runs, so that none outlives the runner."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = set()
        self._stopped = False

    def start(self, arguments, log):
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            self._running.add(process)
            return process

    def stop(self, process):
        with self._lock:
            self._running.discard(process)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop_all(self):
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            self.stop(process)


PROCESSES = Processes()


@dataclass
class Ending:
    """How a machine ended: its exit status, or why there is none, and all it said."""

    status: int | None
    problem: str
    text: str = ""
    command: str = ""

    def report(self, problems):
        """What a person needs who wants to know why."""
        if not problems:
            return []
        lines = [line for line in self.text.replace("\r", "").split("\n") if line.strip()]
        tail = [f"| {line}" for line in lines[-TAIL_LINES:]]
        return [*problems, f"command: {self.command}", "the end of its log:", *tail]


def run_machine(machine, limit):
    """Boots a machine and waits for its end; never raises for what the machine does."""
    path = machine.path(os.path.join("logs", machine.name + ".log"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    missing = qemu.find_missing(machine)
    if missing:
        return Ending(None, f"not there: {', '.join(missing)}")
    try:
        command = qemu.command(machine) + qemu.UNATTENDED
        with open(path, "wb") as log:
            process = PROCESSES.start(command, log)
            problem = wait_for_end(process, log, limit)
    except (OSError, qemu.SettingsError) as error:
        return Ending(None, f"QEMU cannot be started: {error}")
    with open(path, "rb") as log:
        text = log.read(LOG_BYTES_MAX).decode("utf-8", "replace")
    return Ending(None if problem else process.returncode, problem, text, shlex.join(command))


def wait_for_end(process, log, limit):
    end = time.monotonic() + limit
    try:
        while process.poll() is None:
            if time.monotonic() > end:
                return f"did not end within {limit:.0f} s; stopped"
            if os.fstat(log.fileno()).st_size > LOG_BYTES_MAX:
                return f"printed more than {LOG_BYTES_MAX >> 20} MiB; stopped"
            time.sleep(0.02)
        return ""
    finally:
        PROCESSES.stop(process)


class ArchRunner:
    """All boots of one architecture."""

    def __init__(self, arch, options):
        self.arch = arch
        self.options = options
        self.build = os.path.join(options.build_root, arch + options.setting)
        scale = re.search(r"\bdeadline-scale=(\d+)", options.args)
        self.scale = max(1, int(scale.group(1))) if scale else 1
        self.tests = []

    def run(self):
        if not self.options.no_build and not run_make(self.arch, "build", "efi"):
            return Group(self.arch, [Result("build", FAILED, notes=["the build failed; see standard error"])])
        try:
            self.tests = Elf(os.path.join(self.build, "trefoil.elf")).tests()
        except ElfError as error:
            return Group(self.arch, [Result("kernel_file", FAILED, notes=[str(error)])])
        if not self.tests:
            return Group(self.arch, [Result("kernel_file", FAILED, notes=["the kernel holds no test"])])
        sanitized = "san" in self.options.setting
        # A sanitizer's build is for the code, not for the ways in: one boot of everything, and its own deaths.
        boots = [(boot, self.expected(boot)) for boot in boots_of(self.arch) if boot.full or not sanitized]
        if self.options.tests:
            boots = [(boot, expected) for boot, expected in boots if expected]
        deaths = [test for test in self.tests if test.is_death and self.selected(test)]
        if sanitized:
            deaths = [test for test in deaths if "san" in test.suite]
        done = {boot.name: self.boot(boot, expected) for boot, expected in boots if boot.alone}
        with ThreadPoolExecutor(MACHINES_AT_A_TIME) as pool:
            beside = [(boot, expected) for boot, expected in boots if not boot.alone]
            started = {boot.name: pool.submit(self.boot, boot, expected) for boot, expected in beside}
            died = [pool.submit(self.die, test) for test in deaths]
            try:
                done.update((name, future.result()) for name, future in started.items())
                death_results = [future.result() for future in died]
            except BaseException:
                PROCESSES.stop_all()
                raise
        talk = not sanitized and (not self.options.tests or matches(self.options.tests, "monitor.session"))
        if not boots and not deaths and not talk:
            return Result(self.arch, SKIPPED, f"no test matches {self.options.tests}")
        children = [done[boot.name] for boot, _ in boots]
        if deaths:
            failed = sum(result.status == FAILED for result in death_results)
            note(f"{self.arch} death: {len(deaths) - failed} of {len(deaths)} died as they should")
            children.append(Group("death", death_results))
        if talk:
            children.append(self.talk())
        return Group(self.arch, children)

    def talk(self):
        """A person at the monitor."""
        start = time.monotonic()
        group = talk_to_monitor(self.machine(Boot("monitor", "direct", 4), "monitor", [], after_tests="monitor"))
        note_counts(f"{self.arch} monitor", group, start)
        return group

    def selected(self, test):
        return not self.options.tests or matches(self.options.tests, f"{test.suite}.{test.name}")

    def globs(self, boot):
        """What the kernel is told to run: with TESTS= that, on each machine."""
        if self.options.tests:
            return self.options.tests
        return "*" if boot.full else boot.globs or ",".join(SHORT_SUITE)

    def expected(self, boot):
        expected = {}
        for test in self.tests:
            if not test.is_death and matches(self.globs(boot), f"{test.suite}.{test.name}"):
                expected.setdefault(test.suite, []).append(test.name)
        return expected

    def limit(self, tests, firmware):
        if self.options.limit:
            return self.options.limit
        longest = max(test.deadline_ms for test in tests) / 1000 * self.scale
        return BOOT_SECONDS + 2 * longest + (FIRMWARE_SECONDS if firmware else 0)

    def machine(self, boot, name, arguments, after_tests="poweroff"):
        machine = qemu.Machine(self.arch, self.build, boot.boot, boot.smp, accel=self.options.accel, name=name)
        machine.gic = 3 if boot.smp >= 8 else 0
        machine.cpu = boot.cpu
        machine.memory = boot.memory or machine.memory
        machine.arguments = [
            *arguments,
            *boot.arguments.split(),
            f"seed={self.options.seed}",
            f"after={after_tests}",
            *self.options.args.split(),
        ]
        return machine

    def boot(self, boot, expected):
        start = time.monotonic()
        machine = self.machine(boot, boot.name, [f"test={self.globs(boot)}"])
        ending = run_machine(machine, self.limit(self.tests, boot.boot == "efi"))
        log = KernelLog(ending.text, expected)
        group = Group(boot.name, log.groups())
        problems = judge(ending, log, group, self.unused_globs(boot))
        if problems:
            group.children.append(Result("machine", FAILED, notes=ending.report(problems)))
        note_counts(f"{self.arch} {boot.name}", group, start, problems)
        return group

    def unused_globs(self, boot):
        """Patterns of the short suite that match nothing: a renamed test would fall out of it unseen."""
        names = [f"{test.suite}.{test.name}" for test in self.tests]
        if boot.full or boot.globs or self.options.tests:
            return []
        return [glob for glob in SHORT_SUITE if not any(matches(glob, name) for name in names)]

    def die(self, test):
        name = f"{test.suite}.{test.name}"
        boot = Boot(f"death-{name}", "direct", 4)
        machine = self.machine(boot, boot.name, [f"death={name}"])
        ending = run_machine(machine, self.limit([test], False))
        problems = judge_death(ending, test, name)
        if problems:
            note(f"{self.arch} {boot.name}: {problems[0]}")
        return Result(name, FAILED if problems else OK, notes=ending.report(problems))


def judge(ending, log, group, unused_globs):
    """Everything wrong with an ordinary boot besides tests that the kernel itself reported as failed."""
    problems = [f"the short suite's {glob} matches no test" for glob in unused_globs]
    if ending.problem:
        problems.append(ending.problem)
    problems += [f"panic: {message}" for message in find_panic(ending.text)]
    if log.running:
        problems.append(f"the machine ended while {log.running} was running")
    problems += find_torn_lines(ending.text)
    problems += log.problems
    # A kernel that saw a test fail says so with its exit status, too.
    due = qemu.EXIT_FAILURE if group.status == FAILED else qemu.EXIT_SUCCESS
    if not ending.problem and ending.status != due:
        problems.append(f"QEMU's exit status is {ending.status}, {due} was due")
    if problems or log.finished:
        return problems
    return ["the log is not complete"]


def judge_death(ending, test, name):
    if ending.problem:
        return [ending.problem]
    problems = []
    if f"# death test {name}" not in ending.text:
        problems.append(f"the kernel did not begin death test {name}")
    panics = find_panic(ending.text)
    if not panics:
        problems.append("the kernel did not panic")
    elif not test.dies_with or not any(test.dies_with in message for message in panics):
        problems.append(f"panicked with {panics[0]!r}, not with {test.dies_with!r}")
    if ending.status != qemu.EXIT_FAILURE:
        problems.append(f"QEMU's exit status is {ending.status}, {qemu.EXIT_FAILURE} was due")
    return problems


def run_make(arch, *goals):
    """Builds; make's own output goes to standard error, its job server is passed on."""
    return subprocess.run(["make", f"ARCH={arch}", *goals], stdout=sys.stderr, close_fds=False, check=False).returncode == 0


def run_host(options):
    if not options.no_build and not run_make("x86_64", "host-tests"):
        return Group("host", [Result("build", FAILED, notes=["the build failed; see standard error"])])
    return host_tests.run_all(lambda name: not options.tests or matches(options.tests, name), note)


def parse_options():
    parser = argparse.ArgumentParser(description="Runs Trefoil's tests.")
    parser.add_argument("--arch", action="append", choices=[*qemu.BOOTS, "host"], required=True)
    parser.add_argument("--setting", default="", help="suffix of the build directories, such as -llvm")
    parser.add_argument("--build-root", default="build")
    parser.add_argument("--accel", default="tcg")
    parser.add_argument("--tests", default="", help="globs, comma-separated, matched against suite.name")
    parser.add_argument("--seed", default=str(secrets.randbelow(1 << 32)))
    parser.add_argument("--args", default="", help="more boot arguments")
    parser.add_argument("--limit", type=float, default=0, help="seconds a machine may take, instead of what its tests say")
    parser.add_argument("--no-build", action="store_true", help="take what is built as it is")
    return parser.parse_args()


def main():
    options = parse_options()
    # So that `timeout make test` and a killed make leave no QEMU behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    counts = {OK: 0, FAILED: 0, SKIPPED: 0}
    note(f"seed {options.seed}")
    try:
        for line in open_document("", len(options.arch), [f"seed={options.seed}"]):
            print(line, flush=True)
        for number, arch in enumerate(options.arch, 1):
            group = run_host(options) if arch == "host" else ArchRunner(arch, options).run()
            print_child(number, group, print)
            sys.stdout.flush()
            for status, count in group.counts().items():
                counts[status] += count
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        PROCESSES.stop_all()
    print(f"{counts[OK]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    sys.exit(0 if counts[OK] > 0 and counts[FAILED] == 0 else 1)


if __name__ == "__main__":
    main()
