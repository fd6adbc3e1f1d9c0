#!/usr/bin/env python3
"""Checks the drawing of the house: who may include whom, where assembly may stand, and that the ports match.

- A file includes from its own floor or a lower one, and no file includes itself by way of others.
- Own headers are included as <folder/name.h>, from the kernel nothing else but the compiler's own freestanding headers.
- Inline assembly and #if on the architecture stand only where the machines differ.
- Each port holds the files that arch/README.md lists, and a source that two ports have, all have.
"""

import os
import re
import sys

FLOORS = {
    "lib": 0,
    "arch": 1,
    "sync/spin": 2,
    "dev": 2,
    "mm": 3,
    "sched": 4,
    "sync/block": 5,
    "sync/lockfree": 5,
    "proc": 6,
    "boot": 7,
    "tests": 8,
}
ARCHES = ("x86_64", "aarch64", "riscv64")
COMPILER_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h"}
EFI_HEADERS = {"efi.h", "efilib.h"}
# Where the machines may differ.
MACHINE_FOLDERS = ("arch/", "boot/efi/", "boot/direct/", "tests/host/", "linker/")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
INLINE_ASM = re.compile(r"\b(asm|__asm__|__asm)\b")
ARCH_CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:el)?if.*\b(__x86_64__|__amd64__|__aarch64__|__riscv\w*)", re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def floor_of(path):
    """The floor of a file, by the longest folder that names one."""
    folders = [folder for folder in FLOORS if path.startswith(folder + "/")]
    return FLOORS[max(folders, key=len)] if folders else None


def sources():
    for top in ("lib", "arch", "sync", "dev", "mm", "sched", "proc", "boot", "tests"):
        for folder, _, names in os.walk(top):
            for name in names:
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.join(folder, name)


def blank(match):
    """Comments and strings vanish, their lines stay, so that line numbers hold."""
    text = match.group()
    return text if text.startswith('"') and "\n" not in text else re.sub(r"[^\n]", " ", text)


def code_of(path):
    with open(path, encoding="utf-8") as file:
        return COMMENT_OR_STRING.sub(blank, file.read())


def resolve(name, quoted, path):
    """The files of ours that an #include may mean."""
    if quoted:
        return [os.path.join(os.path.dirname(path), name)]
    if name.startswith("arch/"):
        return [name, f"arch/include/{name}", *(f"arch/{arch}/include/{name}" for arch in ARCHES)]
    return [name]


class Checker:
    def __init__(self):
        self.errors = []
        self.includes = {}

    def error(self, path, line, message):
        self.errors.append(f"{path}:{line}: {message}")

    def check_file(self, path):
        code = code_of(path)
        self.includes[path] = []
        for match in INCLUDE.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            self.check_include(path, line, match.group(2), match.group(1) == '"')
        if path.startswith(MACHINE_FOLDERS):
            return
        bare = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)
        for pattern, message in (
            (INLINE_ASM, "inline assembly belongs into arch/"),
            (ARCH_CONDITION, "a condition on the architecture belongs into arch/"),
        ):
            for match in pattern.finditer(bare):
                self.error(path, bare.count("\n", 0, match.start()) + 1, message)

    def check_include(self, path, line, name, quoted):
        if path.startswith("tests/host/"):
            return
        own = [target for target in resolve(name, quoted, path) if os.path.isfile(target)]
        for target in own:
            self.includes[path].append(target)
            if floor_of(target) is None:
                self.error(path, line, f"{name} stands on no floor")
            elif floor_of(target) > floor_of(path):
                self.error(path, line, f"includes {name} of floor {floor_of(target)} from floor {floor_of(path)}")
        if own:
            if quoted and not path.startswith("arch/"):
                self.error(path, line, f'"{name}" should be written <folder/name.h>')
        elif quoted or name not in COMPILER_HEADERS | (EFI_HEADERS if path.startswith("boot/efi/") else set()):
            self.error(path, line, f"includes {name}, which is neither ours nor the compiler's")

    def check_circles(self):
        done = set()

        def visit(path, trail):
            if path in trail:
                circle = [*trail[trail.index(path) :], path]
                self.error(path, 1, "includes itself: " + " > ".join(circle))
                return
            if path in done:
                return
            for target in self.includes.get(path, []):
                visit(target, [*trail, path])
            done.add(path)

        for path in sorted(self.includes):
            visit(path, [])

    def check_ports(self):
        with open("arch/README.md", encoding="utf-8") as file:
            rows = re.findall(r"^\| `([\w./]+)` \| ([^|]*) \|", file.read(), re.MULTILINE)
        wanted = {f"include/{name}" for name, written in rows if written == "per port"}
        wanted |= {name for name, _ in rows if not name.startswith("arch/")}
        ports = {arch: set(files_below(f"arch/{arch}")) for arch in ARCHES}
        for arch, files in ports.items():
            sources_of_port = {name for name in files if name.endswith((".c", ".S"))}
            shared = {name for name in sources_of_port if sum(name in other for other in ports.values()) > 1}
            for other in ARCHES:
                for name in sorted(shared - ports[other]):
                    self.error(f"arch/{other}", 0, f"has no {name}, which other ports have")
            for name in sorted(wanted - files):
                self.error(f"arch/{arch}", 0, f"has no {name}, which arch/README.md lists")


def files_below(root):
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def main():
    checker = Checker()
    for path in sorted(sources()):
        checker.check_file(path)
    checker.check_circles()
    checker.check_ports()
    for error in sorted(set(checker.errors)):
        print(error)
    sys.exit(1 if checker.errors else 0)


if __name__ == "__main__":
    main()
