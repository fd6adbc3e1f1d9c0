"""KTAP, both ways: a tree of results printed as one document, and a kernel's serial log checked against what it owed.

The log is believed as little as possible. Which tests there are is known from the kernel's file; what the log lacks,
repeats, invents or contradicts becomes a problem in words, and a test without a result of its own has failed.
"""

import re
from dataclasses import dataclass, field

OK = "ok"
FAILED = "not ok"
SKIPPED = "skip"

# Lines of one test's output that are kept for its report.
NOTES_MAX = 60


@dataclass
class Result:
    name: str
    status: str
    reason: str = ""  # of a skip
    notes: list = field(default_factory=list)

    def counts(self):
        return {self.status: 1}


@dataclass
class Group:
    name: str
    children: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def status(self):
        return FAILED if any(child.status == FAILED for child in self.children) else OK

    reason = ""

    def counts(self):
        total = {OK: 0, FAILED: 0, SKIPPED: 0}
        for child in self.children:
            for status, count in child.counts().items():
                total[status] += count
        return total


def print_document(group, out, indent=""):
    """A group as a KTAP document; a nested one names itself."""
    for line in open_document(group.name if indent else "", len(group.children), group.notes):
        out(indent + line)
    for number, child in enumerate(group.children, 1):
        print_child(number, child, out, indent)


def open_document(name, plan, notes=()):
    subtest = [f"# Subtest: {name}"] if name else []
    return ["KTAP version 1", *subtest, f"1..{plan}", *note_lines(notes)]


def print_child(number, child, out, indent=""):
    if isinstance(child, Group):
        print_document(child, out, indent + "    ")
    else:
        for line in note_lines(child.notes):
            out(indent + line)
    if child.status == SKIPPED:
        out(f"{indent}ok {number} {child.name} # SKIP {child.reason}")
    else:
        out(f"{indent}{child.status} {number} {child.name}")


def note_lines(notes):
    return [f"# {line}".rstrip() for note in notes for line in note.splitlines() or [""]]


RUNNING = re.compile(r"\s*# running: (\S+)$")
PLAN = re.compile(r"(    )?1\.\.(\d+)$")
SUBTEST = re.compile(r"    # Subtest: (\S+)$")
RESULT = re.compile(r"(    )?(not ok|ok) (\d+) (\S+)(?: # SKIP(.*))?$")
LIKE_RESULT = re.compile(r"\s*(not )?ok \d")
PANIC = re.compile(r"PANIC: (.*)")


def find_panic(text):
    """The messages of all panics in a log."""
    return [match.group(1).strip() for match in PANIC.finditer(text.replace("\r", ""))]


def find_torn_lines(text):
    """What is wrong with the lines that tests/kernel/console.c lets all CPUs write at once."""
    text = text.replace("\r", "")
    announced = re.search(r"^ *# whole lines: (\d+) from each of (\d+) CPUs$", text, re.M)
    if not announced:
        return []
    per_cpu, cpus = map(int, announced.groups())
    form = "    # whole line {} of CPU {}: abcdefghijklmnopqrstuvwxyz 0123456789 end"
    lines = text.split("\n")
    torn = [(line, cpu) for cpu in range(cpus) for line in range(per_cpu) if lines.count(form.format(line, cpu)) != 1]
    return [f"line {line} of CPU {cpu} did not arrive once and whole" for line, cpu in torn]


