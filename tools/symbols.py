#!/usr/bin/env python3
"""The kernel's own symbol table, for backtraces: written from a first link, linked into a second.

    symbols.py generate FIRST.elf OUTPUT.S   writes the table as assembly
    symbols.py verify FINAL.elf               checks that the table in FINAL still tells the truth

At symbol_table in section .symbols, read by lib/symbols.c; all numbers little-endian, 32 bits:

    magic "TSYM", count
    count offsets from KERNEL_IMAGE_BASE, ascending, one name per address
    count offsets of names from the start of the string area
    size of the string area, size of the text
    NUL-terminated names

The section is the last of the constants, so a longer one moves no code; verify proves it.
"""

import struct
import sys

from elf import Elf, ElfError

MAGIC = 0x4D595354
KERNEL_IMAGE_BASE = 0xFFFFFFFF80000000


def text_symbols(elf):
    """[(offset, name)] of the code, ascending, and the size of the text."""
    bounds = {}
    best = {}
    for symbol in elf.symbols():
        if symbol.name in ("text_start", "text_end"):
            bounds[symbol.name] = symbol.address - KERNEL_IMAGE_BASE
        # .L: the compiler's own labels; $: AArch64's and RISC-V's marks between code and data.
        if symbol.section != ".text" or not symbol.name or symbol.name.startswith((".L", "$")):
            continue
        offset = symbol.address - KERNEL_IMAGE_BASE
        # Of two names for one address the better is a function, then one with a size, then a global one.
        rank = (symbol.is_function, symbol.size > 0, symbol.is_global, symbol.name)
        if offset not in best or rank > best[offset]:
            best[offset] = rank
    if len(bounds) != 2:
        raise ElfError(f"{elf.path} does not define text_start and text_end")
    inside = [(offset, rank[-1]) for offset, rank in sorted(best.items()) if offset < bounds["text_end"]]
    return inside, bounds["text_end"]


def generate(symbols, text_size):
    lines = ["/* Written by tools/symbols.py, which describes the format. */"]
    lines += ['\t.section .symbols, "a"', "\t.balign 8", "\t.globl symbol_table", "symbol_table:"]
    lines.append(f"\t.long {MAGIC:#x}, {len(symbols)}")
    lines += [f"\t.long {offset:#x}" for offset, _ in symbols]
    position = 0
    for _, name in symbols:
        lines.append(f"\t.long {position}")
        position += len(name) + 1
    lines.append(f"\t.long {position}, {text_size}")
    lines += [f'\t.asciz "{name}"' for _, name in symbols]
    lines.append('\t.section .note.GNU-stack, "", %progbits')
    return "\n".join(lines) + "\n"


def read_table(elf):
    """The symbols and the text size that symbol_table in section .symbols holds."""
    section = elf.section(".symbols")
    start = next(symbol.address for symbol in elf.symbols() if symbol.name == "symbol_table") - section.address
    data = section.data[start:]
    magic, count = struct.unpack_from("<II", data)
    if magic != MAGIC:
        raise ElfError(f"the symbol table begins with {magic:#x}")
    offsets = struct.unpack_from(f"<{count}I", data, 8)
    names = struct.unpack_from(f"<{count}I", data, 8 + 4 * count)
    strings_size, text_size = struct.unpack_from("<II", data, 8 + 8 * count)
    strings = data[16 + 8 * count :][:strings_size]
    table = [(offset, strings[name : strings.index(b"\0", name)].decode()) for offset, name in zip(offsets, names)]
    return table, text_size


def verify(elf):
    if read_table(elf) != text_symbols(elf):
        raise ElfError(f"{elf.path}: code moved between the first link and the second; its symbol table is wrong")


def main(arguments):
    try:
        if len(arguments) == 3 and arguments[0] == "generate":
            symbols, size = text_symbols(Elf(arguments[1]))
            with open(arguments[2], "w", encoding="ascii") as file:
                file.write(generate(symbols, size))
        elif len(arguments) == 2 and arguments[0] == "verify":
            verify(Elf(arguments[1]))
        else:
            sys.exit(__doc__)
    except (ElfError, struct.error, ValueError) as error:
        sys.exit(f"symbols.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
