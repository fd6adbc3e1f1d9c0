#!/usr/bin/env python3
"""A person at the monitor: boots a machine, types commands over the serial line, and reads the answers.

    monitor_session.py --arch ARCH [--build DIR] [--boot direct] [--smp 4]

Prints a KTAP document; exit status 0 only when every test passed. The whole conversation is kept in
build/<arch>/logs/monitor.log. run_session() is the same for other tools: a ktap.Group of results.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))

import ktap
import qemu

PROMPT = "trefoil> "
# A prompt at the begin of a row; one that the editor draws again stands behind a carriage return alone.
PROMPT_ROW = "\n" + PROMPT
COLUMNS = 100
BOOT_SECONDS = 120
ANSWER_SECONDS = 60
# `barriers run` takes seconds when the host is quiet.
SHAPES_SECONDS = 180
# LINE_EDITOR_HISTORY of boot/line_editor.h.
HISTORY = 16
NOISE_CHUNKS = 30
NOISE_CHUNK_BYTES = 100
IDLE_SECONDS = 2

COMMANDS = ["help", "test", "cpus", "mem", "pt", "layout", "maps", "tlb", "irqs", "log", "barriers", "reboot", "poweroff"]


class SessionError(Exception):
    """What went wrong with an answer, in a sentence."""


def expect(condition, message):
    if not condition:
        raise SessionError(message)


class Session:
    """A machine whose serial line we hold. Everything it ever wrote is in self.text, without carriage returns."""

    def __init__(self, machine):
        self.machine = machine
        # A machine that restarts shall do so: what -no-reboot would hide, too.
        arguments = [argument for argument in qemu.command(machine) if argument != "-no-reboot"]
        self.process = subprocess.Popen(
            [*arguments, "-serial", "stdio", "-monitor", "none"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.text = ""
        self.read_to = 0
        self.news = threading.Condition()
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        path = self.machine.path(os.path.join("logs", "monitor.log"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as log:
            while chunk := self.process.stdout.read(4096):
                log.write(chunk)
                log.flush()
                with self.news:
                    self.text += chunk.decode("utf-8", "replace").replace("\r", "")
                    self.news.notify()
        with self.news:
            self.ended = True
            self.news.notify()

    def send(self, keys):
        try:
            self.process.stdin.write(keys.encode("latin-1"))
        except OSError as error:
            raise SessionError(f"the machine takes no input: {error}") from None

    def wait_for(self, pattern, seconds=ANSWER_SECONDS):
        """Everything up to the end of the pattern, from where the last wait ended."""
        end = time.monotonic() + seconds
        with self.news:
            while (found := self.text.find(pattern, self.read_to)) < 0:
                expect(not self.ended, f"the machine ended; its last words: {self.tail()}")
                left = end - time.monotonic()
                expect(left > 0, f"no {pattern!r} within {seconds} s; the last words: {self.tail()}")
                self.news.wait(left)
            start = self.read_to
            self.read_to = found + len(pattern)
            return self.text[start : self.read_to]

    def tail(self):
        return repr(self.text[-300:])

    def run(self, keys, seconds=ANSWER_SECONDS):
        """Types keys and Enter; the rows of the answer, without the row of the prompt."""
        self.send(keys + "\r")
        answer = self.wait_for(PROMPT_ROW, seconds)
        return answer.split("\n")[1:-1]

    def wait_for_end(self):
        try:
            return self.process.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            raise SessionError(f"the machine did not end within {ANSWER_SECONDS} s") from None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def has(rows, part):
    return any(part in row for row in rows)


def expect_row(rows, part):
    expect(has(rows, part), f"{part!r} is missing in {rows}")


def test_greeting(session):
    text = session.wait_for(PROMPT_ROW, BOOT_SECONDS)
    expect("help lists the commands" in text, f"no greeting in {text[-300:]!r}")


def test_help(session):
    rows = session.run("help")
    names = [row.split()[0] for row in rows]
    expect(names == COMMANDS, f"help lists {names}")
    for name in COMMANDS:
        rows = session.run(f"help {name}")
        expect(rows[0].startswith(f"usage: {name}") and len(rows) > 1, f"help {name} says {rows}")
    expect_row(session.run("help tset"), "did you mean test?")


def test_hints(session):
    for typed, meant in [("hlep", "help"), ("CPUS", "cpus"), ("power", "poweroff"), ("memory", "mem"), ("barier", "barriers")]:
        rows = session.run(typed)
        expect(rows == [f"no command {typed}; did you mean {meant}?"], f"{typed}: {rows}")
    for typed in ["xyzzy", "?", "x" * 200]:
        rows = session.run(typed)
        expect(len(rows) == 1 and rows[0].endswith("help lists the commands"), f"{typed}: {rows}")


def test_usage(session):
    wrong = ["pt", "pt 1 2", "mem 1", "layout x", "maps x", "tlb x", "cpus x", "irqs x", "log x", "help a b", "test a b", "reboot x", "poweroff x"]
    for typed in [*wrong, "barriers x", "barriers run XY", "barriers run SB x"]:
        rows = session.run(typed)
        expect(len(rows) == 1 and rows[0].startswith(f"usage: {typed.split()[0]}"), f"{typed}: {rows}")
    rows = session.run("pt " + " ".join("1" * 60))
    expect(rows == ["usage: pt ADDRESS"], f"60 arguments: {rows}")


def test_empty_line(session):
    expect(session.run("") == [], "an empty line was answered")
    expect(session.run("    ") == [], "a blank line was answered")


def test_cpus(session):
    rows = session.run("cpus")
    count = session.machine.smp
    online = [row for row in rows if re.match(r" *\d+ +0x[0-9a-f]+ +online ", row)]
    expect(len(online) == count, f"{count} CPUs, but {rows}")
    expect_row(rows, f"{count} of {count} online")
    expect(any(re.match(r"CPU [0-9-]+: +\S", row) for row in rows), f"no description in {rows}")


def test_mem(session):
    rows = session.run("mem")
    ranges = [re.match(r"0x([0-9a-f]{16})  0x([0-9a-f]{16}) .*?(\S+ \S+)  (\S.*)", row) for row in rows]
    ranges = [(int(match[1], 16), int(match[2], 16), match[4]) for match in ranges if match]
    expect(ranges, f"no ranges in {rows}")
    for (_, last, _), (first, _, _) in zip(ranges, ranges[1:]):
        expect(last < first, f"the ranges overlap or are not sorted: {rows}")
    expect(any(kind == "kernel" for _, _, kind in ranges), "the kernel is not in the map")
    usable = sum(last + 1 - first for first, last, kind in ranges if kind == "usable")
    size = int(session.machine.memory[:-1]) << (20 if session.machine.memory.endswith("M") else 30)
    expect(size // 2 < usable < size, f"{usable} bytes usable of {size}")
    expect_row(rows, "free: ")
    expect_row(rows, "  kernel stacks ")
    expect_row(rows, "free blocks by order: ")
    expect_row(rows, "slab cache ")


def stretches_of(rows, pattern):
    matches = [match for match in (re.match(pattern, row) for row in rows) if match]
    stretches = [(int(match[1], 16), int(match[2], 16), match[3]) for match in matches]
    expect(stretches, f"no ranges in {rows}")
    for (_, last, _), (first, _, _) in zip(stretches, stretches[1:]):
        expect(last < first, f"the ranges overlap or are not sorted: {rows}")
    return stretches


def test_layout(session):
    rows = session.run("layout")
    regions = stretches_of(rows, r"0x([0-9a-f]{16})  0x([0-9a-f]{16}) .*?B  (.*?): ")
    names = {name for _, _, name in regions}
    expect(names == {"lower half", "direct map", "frame map", "kernel space", "kernel image"}, f"regions: {rows}")
    expect_row(rows, "kernel space: ")


def test_maps(session):
    rows = session.run("maps")
    stretches = stretches_of(rows, r"0x([0-9a-f]{16})-0x([0-9a-f]{16}) +\d+ [KMGT]iB ([r-][w-][x-]) kernel global ")
    expect(all(first >= 1 << 63 for first, _, _ in stretches), "the kernel maps lower addresses")
    expect(any(rights == "r-x" for _, _, rights in stretches), "no text")
    expect(not any("wx" in rights for _, _, rights in stretches), "writable and executable")
    expect(rows[-1] == f"{len(stretches)} stretches", f"the last row is {rows[-1]!r}")


def test_tlb(session):
    rows = session.run("tlb")
    for name in ["invalidations", "CPUs interrupted for them", "rollovers of the ids"]:
        expect(any(re.match(rf"{re.escape(name)} +\d+$", row) for row in rows), f"{name} is missing in {rows}")
    loaded = [row for row in rows if re.match(r"CPU \d+ has loaded: none$", row)]
    expect(len(loaded) == session.machine.smp, f"a space is loaded: {rows}")


def walk(session, address):
    """The rows of pt: the heading, (level, index, entry) of each, and the end."""
    rows = session.run(f"pt {address}")
    levels = [re.match(r" +(\d)  +(\d+)  0x([0-9a-f]{12})  0x([0-9a-f]{16})  \S", row) for row in rows]
    levels = [(int(match[1]), int(match[2]), int(match[4], 16)) for match in levels if match]
    expect(len(levels) >= 1, f"pt {address} says {rows}")
    expect([level for level, _, _ in levels] == list(range(levels[0][0], levels[-1][0] - 1, -1)), f"levels: {rows}")
    return rows, levels


def test_pt(session):
    rows, levels = walk(session, "kernel_start")
    heading = re.match(r"0x([0-9a-f]{16}) = kernel_start\+0x0, in the kernel image$", rows[0])
    expect(heading, f"the heading is {rows[0]!r}")
    expect(levels[-1][0] == 0, f"the kernel's text is mapped by {rows}")
    physical = re.match(r"physical address 0x([0-9a-f]+), in a page of 4 KiB at 0x([0-9a-f]+)$", rows[-1])
    expect(physical, f"the end is {rows[-1]!r}")
    expect(int(physical[1], 16) & 4095 == int(heading[1], 16) & 4095, "the offset within the page is lost")
    expect(walk(session, "0x" + heading[1])[1] == levels, "the number and the name walk differently")

    rows, levels = walk(session, "0")
    expect(rows[-1] == "not mapped" and "lower half" in rows[0], f"page zero: {rows}")
    rows, levels = walk(session, "0xfffffff000000000")
    expect(rows[-1] == "not mapped" or "physical address" in rows[-1], f"kernel space: {rows}")
    expect_row(session.run("pt 0x1234567890abcdef"), "no such address")
    expect_row(session.run("pt 0x12345678901234567"), "more than 64 bits")
    expect_row(session.run("pt no_such_function"), "neither a number")


def count_of(rows, name):
    for row in rows:
        match = re.match(rf" *\d* +{re.escape(name)} +(\d+(?: +\d+)*)$", row)
        if match:
            return [int(count) for count in match[1].split()]
    raise SessionError(f"no row {name} in {rows}")


def test_irqs(session):
    rows = session.run("irqs")
    lines = [match for match in (re.match(r" *(\d+)  (\S.*?) +\d+", row) for row in rows) if match]
    expect(lines, f"no line has a handler: {rows}")
    console = lines[0][2]
    before = count_of(rows, console)
    after = count_of(session.run("irqs"), console)
    expect(after[0] > before[0], f"typing raised no interrupt: {before}, {after}")
    for name in ["timer", "calls (IPI)", "urgent", "spurious"]:
        counts = count_of(rows, name)
        expect(len(counts) == min(session.machine.smp, 7), f"{name}: {counts}")


def test_log(session):
    expect_row(session.run("log"), "Trefoil on ")


def test_barriers(session):
    rows = session.run("barriers")
    for name in ["smp_mb()", "smp_rmb()", "smp_wmb()", "mb()", "dma_wmb()"]:
        expect(any(row.startswith(f"  {name} ") for row in rows), f"{name} is missing in {rows}")
    for heading in ["Compiler:", "CPU to CPU:", "CPU to device:", "Translation:"]:
        expect(heading in rows, f"{heading} is missing in {rows}")


FAMILY = re.compile(r"(\S+) +\S.* weak: (\S.*)$")
SHAPE = re.compile(
    r"  \S.{20} (forbidden, not seen|allowed, (?:not )?seen|emulator's deviation, seen|not tried: CPUs took turns)"
    r" +(\d+) of (\d+) +(?:cf\. )?\S+$"
)


def test_barriers_run(session):
    rows = session.run("barriers run", SHAPES_SECONDS)
    families = [match[1] for match in map(FAMILY.match, rows) if match]
    expect(families == ["SB", "MP", "LB", "S", "R", "2+2W", "WRC", "IRIW", "CoRR", "CoWW"], f"families: {rows}")
    bad = [row for row in rows if "FORBIDDEN" in row]
    expect(not bad, f"forbidden outcomes: {bad}")
    shapes = [match for match in map(SHAPE.match, rows) if match]
    expect(len(shapes) >= 3 * len(families), f"{len(shapes)} shapes: {rows}")
    for shape in shapes:
        seen = shape[1].endswith(", seen")
        expect(seen == (int(shape[2]) > 0) and int(shape[2]) <= int(shape[3]), f"counts: {shape[0]!r}")
    if session.machine.arch != "aarch64":
        expect(not has(rows, "deviation"), f"an excuse that this machine has not: {rows}")
    expect_row(rows, "Allowed and not seen is no proof")
    for row in rows:
        expect(len(row) <= COLUMNS, f"{len(row)} columns: {row!r}")
    one = session.run("barriers run CoRR", SHAPES_SECONDS)
    outcomes = [re.match(r" +(\d+)  1:r0=\d 1:r1=\d", row) for row in one]
    tries = sum(int(match[1]) for match in outcomes if match)
    expect(has(one, f"0 of {tries} ") and one[0].startswith("CoRR "), f"barriers run CoRR: {one}")


def test_self_tests(session):
    rows = session.run("test line_editor")
    expect("ok 1 line_editor" in rows and not has(rows, "not ok"), f"test line_editor: {rows}")
    rows = session.run("test no.such.test")
    expect_row(rows, "1..0")


def test_editing(session):
    usage = "usage: pt ADDRESS"
    keys = {
        "backspace": "px\bt",
        "delete": "pt extra\x7f\x7f\x7f\x7f\x7f\x7f",
        "arrows": "t\x1b[Dp\x1b[C",
        "home and end": "t\x1b[Hp\x1b[F ",
        "other home and end": "t\x1bOHp\x1bOF ",
        "Ctrl-U": "poweroff\x15pt",
        "Ctrl-W": "pt word\x17",
        "Ctrl-K": "pt word\x1b[D\x1b[D\x1b[D\x1b[D\x0b",
        "Tab": "help\x15pt\t",
        "Ctrl-L": "p\x0ct",
        "cut sequence": "pt\x1b[1;",
        "garbage": "\xc3\xa4\xff\xfep\xe2\x82\xact\x1b[200~",
    }
    for name, typed in keys.items():
        rows = session.run(typed)
        expect(rows[-1:] == [usage], f"{name}: {rows}")
    expect(session.run("\x1b[A\x1b[A\x1b[B\x15pt")[-1:] == [usage], "arrows in the history")
    session.run("help pt")
    expect(session.run("\x1b[A")[:1] == [usage], "the last line does not come back")
    session.send("poweroff\x03")
    session.wait_for("^C" + PROMPT_ROW)
    expect(session.run("pt") == [usage], "after Ctrl-C")
    session.send("pt\r\n")
    session.wait_for(PROMPT_ROW)
    expect(session.run("pt") == [usage], "CR LF ended two lines")


def test_noise(session):
    generator = random.Random(2)
    # No letters, and a harmless history, so that no command forms that ends the machine.
    alphabet = [code for code in range(256) if not chr(code).isalpha() or code > 127]
    for number in range(HISTORY):
        session.run(f"pt {number} {number}")
    for _ in range(NOISE_CHUNKS):
        # Each is read to its end before the next: the kernel drops what finds its input buffer full.
        noise = "".join(chr(generator.choice(alphabet)) for _ in range(NOISE_CHUNK_BYTES)) + "\x03"
        session.send(noise)
        for _ in range(noise.count("\x03")):
            session.wait_for("^C" + PROMPT_ROW)
    expect(session.run("pt") == ["usage: pt ADDRESS"], "the editor is confused")


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_idle_at_the_prompt(session):
    before = cpu_seconds(session.process)
    time.sleep(IDLE_SECONDS)
    used = cpu_seconds(session.process) - before
    expect(used < IDLE_SECONDS / 4, f"QEMU used {used:.2f} s of CPU time in {IDLE_SECONDS} s at the prompt")


def test_width(session):
    for command in ["help", "cpus", "mem", "pt kernel_start", "pt 0xfffffff000004000", "irqs", "barriers"]:
        for row in session.run(command):
            expect(len(row) <= COLUMNS, f"{command}: {len(row)} columns: {row!r}")
    for command in COMMANDS:
        for row in session.run(f"help {command}"):
            expect(len(row) <= COLUMNS, f"help {command}: {len(row)} columns: {row!r}")


def test_reboot(session):
    session.send("reboot\r")
    text = session.wait_for(PROMPT_ROW, BOOT_SECONDS)
    expect("rebooting" in text and "help lists the commands" in text, f"reboot: {text[-300:]!r}")


def test_poweroff(session):
    session.send("poweroff\r")
    status = session.wait_for_end()
    expect(status == 0, f"QEMU ended with status {status}")


TESTS = [
    test_greeting,
    test_help,
    test_hints,
    test_usage,
    test_empty_line,
    test_cpus,
    test_mem,
    test_pt,
    test_layout,
    test_maps,
    test_tlb,
    test_irqs,
    test_log,
    test_barriers,
    test_barriers_run,
    test_self_tests,
    test_editing,
    test_noise,
    test_idle_at_the_prompt,
    test_width,
    test_reboot,
    test_poweroff,
]


def run_session(machine):
    """All tests in one session; when the machine no longer answers, those that are left fail at once."""
    group = ktap.Group("monitor")
    machine.arguments = [*machine.arguments, "test=none", "after=monitor"]
    missing = qemu.find_missing(machine)
    try:
        expect(not missing, f"not there: {', '.join(missing)}")
        session = Session(machine)
    except (SessionError, qemu.SettingsError, OSError) as error:
        group.children.append(ktap.Result("start", ktap.FAILED, notes=[str(error)]))
        return group
    broken = ""
    try:
        for test in TESTS:
            group.children.append(run_test(test, session, broken))
            if group.children[-1].status == ktap.FAILED and not broken and not answers(session):
                broken = "the machine had stopped answering"
    finally:
        session.stop()
    return group


def run_test(test, session, broken):
    name = test.__name__.removeprefix("test_")
    if broken:
        return ktap.Result(name, ktap.FAILED, notes=[broken])
    try:
        test(session)
    except SessionError as error:
        return ktap.Result(name, ktap.FAILED, notes=[str(error)])
    return ktap.Result(name, ktap.OK)


def answers(session):
    """Whether the machine is back at an empty prompt."""
    try:
        session.send("\x15\x03\r")
        session.wait_for("^C" + PROMPT_ROW, ANSWER_SECONDS / 4)
        session.wait_for(PROMPT_ROW, ANSWER_SECONDS / 4)
    except SessionError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Talks to Trefoil's monitor.")
    parser.add_argument("--arch", required=True, choices=list(qemu.BOOTS))
    parser.add_argument("--build", default="", help="the directory of what was built; default: build/ARCH")
    parser.add_argument("--boot", default="direct")
    parser.add_argument("--smp", type=int, default=4)
    options = parser.parse_args()
    # So that whoever ends this script ends the machine with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = options.build or os.path.join("build", options.arch)
    machine = qemu.Machine(options.arch, build, options.boot, options.smp, name="monitor")
    group = run_session(machine)
    ktap.print_document(group, print)
    counts = group.counts()
    sys.exit(0 if counts[ktap.FAILED] == 0 and counts[ktap.OK] == len(TESTS) else 1)


if __name__ == "__main__":
    main()