class KernelLog:
    """One boot's serial log, read against expected: {suite: [name, ...]}."""

    def __init__(self, text, expected):
        self.expected = expected
        self.problems = []
        self.running = None  # the test that was running when the log ended
        self.finished = False  # every plan was fulfilled
        self._results = {}
        self._notes = []
        self._plan = None
        self._suites = []
        self._suite = None  # the open one: name, plan, names so far, whether one failed
        self._read(text.replace("\r", "").split("\n"))

    def _problem(self, message):
        if message not in self.problems:
            self.problems.append(message)

    def _read(self, lines):
        if "KTAP version 1" not in lines:
            self._problem("the kernel printed no KTAP document")
            return
        for line in lines[lines.index("KTAP version 1") + 1 :]:
            self._read_line(line.rstrip())
        self._finish()

    def _read_line(self, line):
        running = RUNNING.match(line)
        plan = PLAN.match(line)
        subtest = SUBTEST.match(line)
        result = RESULT.match(line)
        if running:
            self.running = running.group(1)
            self._notes = []
        elif plan:
            self._read_plan(plan.group(1), int(plan.group(2)))
        elif subtest:
            self._open_suite(subtest.group(1))
        elif result and result.group(1):
            self._read_test(result)
        elif result:
            self._close_suite(result)
        elif LIKE_RESULT.match(line):
            self._problem(f"a line cannot be read: {line!r}")
        elif line.strip() and line.strip() != "KTAP version 1" and len(self._notes) < NOTES_MAX:
            self._notes.append(line.strip().removeprefix("# "))

    def _read_plan(self, nested, count):
        if not nested:
            if self._plan is not None:
                self._problem("two plans for the whole")
            self._plan = count
        elif self._suite is None or self._suite["plan"] is not None:
            self._problem(f"a plan of {count} tests outside a suite")
        else:
            self._suite["plan"] = count

    def _open_suite(self, name):
        if self._suite:
            self._problem(f"suite {name} begins within suite {self._suite['name']}")
        if name in self._suites:
            self._problem(f"suite {name} came twice")
        if name not in self.expected:
            self._problem(f"suite {name} is not among those that were selected")
        self._suite = {"name": name, "plan": None, "names": [], "failed": False}

    def _read_test(self, match):
        _, status, number, name, reason = match.groups()
        suite = self._suite
        if suite is None:
            self._problem(f"test {name} outside a suite")
            return
        full = f"{suite['name']}.{name}"
        if int(number) != len(suite["names"]) + 1:
            self._problem(f"{full} has number {number}, not {len(suite['names']) + 1}")
        if name in suite["names"]:
            self._problem(f"{full} came twice")
        elif name not in self.expected.get(suite["name"], []):
            self._problem(f"{full} is not among the tests that were selected")
        suite["names"].append(name)
        if reason is not None:
            reason = reason.strip()
            if status == OK and reason:
                status = SKIPPED
            else:
                self._notes.append("a skip must carry a reason, and is not a failure")
                status = FAILED
        suite["failed"] |= status == FAILED
        notes = self._notes if status == FAILED else []
        previous = self._results.get(full)
        if not previous or previous.status != FAILED:
            self._results[full] = Result(name, status, reason or "", notes)
        self._notes = []
        if self.running == full:
            self.running = None

    def _close_suite(self, match):
        _, status, number, name, _ = match.groups()
        suite = self._suite
        self._suite = None
        if suite is None or suite["name"] != name:
            self._problem(f"a result for suite {name}, which was not running")
            return
        self._suites.append(name)
        if int(number) != len(self._suites):
            self._problem(f"suite {name} has number {number}, not {len(self._suites)}")
        if suite["plan"] != len(suite["names"]):
            self._problem(f"suite {name} planned {suite['plan']} tests and reported {len(suite['names'])}")
        if (status == FAILED) != suite["failed"]:
            self._problem(f"suite {name} says {status!r}, its tests say otherwise")

    def _finish(self):
        if self._suite:
            self._problem(f"the log ends within suite {self._suite['name']}")
        if self._plan is None:
            self._problem("the log has no plan")
        elif self._plan != len(self.expected):
            self._problem(f"{self._plan} suites planned, {len(self.expected)} selected")
        if self._plan != len(self._suites):
            self._problem(f"{self._plan} suites planned, {len(self._suites)} reported")
        self.finished = not self._suite and self._plan is not None and self._plan == len(self._suites)

    def groups(self):
        """The expected suites with a result for each expected test."""
        return [
            Group(suite, [self._result(suite, name) for name in names]) for suite, names in self.expected.items()
        ]

    def _result(self, suite, name):
        full = f"{suite}.{name}"
        if full in self._results:
            return self._results[full]
        if full == self.running:
            return Result(name, FAILED, notes=["was running when the machine ended", *self._notes])
        return Result(name, FAILED, notes=["did not run"])
