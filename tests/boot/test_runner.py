"""The test runner against machines that hang, crash and lie: it must see each fault, and say what it saw."""

import os
import re
import signal
import tempfile
import time
import unittest

from fake_machine import FakeMachine, kernel_file

# Fault: what the report must say. Each is worked into every boot.
FAULTS = {
    "silent_0": "the kernel printed no KTAP document",
    "silent_33": "the kernel printed no KTAP document",
    "silent_35": "the kernel printed no KTAP document",
    "truncated_33": "the machine ended while clock.monotonic was running",
    "triple_fault": "the machine ended while clock.monotonic was running",
    "killed": "QEMU's exit status is -9",
    "panic": "panic: page fault",
    "panic_33": "panic: page fault",
    "failure": "clock.c:17: 1 == 2",
    "failure_33": "QEMU's exit status is 33, 35 was due",
    "suite_says_ok": "suite clock says 'ok'",
    "exit_35": "QEMU's exit status is 35, 33 was due",
    "exit_0": "QEMU's exit status is 0, 33 was due",
    "test_missing": "did not run",
    "test_extra": "clock.bonus is not among the tests that were selected",
    "test_twice": "clock.never_early came twice",
    "test_renamed": "clock.monotone is not among the tests that were selected",
    "suite_missing": "1 suites planned, 2 selected",
    "suite_unknown": "suite strong is not among those that were selected",
    "plan_of_suites": "3 suites planned, 2 selected",
    "plan_of_tests": "suite clock planned 3 tests and reported 2",
    "number": "clock.monotonic has number 7, not 2",
    "torn": "a line cannot be read",
    "mixed_lines": "line 1 of CPU 1 did not arrive once and whole",
    "skip_silent": "a skip must carry a reason",
    "death_not_begun": "the kernel did not begin death test fault.null_page",
    "death_returns": "the kernel did not panic",
    "death_other_panic": "panicked with 'division by zero', not with 'page zero'",
    "death_exit_0": "QEMU's exit status is 0, 35 was due",
    "death_exit_33": "QEMU's exit status is 33, 35 was due",
}


