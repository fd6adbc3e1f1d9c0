#!/usr/bin/env python3
"""Pins the instructions of every barrier and atomic: tests/golden/<arch>-<compiler>.txt against the object files.

    golden.py write     writes them anew (`make golden`): look at the difference before you commit it
    golden.py check     compares (`make test` does, as the group host.golden)

A line is a name and its instructions, "-" for none; how they are reduced is told in emitted.py. Names that end in
"/lse": with AArch64's LSE instructions in place; in "()": functions of arch/mmu.h, of which only what orders is kept.
What the `barriers` command says of a barrier (barrier_table.c) is compared with the same instructions, and the compiler
must not move accesses across a row that orders.
"""

import os
import re
import sys

from emitted import ARCHES, CANONICAL, COMPILERS, Unavailable, emitted, shorten
from ktap import FAILED, OK, SKIPPED, Group, Result

FOLDER = "tests/golden"
HEADER = """\
# What {compiler} {version} makes of the barriers and atomics on {arch}, read from object files by tools/golden.py.
# `make test` compares. A change that is meant is accepted with `make golden`.
"""
ACCEPT = "if this is meant: `make golden`, and look at what git shows"
NONE = "-"
NOTES_MAX = 60

TABLE = re.compile(r"barrier_table\[\] = \{\n(.*?)\n\};", re.DOTALL)
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def pinned_rows(rows):
    """{name: text} of an Emitted."""
    pinned = {name: "; ".join(lines) or NONE for name, lines in rows.ours.items()}
    pinned.update({f"{name}()": "; ".join(lines) or NONE for name, lines in rows.mmu.items()})
    return pinned


def path_of(arch, compiler):
    return f"{FOLDER}/{arch}-{compiler}.txt"


def read_golden(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file if line.strip() and not line.startswith("#")]
    return {name: text.strip() for name, text in lines}


def write_golden(arch, compiler, pinned):
    os.makedirs(FOLDER, exist_ok=True)
    width = max(map(len, pinned))
    with open(path_of(arch, compiler), "w", encoding="utf-8") as file:
        file.write(HEADER.format(arch=arch, compiler=compiler, version=COMPILERS[compiler]) + "\n")
        file.writelines(f"{name:{width}}  {text}\n" for name, text in pinned.items())


def differences(golden, pinned):
    """Lines for people, two or three for each row that is not as it was."""
    lines = []
    for name in [*golden, *(name for name in pinned if name not in golden)]:
        was, now = golden.get(name), pinned.get(name)
        if was == now:
            continue
        lines.append(f"{name}:")
        lines.append(f"    golden:  {was}" if was is not None else "    is not in the golden file")
        lines.append(f"    emitted: {now}" if now is not None else "    does not exist any more")
    return lines


def read_table(arch):
    """[(name, instruction, orders, reason)] of a port's barrier_table.c."""
    with open(f"arch/{arch}/barrier_table.c", encoding="utf-8") as file:
        body = TABLE.search(file.read())
    if not body:
        raise RuntimeError(f"arch/{arch}/barrier_table.c: no table found")
    # Strings that follow each other are one.
    text = re.sub(r'"\s+"', "", body.group(1))
    rows = [STRING.findall(row) for row in re.findall(r"\{(.*?)\},", text, re.DOTALL)]
    return [tuple(row) for row in rows if len(row) == 4]


def table_differences(arch, rows):
    """Where the `barriers` command would say something else than the compiler made."""
    lines = []
    named = set()
    for name, instruction, _, _ in read_table(arch):
        name = name.removesuffix("()")
        if name not in rows.ours:
            continue
        named.add(name)
        said = [] if instruction in ("none", "") else re.split(r"; *", instruction)
        said = [shorten(CANONICAL[arch](re.sub(r",\s+", ",", part))) for part in said]
        made = [shorten(line) for line in rows.ours[name]]
        if said != made:
            lines += [f"{name}:", f"    barrier_table.c: {'; '.join(said)}", f"    emitted:         {'; '.join(made)}"]
    for name in rows.ours:
        if name not in named and not name.startswith(("atomic", "mmio")):
            lines.append(f"{name}: has no row in arch/{arch}/barrier_table.c")
    return lines


def check(arch, compiler):
    name = f"{arch}-{compiler}"
    try:
        rows = emitted(arch, compiler)
    except Unavailable as reason:
        return Result(name, SKIPPED, str(reason))
    except (RuntimeError, OSError) as error:
        return Result(name, FAILED, notes=[str(error)])
    path = path_of(arch, compiler)
    if not os.path.exists(path):
        return Result(name, FAILED, notes=[f"{path} is missing: `make golden` writes it"])
    notes = [f"{row}: the compiler moves accesses across it" for row in rows.open_to_compiler]
    lines = differences(read_golden(path), pinned_rows(rows))
    if lines:
        notes += [f"{path}: instructions have changed; {ACCEPT}", *lines]
    notes += table_differences(arch, rows)
    if len(notes) > NOTES_MAX:
        notes[NOTES_MAX:] = [f"... and {len(notes) - NOTES_MAX} lines more: tools/golden.py check"]
    return Result(name, FAILED if notes else OK, notes=notes)


def check_all():
    """The group of `make test`."""
    return Group("golden", [check(arch, compiler) for arch in ARCHES for compiler in COMPILERS])


def write_all():
    for arch in ARCHES:
        for compiler in COMPILERS:
            try:
                pinned = pinned_rows(emitted(arch, compiler))
            except Unavailable as reason:
                print(f"{path_of(arch, compiler)}: left as it is: {reason}", file=sys.stderr)
                continue
            path = path_of(arch, compiler)
            changes = differences(read_golden(path), pinned) if os.path.exists(path) else ["is new"]
            write_golden(arch, compiler, pinned)
            if changes:
                print(path, *changes, sep="\n    ")


def main():
    if sys.argv[1:] == ["write"]:
        write_all()
    elif sys.argv[1:] == ["check"]:
        group = check_all()
        for result in group.children:
            print(f"{result.status} {result.name} {result.reason}".rstrip(), *result.notes, sep="\n    ")
        sys.exit(group.status == FAILED)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
