#!/usr/bin/env python3
"""Writes docs/barriers.md: every barrier and atomic by machine, as the compilers emit it.

    barriers_page.py write    `make docs`
    barriers_page.py check    `make check`: the page in docs/ must be what the tools generate

The text stands in tools/barriers/page.md; {{name}} in it becomes the table of that name. Instructions come from object
files (emitted.py), what a row orders from arch/*/barrier_table.c, litmus tests from tools/barriers/litmus.csv, places
of use from the sources.
"""

import csv
import difflib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from c_source import CSource, kernel_files
from check_pairs import FOLDERS, fence_names, operation_pattern
from emitted import ARCHES, COMPILERS, CORE, Unavailable, core, emitted, shorten
from golden import read_table

PAGE = "docs/barriers.md"
TEMPLATE = "tools/barriers/page.md"
LITMUS = "tools/barriers/litmus.csv"
MACHINES = {"x86_64": "x86_64", "aarch64": "AArch64", "riscv64": "RISC-V"}
ORDERS = ("relaxed", "acquire", "release", "acq_rel", "seq_cst")
OTHERS = ("exchange", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "compare_exchange_weak")
DIFF_LINES = 30


def code(lines):
    return f"`{'; '.join(lines)}`" if lines else "–"


def table(heads, rows):
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


