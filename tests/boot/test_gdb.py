"""`make gdb`: a halted machine, a breakpoint in the upper half, the kernel's own commands."""

import os
import shutil
import subprocess
import sys
import unittest

from fake_machine import ROOT, TOOLS

BUILD = os.path.join(ROOT, "build", "x86_64")


@unittest.skipUnless(shutil.which("gdb-multiarch"), "gdb-multiarch is not installed; `make gdb` installs it")
@unittest.skipUnless(os.path.exists(os.path.join(BUILD, "trefoil.elf")), "no kernel is built in build/x86_64")
class Gdb(unittest.TestCase):
    def test_commands(self):
        commands = ["hbreak kernel_main", "continue", "bt 1", "hbreak test_run", "continue"]
        commands += ["trefoil-cpus", "trefoil-log 5", "trefoil-percpu current_cpu", "trefoil-percpu no_such_variable"]
        arguments = [word for command in commands for word in ("-ex", command)]
        process = subprocess.run(
            [sys.executable, f"{TOOLS}/debug.py", "--arch", "x86_64", "--build", BUILD, "--", "-batch", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        output = process.stdout + process.stderr
        self.assertIn("#0  kernel_main", output)
        self.assertRegex(output, r"CPU 3  0xf+[0-9a-f]+  \w+")
        self.assertRegex(output, r"\[ +\d+\.\d{6}\] 0 I: .+")
        self.assertIn("CPU 3: 3", output)
        self.assertIn("is the kernel up yet?", output)
