#!/usr/bin/env python3
"""The tests that need no machine: modules under sanitizers, fuzzers, emitted instructions, the tests of the tools.

    host_tests.py --seconds N [FUZZER...]   fuzzes for longer (`make fuzz`)

Programs are listed by their sources in tests/host, so that one that was not built is a failure. A fuzzer starts from the
inputs in tests/host/corpus/<name>/ and keeps what it learns in build/host/corpus/<name>/, crashes in build/host/crashes/.
"""

import argparse
import glob
import io
import os
import re
import signal
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import golden
from ktap import FAILED, OK, SKIPPED, Group, Result

BUILD = "build/host"
SHORT_FUZZ_SECONDS = 10
TEST_LIMIT_SECONDS = 120
# Beyond the time it was given, a fuzzer may take this long to read its corpus.
FUZZ_MARGIN_SECONDS = 60
AT_A_TIME = 2
TAIL_LINES = 40

RESULT = re.compile(r"\s*(not ok|ok) (\d+) (\S+)(?: # SKIP *(.*))?$")
PLAN = re.compile(r"\s*1\.\.(\d+)$")


# What the Makefile appends to the names of programs for ThreadSanitizer, which it builds with both compilers.
COMPILERS = ("clang", "gcc")


def programs(prefix):
    return sorted(os.path.basename(path)[:-2] for path in glob.glob(f"tests/host/{prefix}_*.c"))


def source_of(name):
    return f"tests/host/{re.sub('-(' + '|'.join(COMPILERS) + ')$', '', name)}.c"


def test_programs():
    """The names of the built test programs."""
    names = []
    for name in programs("test"):
        with open(source_of(name), encoding="utf-8") as file:
            threaded = re.search(r"^/\* sanitizer: thread \*/$", file.read(), re.MULTILINE)
        names += [f"{name}-{compiler}" for compiler in COMPILERS] if threaded else [name]
    return names


def run_program(arguments, limit):
    """(exit status, output); the status is None when there is none, and the output then ends with the reason."""
    environment = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_stack_use_after_return=1"}
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    except OSError as error:
        return None, f"cannot be started: {error}"
    try:
        output, _ = process.communicate(timeout=limit)
        return process.returncode, output.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output.decode("utf-8", "replace") + f"\ndid not end within {limit} s; stopped"
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def tail(output):
    return [f"| {line}" for line in output.strip().splitlines()[-TAIL_LINES:]]


def run_test(name):
    """A test program: its KTAP results, and one more when they are not those its source promises."""
    with open(source_of(name), encoding="utf-8") as file:
        promised = re.findall(r"^HOST_TEST\((\w+)\)", file.read(), re.MULTILINE)
    status, output = run_program([f"{BUILD}/{name}"], TEST_LIMIT_SECONDS)
    results = []
    notes = []
    planned = None
    for line in output.splitlines():
        result = RESULT.match(line)
        if result:
            verdict, _, test, reason = result.groups()
            if reason is not None:
                verdict = SKIPPED if reason and verdict == OK else FAILED
            results.append(Result(test, verdict, reason or "", notes if verdict == FAILED else []))
            notes = []
        elif PLAN.match(line):
            planned = int(PLAN.match(line).group(1))
        else:
            notes.append(line.strip().removeprefix("# "))
    problems = []
    if planned != len(results) or not results:
        problems.append(f"planned {planned} tests, reported {len(results)}")
    if [result.name for result in results] != promised:
        problems.append(f"the source holds the tests {', '.join(promised)}")
    due = 1 if any(result.status == FAILED for result in results) else 0
    if status != due:
        problems.append(f"exit status {status}, {due} was due")
    if problems:
        results.append(Result("program", FAILED, notes=[*problems, *tail(output)]))
    return Group(name, results)


def run_fuzzer(name, seconds):
    corpus = f"{BUILD}/corpus/{name}"
    crashes = f"{BUILD}/crashes/"
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(crashes, exist_ok=True)
    seeds = [path for path in [f"tests/host/corpus/{name}"] if os.path.isdir(path)]
    flags = [f"-max_total_time={seconds}", f"-artifact_prefix={crashes}{name}-", "-timeout=10", "-print_final_stats=1"]
    status, output = run_program([f"{BUILD}/{name}", *flags, corpus, *seeds], seconds + FUZZ_MARGIN_SECONDS)
    # A fuzzer that ran nothing found nothing.
    executed = re.search(r"number_of_executed_units: (\d+)", output)
    if status == 0 and executed and int(executed.group(1)) > 0:
        return Result(name, OK, notes=[f"{executed.group(1)} inputs in {seconds} s"])
    return Result(name, FAILED, notes=[f"exit status {status}", *tail(output)])


class Collector(unittest.TestResult):
    """unittest's results as ours."""

    def __init__(self):
        super().__init__()
        self.results = []

    def _add(self, test, status, reason="", notes=()):
        self.results.append(Result(test.id().removeprefix("test_"), status, reason, list(notes)))

    def addSuccess(self, test):
        self._add(test, OK)

    def addFailure(self, test, err):
        self._add(test, FAILED, notes=[self._exc_info_to_string(err, test)])

    def addError(self, test, err):
        self.addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(subtest, err)

    def addSkip(self, test, reason):
        self._add(test, SKIPPED, reason)


def run_runner_tests():
    """tests/boot: the runner against machines that hang, crash and lie."""
    suite = unittest.TestLoader().discover("tests/boot", top_level_dir="tests/boot")
    collector = Collector()
    # The tests must not write into the document.
    stdout, sys.stdout = sys.stdout, io.StringIO()
    try:
        suite.run(collector)
    finally:
        sys.stdout = stdout
    if not collector.results:
        collector.results.append(Result("discovery", FAILED, notes=["no test found in tests/boot"]))
    return Group("runner", collector.results)


def run_all(selected, note):
    """Everything that selected(name) allows; note() tells a person how it goes."""
    tests = [name for name in test_programs() if selected(f"host.{name}")]
    fuzzers = [name for name in programs("fuzz") if selected(f"host.{name}")]
    children = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        children += pool.map(run_test, tests)
        if fuzzers:
            children.append(Group("fuzz", list(pool.map(lambda name: run_fuzzer(name, SHORT_FUZZ_SECONDS), fuzzers))))
    if selected("host.golden"):
        children.append(golden.check_all())
    if selected("host.runner"):
        children.append(run_runner_tests())
    for child in children:
        counts = child.counts()
        note(f"host {child.name}: {counts[OK]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    return Group("host", children) if children else Result("host", SKIPPED, "no test matches")


def main():
    parser = argparse.ArgumentParser(description="Fuzzes the readers of foreign data.")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names or programs("fuzz")
    unknown = set(names) - set(programs("fuzz"))
    if unknown or not names:
        sys.exit(f"host_tests.py: {' '.join(unknown)}: the fuzzers are {', '.join(programs('fuzz')) or 'none'}")
    print(f"fuzzing {' '.join(names)}, {options.seconds} s each", file=sys.stderr)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        results = list(pool.map(lambda name: run_fuzzer(name, options.seconds), names))
    for result in results:
        print(f"{result.status} {result.name}", *result.notes, sep="\n    ")
    sys.exit(any(result.status == FAILED for result in results))


if __name__ == "__main__":
    main()
