#!/usr/bin/env python3
"""`make bench`: runs the kernel's benchmarks and prints a table; build/<arch>/bench.json is for programs.

Two boots. On one CPU under -icount QEMU's clock counts guest instructions, so a figure is exact and repeats; on several
CPUs in real time only ratios within the one run mean anything, and the table says so. What could not be measured, or a
machine that did not end as it should, fails the command.
"""

import argparse
import json
import re
import subprocess
import sys

import qemu

# A fixed seed and clock make counted runs the same to the digit (shared facts: performance.md).
COUNTED = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2024-01-01T00:00:00,clock=vm"]
LIMIT_SECONDS = 600
FIGURE = re.compile(
    r"^BENCH name=(?P<name>\S+) kind=(?P<kind>\S+) per_op=(?P<per_op>[\d.]+) unit=(?P<unit>\S+) ops=(?P<ops>\d+) "
    r"cpus=(?P<cpus>\d+) ipis=(?P<ipis>\d+) tlb=(?P<tlb>\d+)$"
)


def run(machine, flags):
    """The lines that a boot printed; an error unless it ended well."""
    command = qemu.command(machine)
    if flags:
        command[command.index("-accel") + 1] = "tcg"
    try:
        done = subprocess.run(
            [*command, *qemu.UNATTENDED, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise qemu.SettingsError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise qemu.SettingsError(f"the machine did not end within {LIMIT_SECONDS} s") from None
    text = done.stdout.decode("utf-8", "replace").replace("\r", "")
    if done.returncode != qemu.EXIT_SUCCESS or "BENCH done:" not in text:
        sys.stderr.write(text[-4000:])
        raise qemu.SettingsError(f"QEMU ended with status {done.returncode}, without all figures")
    return text.split("\n")


def read_figures(lines, clock):
    figures = []
    for line in lines:
        match = FIGURE.match(line)
        if match:
            events = {"ipis": int(match["ipis"]), "tlb_invalidations": int(match["tlb"])}
            figures.append(
                {
                    "name": match["name"],
                    "per_op": float(match["per_op"]),
                    "unit": match["unit"],
                    "ops": int(match["ops"]),
                    "cpus": int(match["cpus"]),
                    "clock": clock,
                    "events": events,
                }
            )
    return figures


def print_counted(figures):
    print(f"{'guest instructions per operation, one CPU (-icount)':<56}{'per op':>10}{'ops':>10}  events")
    for figure in figures:
        events = " ".join(f"{name}={count}" for name, count in figure["events"].items() if count)
        print(f"  {figure['name']:<54}{figure['per_op']:>10.2f}{figure['ops']:>10}  {events}")


def print_parallel(figures):
    """Each row against its own first: time per operation, all CPUs taken together."""
    shares = [figure for figure in figures if figure["unit"] == "percent"]
    figures = [figure for figure in figures if figure["unit"] != "percent"]
    names = list(dict.fromkeys(figure["name"] for figure in figures))
    counts = sorted({figure["cpus"] for figure in figures})
    header = "".join(f"{count:>8} CPU" + ("s" if count > 1 else " ") for count in counts)
    print(f"{'throughput against one CPU, within this run, in real time':<56}{header}")
    for name in names:
        rows = {figure["cpus"]: figure["per_op"] for figure in figures if figure["name"] == name}
        first = rows[min(rows)]
        cells = "".join(f"{first / rows[count]:>13.2f}" if rows.get(count) else f"{'':>13}" for count in counts)
        print(f"  {name:<54}{cells}")
    if shares:
        print_shares(shares, counts)


def print_shares(figures, counts):
    """Of contests: how the CPU fared that came off worst."""
    print("what the worst-off CPU got, in percent of an equal share")
    for name in dict.fromkeys(figure["name"] for figure in figures):
        rows = {figure["cpus"]: figure["per_op"] for figure in figures if figure["name"] == name}
        cells = "".join(f"{rows[count]:>12.0f}%" if count in rows else f"{'':>13}" for count in counts)
        print(f"  {name:<54}{cells}")


def main():
    parser = argparse.ArgumentParser(description="Runs Trefoil's benchmarks.")
    qemu.add_machine_arguments(parser)
    parser.add_argument("--bench", default="*", help="globs of benchmarks to run, comma-separated")
    options = parser.parse_args()
    figures = []
    try:
        # One CPU to count on; as many as asked for in the second boot.
        for cpus, arguments, flags, clock in (
            (1, ["clock=icount"], COUNTED, "guest instructions (-icount shift=0)"),
            (options.smp, ["clock=real"], [], "real time, MTTCG: for ratios within one run"),
        ):
            machine = qemu.machine_from(options, ["after=poweroff", f"bench={options.bench}", *arguments])
            machine.smp = cpus
            machine.gic = machine.gic or (3 if cpus > 8 else 2)
            figures.append(read_figures(run(machine, flags), clock))
    except qemu.SettingsError as error:
        sys.exit(f"bench.py: {error}")
    if not figures[0] and not figures[1]:
        sys.exit(f"bench.py: no benchmark matches {options.bench}")
    print(f"{options.arch}, {options.build}, QEMU {qemu.command(machine)[0]}")
    if figures[0]:
        print_counted(figures[0])
    if figures[1]:
        print_parallel(figures[1])
    path = machine.path("bench.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures[0] + figures[1], file, indent=1)
    print(f"written: {path}")


if __name__ == "__main__":
    main()