class Page:
    """rows: {(arch, compiler): Emitted}"""

    def __init__(self, rows):
        self.rows = rows
        self.tables = {arch: read_table(arch) for arch in ARCHES}
        with open(LITMUS, encoding="utf-8", newline="") as file:
            self.tests = list(csv.DictReader(file))

    # ---- Cells ----

    def short(self, arch, name, compiler="gcc", own=True):
        """A row's instructions, shortened; None when the machine has no such row."""
        rows = self.rows[arch, compiler]
        lines = (rows.ours if own else rows.c11).get(name)
        return None if lines is None else [shorten(line) for line in core(lines, arch)]

    def cell(self, arch, name):
        """What gcc makes of ours; and clang, should it be something else."""
        gcc, clang = self.short(arch, name), self.short(arch, name, "clang")
        if gcc is None:
            return "not there"
        return code(gcc) if gcc == clang else f"{code(gcc)}, clang {code(clang)}"

    def machines(self, name):
        return [self.cell(arch, name) for arch in ARCHES]

    def with_lse(self, name):
        """x86_64, AArch64's two, RISC-V."""
        lse = f"{name}/lse"
        cells = self.machines(name)
        same = lse not in self.rows["aarch64", "gcc"].ours
        return [*cells[:2], "the same" if same else self.cell("aarch64", lse), cells[2]]

    def barrier_rows(self, species):
        """Names of arch/barrier.h of these species, in its order, with what they order."""
        return [(name, orders) for kind, name, orders in self.all_rows() if kind in species]

    def all_rows(self):
        for name, _, orders, _ in self.tables[ARCHES[0]]:
            bare = name.removesuffix("()")
            if bare in self.rows[ARCHES[0], "gcc"].ours and not bare.startswith("atomic"):
                yield species_of(bare), bare, orders.replace("->", "→")

    def shapes(self, name):
        """The shapes that a row forbids, each once."""
        tests = [test for test in self.tests if test["row"] == name and test["verdict"] == "No"]
        return ", ".join(dict.fromkeys(re.match(r"[^+]+(?:\+2W)?", test["test"]).group() for test in tests)) or "–"

    # ---- Tables ----

    def compilers(self):
        return " and ".join(f"{name} {version}" for name, version in COMPILERS.items())

    def cpu(self):
        rows = [
            [f"`{name}()`", orders, *self.machines(name), self.shapes(name)]
            for name, orders in self.barrier_rows({"compiler", "cpu"})
        ]
        return table(["row", "orders", *MACHINES.values(), "forbids"], rows)

    def fences(self):
        rows = []
        for name in self.rows[ARCHES[0], "gcc"].c11:
            if name.startswith("smp_"):
                label = f"`{name.removeprefix('smp_fence_')}`"
                rows += [[label, *row] for row in self.compared(name)]
        return self.comparison("fence", rows)

    def device(self):
        rows = [[f"`{name}()`", orders, *self.machines(name)] for name, orders in self.barrier_rows({"device"})]
        rows += [[f"`{name}()`", orders, *self.machines(name)] for name, orders in MMIO_ROWS]
        return table(["row", "orders", *MACHINES.values()], rows)

    def translation(self):
        orders = {name.removesuffix("()"): text for name, _, text, _ in self.tables[ARCHES[0]]}
        rows = [
            [f"`{name}()`", text, *self.machines(name)]
            for name, text in self.barrier_rows({"translation", "fetch"})
        ]
        for name in self.rows[ARCHES[0], "gcc"].mmu:
            text = orders.get(name, "").replace("->", "→")
            rows.append([f"`{name}()`", text, *(self.mmu_cell(arch, name) for arch in ARCHES)])
        return table(["row", "orders", *MACHINES.values()], rows)

    def mmu_cell(self, arch, name):
        return code(join_branches(self.rows[arch, "gcc"].mmu[name]))

    def accesses(self):
        rows = []
        for operation in ("load", "store"):
            for order in ORDERS:
                name = f"{operation}_{order}"
                if f"atomic64_{name}" in self.rows[ARCHES[0], "gcc"].ours:
                    shapes = self.shapes(f"atomic_{name}")
                    rows.append([f"`atomic_{name}`", *self.machines(f"atomic64_{name}"), shapes])
        return table(["operation", *MACHINES.values(), "forbids"], rows)

    def orders(self):
        rows = []
        for operation in ("fetch_add", "compare_exchange"):
            for order in ORDERS:
                rows.append([f"`atomic_{operation}_{order}`", *self.with_lse(f"atomic64_{operation}_{order}")])
        return table(["operation", *LSE_HEADS], rows)

    def operations(self):
        rows = [[f"`atomic_{name}_acq_rel`", *self.with_lse(f"atomic64_{name}_acq_rel")] for name in OTHERS]
        rows.append(["`atomic128_compare_exchange_acq_rel`", *self.with_lse("atomic128_compare_exchange_acq_rel")])
        return table(["operation", *LSE_HEADS], rows)

    def narrow(self):
        """Rows of fewer bits whose instructions differ in more than the letter of the width."""
        found = {}
        for operation in ("load", "store", "fetch_add", "compare_exchange", *OTHERS):
            order = {"load": "acquire", "store": "release"}.get(operation, "acq_rel")
            for arch in ARCHES:
                wide = without_width(self.short(arch, f"atomic64_{operation}_{order}"))
                for bits in ("32", "16", "8"):
                    lines = self.short(arch, f"atomic{bits}_{operation}_{order}")
                    if without_width(lines, bits == "32") != wide:
                        found.setdefault((operation, order, arch, code(lines)), []).append(bits)
        rows = [
            [f"`atomic_{operation}_{order}`", " and ".join(reversed(bits)), MACHINES[arch], cell]
            for (operation, order, arch, cell), bits in found.items()
        ]
        return table(["operation", "bits", "machine", "instructions"], rows)

    def c11(self):
        names = [f"{operation}_{order}" for operation in ("load", "store") for order in ORDERS]
        names += [f"{operation}_{order}" for operation in ("fetch_add", "compare_exchange") for order in ORDERS]
        names += ["compare_exchange_weak_acq_rel"]
        rows = [[f"`{name}`", *row] for name in names for row in self.compared(f"atomic64_{name}")]
        rows += [["`fetch_add_acq_rel`, 8 bits", *row] for row in self.compared("atomic8_fetch_add_acq_rel")]
        return self.comparison("operation", rows)

    def compared(self, name):
        """[machine, ours, gcc's, clang's] for each machine where one of them is not ours."""
        for arch in ARCHES:
            for suffix, label in (("", ""), ("/lse", ", LSE")):
                ours = self.skeleton(arch, name + suffix, "gcc", True)
                theirs = [self.skeleton(arch, name + suffix, compiler, False) for compiler in COMPILERS]
                if ours is not None and any(other is not None and other != ours for other in theirs):
                    cells = ["the same" if other == ours else code(other) for other in theirs]
                    yield [MACHINES[arch] + label, code(ours), *cells]

    def comparison(self, head, rows):
        names = [f"{name} {version}" for name, version in COMPILERS.items()]
        return table([head, "machine", "ours", *names], rows)

    def skeleton(self, arch, name, compiler, own):
        """Only what touches or orders memory; clrex, by which clang ends an exclusive, does neither."""
        rows = self.rows[arch, compiler]
        lines = (rows.ours if own else rows.c11).get(name)
        if lines is None:
            return None
        bare = [re.sub(r"^\d+: ", "", line) for line in lines]
        return [shorten(line) for line in bare if re.match(CORE[arch], line) and line != "clrex"]

    def litmus(self):
        rows = []
        for name in dict.fromkeys(test["row"] for test in self.tests):
            cells = []
            for arch in ARCHES:
                tests = [test for test in self.tests if test["row"] == name and test["machine"] == arch]
                parts = [f"`{test['test']}`" for test in tests if test["verdict"] == "No"]
                parts += [f"still possible: `{test['test']}`" for test in tests if test["verdict"] == "Ok"]
                cells.append("; ".join(parts) or "–")
            rows.append([f"`{name}`", *cells])
        return table(["row", *MACHINES.values()], rows)

    def uses(self):
        lines = []
        found = find_uses()
        for name in sorted(found, key=self.place_of):
            places = []
            for path, functions in found[name].items():
                link = f"[{os.path.basename(path)}](../{path})"
                places.append(f"{link} {', '.join(f'`{function}`' for function in functions)}")
            lines.append(f"- `{name}`: {'; '.join(places)}")
        return "\n".join(lines)

    def place_of(self, name):
        """Where a name stands among the rows: barriers, functions of arch/mmu.h, atomics."""
        rows = self.rows[ARCHES[0], "gcc"]
        names = [row for row in rows.ours if not row.startswith("atomic")] + list(rows.mmu)
        names += [re.sub(r"^atomic64_", "atomic_", row) for row in rows.ours if row.startswith("atomic64_")]
        return names.index(name) if name in names else len(names)

    def text(self):
        with open(TEMPLATE, encoding="utf-8") as file:
            template = file.read()
        return re.sub(r"\{\{(\w+)\}\}", lambda match: getattr(self, match.group(1))(), template)