class Runner(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="trefoil-runner-")
        self.addCleanup(directory.cleanup)
        self.machine = FakeMachine(directory.name)

    def assert_fails(self, result, message):
        status, output = result
        self.assertNotEqual(status, 0, output)
        self.assertIn(message, output)
        self.assertRegex(last_line(output), r"^\d+ passed, [1-9]\d* failed, \d+ skipped$")

    def test_good_machine_passes(self):
        status, output = self.machine.run_tests()
        self.assertEqual(status, 0, output)
        # Four boots of three tests, a death, and the talk with the monitor.
        self.assertEqual(last_line(output), "14 passed, 0 failed, 0 skipped")

    def test_document_is_well_formed(self):
        for fault in ("", "failure", "truncated_33", "skip"):
            with self.subTest(fault=fault):
                check_document(self, self.machine.run_tests(fault)[1])

    def test_skip_is_counted(self):
        status, output = self.machine.run_tests("skip")
        self.assertEqual(status, 0, output)
        self.assertEqual(last_line(output), "10 passed, 0 failed, 4 skipped")
        self.assertIn("ok 2 monotonic # SKIP no second clock", output)

    def test_faults_are_seen(self):
        for fault, message in FAULTS.items():
            with self.subTest(fault=fault):
                self.assert_fails(self.machine.run_tests(fault), message)

    def test_nothing_but_skips_is_no_success(self):
        status, output = self.machine.run_tests("all_skipped", ["--tests", "clock.*"])
        self.assertEqual(status, 1, output)
        # In each boot.
        self.assertRegex(last_line(output), r"^0 passed, 0 failed, [1-9]\d* skipped$")

    def test_no_test_selected_is_no_success(self):
        status, output = self.machine.run_tests("", ["--tests", "nothing.*"])
        self.assertEqual((status, last_line(output)), (1, "0 passed, 0 failed, 1 skipped"), output)

    def test_hang_is_stopped_and_named(self):
        start = time.monotonic()
        result = self.machine.run_tests("hang", ["--limit", "1"])
        self.assert_fails(result, "did not end within 1 s")
        self.assertIn("the machine ended while clock.monotonic was running", result[1])
        self.assertLess(time.monotonic() - start, 30)

    def test_hanging_death_is_stopped(self):
        self.assert_fails(self.machine.run_tests("death_hang", ["--limit", "1"]), "did not end within 1 s")

    def test_flood_is_stopped(self):
        self.assert_fails(self.machine.run_tests("flood", ["--tests", "string.*"]), "printed more than 16 MiB")

    def test_log_is_kept(self):
        self.machine.run_tests()
        for name in ("direct", "sbi", "1cpu", "8cpu", "death-fault.null_page"):
            with open(os.path.join(self.machine.build, "logs", name + ".log"), "rb") as file:
                self.assertTrue(file.read().startswith(b"firmware says hello\r\n"))

    def test_missing_qemu(self):
        os.remove(self.machine.qemu)
        self.assert_fails(self.machine.run_tests(), "QEMU cannot be started")

    def test_missing_firmware(self):
        os.remove(self.machine.firmware)
        self.assert_fails(self.machine.run_tests(), "not there: ")

    def test_missing_kernel(self):
        os.remove(os.path.join(self.machine.build, "trefoil.elf"))
        self.assert_fails(self.machine.run_tests(), "cannot read")

    def test_missing_image(self):
        os.remove(os.path.join(self.machine.build, "trefoil.image"))
        self.assert_fails(self.machine.run_tests(), "not there: ")

    def test_truncated_kernel(self):
        self.machine.write("trefoil.elf", kernel_file([("a", "b", None)])[:-40])
        self.assert_fails(self.machine.run_tests(), "is truncated")

    def test_kernel_of_another_kind(self):
        self.machine.write("trefoil.elf", b"\x7fELF\x01\x01" + bytes(100))
        self.assert_fails(self.machine.run_tests(), "is not a 64-bit little-endian ELF file")

    def test_kernel_without_tests(self):
        self.machine.write("trefoil.elf", kernel_file([]))
        self.assert_fails(self.machine.run_tests(), "the kernel holds no test")

    def test_kernel_with_a_test_twice(self):
        self.machine.write("trefoil.elf", kernel_file([("a", "b", None), ("a", "b", None)]))
        self.assert_fails(self.machine.run_tests(), "two tests are named a.b")

    def test_death_test_must_name_its_message(self):
        self.machine.write("trefoil.elf", kernel_file([("fault", "null_page", "")]))
        self.assert_fails(self.machine.run_tests(), "not with ''")

    def test_selection(self):
        self.machine.write("trefoil.elf", kernel_file([("clock", "a", None), ("fault", "null_page", "page zero")]))
        status, output = self.machine.run_tests("", ["--tests", "fault.null*"])
        self.assertEqual((status, last_line(output)), (0, "1 passed, 0 failed, 0 skipped"), output)

    def test_short_suite_must_not_shrink_unseen(self):
        self.machine.short_suite = ["clock.*", "renamed.*"]
        self.assert_fails(self.machine.run_tests(), "the short suite's renamed.* matches no test")

    def test_empty_short_suite_is_seen(self):
        self.machine.short_suite = ["renamed.*"]
        self.assert_fails(self.machine.run_tests(), "the short suite's renamed.* matches no test")

    def test_end_of_the_runner_ends_the_machines(self):
        process = self.machine.start_runner("hang")
        log = os.path.join(self.machine.build, "logs", "direct.log")
        wait_until(lambda: contains(log, b"clock.monotonic"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143)
        wait_until(lambda: not processes_of(self.machine.qemu))


class Run(unittest.TestCase):
    """`make run` without a terminal."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="trefoil-runner-")
        self.addCleanup(directory.cleanup)
        self.machine = FakeMachine(directory.name)

    def test_success(self):
        status, output = self.machine.run()
        self.assertEqual(status, 0, output)
        self.assertIn("ok 2 string", output)

    def test_failures(self):
        for fault in ("silent_0", "failure", "panic", "exit_0", "killed"):
            with self.subTest(fault=fault):
                self.assertNotEqual(self.machine.run(fault)[0], 0)

    def test_missing_things(self):
        for path in (self.machine.qemu, os.path.join(self.machine.build, "trefoil.image")):
            os.remove(path)
            self.assertNotEqual(self.machine.run()[0], 0)

    def test_settings_that_cannot_be(self):
        wrong = {
            ("--boot", "efi"): "the ways into riscv64 are direct, sbi",
            ("--smp", "0"): "from 1 to 64 CPUs",
            ("--smp", "65"): "from 1 to 64 CPUs",
            ("--memory", "lots"): "a number and M or G",
            ("--arch", "vax"): "the machines are x86_64, aarch64, riscv64",
        }
        for arguments, message in wrong.items():
            with self.subTest(arguments=arguments):
                status, output = self.machine.run("", arguments)
                self.assertNotEqual(status, 0)
                self.assertIn(message, output)


def last_line(output):
    return output.splitlines()[-1]


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited for 20 s in vain")
        time.sleep(0.05)


def contains(path, wanted):
    try:
        with open(path, "rb") as file:
            return wanted in file.read()
    except FileNotFoundError:
        return False


def processes_of(path):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    command = file.read().split(b"\0")
            except OSError:
                continue
            if path.encode() in command:
                found.append(int(entry))
    return found


def check_document(case, output):
    """Every plan is fulfilled in order, at every depth, and the status of a parent agrees with its children."""
    plans = []  # per depth: [planned, seen, one failed]
    for line in output.splitlines()[:-1]:
        depth = (len(line) - len(line.lstrip(" "))) // 4
        line = line.strip()
        if line == "KTAP version 1":
            case.assertEqual(depth, len(plans), line)
            plans.append([None, 0, False])
        elif re.fullmatch(r"1\.\.\d+", line):
            plans[depth][0] = int(line[3:])
        elif not line.startswith("#"):
            match = re.fullmatch(r"(ok|not ok) (\d+) ([^\s#]+)( # SKIP .+)?", line)
            case.assertTrue(match, line)
            failed = match.group(1) == "not ok"
            if len(plans) == depth + 2:
                planned, seen, child_failed = plans.pop()
                case.assertEqual(planned, seen, line)
                case.assertEqual(failed, child_failed, line)
            plans[depth][1] += 1
            plans[depth][2] |= failed
            case.assertEqual(int(match.group(2)), plans[depth][1], line)
    case.assertEqual(len(plans), 1)
    case.assertEqual(plans[0][0], plans[0][1])
