"""Commands for gdb that know the kernel; tools/debug.py loads this file.

    trefoil-cpus             where each CPU is
    trefoil-log [COUNT]      the last lines of the kernel's log
    trefoil-percpu VARIABLE  a per-CPU variable, every CPU's copy

They read the kernel's memory through its debug information, so the kernel must have got as far as its page tables.
"""

import gdb


class Command(gdb.Command):
    """A command whose failures are a sentence."""

    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        try:
            self.run(gdb.string_to_argv(argument))
        except (gdb.error, gdb.MemoryError, ValueError) as error:
            raise gdb.GdbError(f"{error} (is the kernel up yet?)") from None


class Cpus(Command):
    """trefoil-cpus: where each CPU is."""

    def run(self, _):
        selected = gdb.selected_thread()
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
            thread.switch()
            frame = gdb.newest_frame()
            block = gdb.execute(f"info symbol {frame.pc():#x}", to_string=True).strip()
            print(f"{'*' if thread == selected else ' '} CPU {thread.num - 1}  {frame.pc():#018x}  {block}")
        selected.switch()


class Log(Command):
    """trefoil-log [COUNT]: the last lines of the kernel's log."""

    def run(self, arguments):
        lines = gdb.parse_and_eval("'dev/log.c'::lines")
        total = int(gdb.parse_and_eval("'dev/log.c'::line_total"))
        size = lines.type.range()[1] + 1
        count = min(int(arguments[0]) if arguments else 20, total, size)
        for index in range(total - count, total):
            line = lines[index % size]
            seconds = int(line["time_ns"]) / 1e9
            print(f"[{seconds:12.6f}] {int(line['cpu'])} {'EWID'[int(line['level'])]}: {line['text'].string()}")


class PerCpu(Command):
    """trefoil-percpu VARIABLE: a per-CPU variable, every CPU's copy."""

    def run(self, arguments):
        if len(arguments) != 1:
            raise gdb.GdbError("which variable?")
        address = gdb.parse_and_eval(f"&{arguments[0]}")
        offsets = gdb.parse_and_eval("'sync/spin/percpu.c'::percpu_offsets")
        for cpu in range(offsets.type.range()[1] + 1):
            offset = int(offsets[cpu])
            if cpu == 0 or offset != 0:
                copy = gdb.Value((int(address) + offset) % 2**64).cast(address.type)
                print(f"CPU {cpu}: {copy.dereference()}")


Cpus("trefoil-cpus")
Log("trefoil-log")
PerCpu("trefoil-percpu")