LSE_HEADS = ["x86_64", "AArch64, exclusives", "AArch64, LSE", "RISC-V"]
MMIO_ROWS = [
    ("mmio_read32", "earlier register accesses → it → [rw]"),
    ("mmio_write32", "[rw] and register accesses → it"),
]
# A row of the CPU's page tables, by its name; what is none of these is between CPUs.
SPECIES = [
    ("compiler", r"barrier$"),
    ("cpu", r"smp_"),
    ("device", r"(mb|rmb|wmb|dma_\w+)$"),
    ("translation", r"(pte|tlb)_"),
    ("fetch", r"(code|instruction)_"),
]


def species_of(name):
    for species, pattern in SPECIES:
        if re.match(pattern, name):
            return species
    sys.exit(f"barriers_page.py: of what species is {name}()? SPECIES must know it")


# Instructions that drop something: of several in a row, one is executed, as the size of the range demands.
DROPS = re.compile(r"tlbi|sfence\.vma|invlpg|mov value,%cr4")


def smallest_first(drop):
    """One page before everything."""
    return ("all" in drop or "cr4" in drop, -len(drop))


def join_branches(lines):
    """The paths through a function as one: what stands twice is said once, alternatives are parted by "or"."""
    for length in range(len(lines) // 2, 0, -1):
        tail, before = lines[-length:], lines[:-length]
        for place in range(len(before) - length, -1, -1):
            between = before[place + length :]
            if before[place : place + length] == tail and len(between) == 1 and DROPS.match(between[0]):
                return join_branches(before[:place] + between + tail)
    joined = []
    group = []
    for line in [*lines, ""]:
        if line and DROPS.match(line):
            group.append(re.sub(r"[ ,]address$", "", line) if line.startswith(("tlbi", "invlpg")) else line)
            continue
        if group:
            joined.append(" or ".join(sorted(set(group), key=smallest_first)))
            group = []
        if line:
            joined.append(line.removesuffix(",address"))
    return joined


def without_width(lines, is_word=True):
    """
    Mnemonics without the letters that tell 8, 16, 32 and 64 bits apart. RISC-V's .w and .d are the same for a word of
    that width only: a narrow one has to find its place in it.
    """
    if is_word:
        lines = [re.sub(r"^(amo\w+|lr|sc)\.[wd]|^(neg)w$", r"\1\2", line) for line in lines]
    plain = [re.sub(r"^(movz[bw]l)$", "mov", line) for line in lines]
    plain = [re.sub(r"^(ld|st|swp|cas)(\w*?)[bh]$", r"\1\2", line) for line in plain]
    return [re.sub(r"^(l|s)([bhwd]u?)$", r"\1", line) for line in plain]


def find_uses():
    """{operation: {path: [function]}} outside arch/ and tests/."""
    pattern = operation_pattern(fence_names())
    uses = {}
    for path in kernel_files(FOLDERS):
        source = CSource.read(path)
        for line, text in enumerate(source.code, 1):
            for match in pattern.finditer(text):
                function = source.function_at(line)
                if text[:1].isalpha() or function is None or function.name == match.group(1):
                    continue
                functions = uses.setdefault(match.group(1), {}).setdefault(path, [])
                if function.name not in functions:
                    functions.append(function.name)
    return uses


def generate():
    pairs = [(arch, compiler) for arch in ARCHES for compiler in COMPILERS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return Page(dict(zip(pairs, pool.map(lambda pair: emitted(*pair), pairs)))).text()


def main():
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit(__doc__)
    try:
        text = generate()
    except Unavailable as reason:
        if sys.argv[1] == "write":
            sys.exit(f"barriers_page.py: {reason}")
        print(f"  SKIP  {PAGE} is not compared: {reason}")
        return
    except RuntimeError as error:
        sys.exit(f"barriers_page.py: {error}")
    if sys.argv[1] == "write":
        os.makedirs(os.path.dirname(PAGE), exist_ok=True)
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
        return
    committed = ""
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as file:
            committed = file.read()
    if committed != text:
        lines = committed.splitlines(), text.splitlines()
        difference = difflib.unified_diff(*lines, PAGE, "what the tools generate", n=0, lineterm="")
        print(*list(difference)[:DIFF_LINES], sep="\n")
        sys.exit(f"{PAGE} is not what the tools generate: `make docs` writes it anew")


if __name__ == "__main__":
    main()
