"""Reads what the tools need of a 64-bit little-endian ELF file: sections, symbols, and the kernel's test records.

Offsets and sizes come from a file that may be truncated or foreign: every one is checked, and what does not fit raises
ElfError with a sentence for people.
"""

import struct
from collections import namedtuple

Section = namedtuple("Section", "name address data link")
Symbol = namedtuple("Symbol", "name address size is_function is_global section")
Test = namedtuple("Test", "suite name dies_with is_death deadline_ms")

SECTION_NOBITS = 8
SYMBOL_FUNCTION = 2
BIND_LOCAL = 0

# struct test in boot/test.h: suite, name, dies_with, kind, deadline_ms, function, zero.
TEST_RECORD = struct.Struct("<32s64s96sIIQ48s")
TEST_KINDS = {0: False, 1: True}


class ElfError(Exception):
    """The file is not what it should be."""


class Elf:
    def __init__(self, path):
        self.path = path
        try:
            with open(path, "rb") as file:
                self.data = file.read()
        except OSError as error:
            raise ElfError(f"cannot read {path}: {error.strerror}") from error
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ElfError(f"{path} is not a 64-bit little-endian ELF file")
        self.sections = self._read_sections()

    def _bytes(self, offset, size):
        if offset + size > len(self.data):
            raise ElfError(f"{self.path} is truncated: {offset + size} bytes wanted, {len(self.data)} there")
        return self.data[offset : offset + size]

    def _read_sections(self):
        table_offset = struct.unpack("<Q", self._bytes(40, 8))[0]
        entry_size, count, names_index = struct.unpack("<HHH", self._bytes(58, 6))
        if entry_size != 64 or names_index >= count:
            raise ElfError(f"{self.path} has no section table")
        headers = [struct.unpack("<IIQQQQIIQQ", self._bytes(table_offset + 64 * i, 64)) for i in range(count)]
        names = self._bytes(headers[names_index][4], headers[names_index][5])
        sections = []
        for name, kind, _, address, offset, size, link, _, _, _ in headers:
            data = b"" if kind == SECTION_NOBITS else self._bytes(offset, size)
            sections.append(Section(read_string(names, name), address, data, link))
        return sections

    def section(self, name):
        for section in self.sections:
            if section.name == name:
                return section
        raise ElfError(f"{self.path} has no section {name}")

    def symbols(self):
        table = self.section(".symtab")
        names = self.sections[table.link].data
        symbols = []
        for name, info, _, index, address, size in struct.iter_unpack("<IBBHQQ", table.data):
            section = self.sections[index].name if 0 < index < len(self.sections) else ""
            symbols.append(
                Symbol(
                    read_string(names, name),
                    address,
                    size,
                    info & 15 == SYMBOL_FUNCTION,
                    info >> 4 != BIND_LOCAL,
                    section,
                )
            )
        return symbols

    def tests(self):
        """Every test that the kernel holds, in the order of the section."""
        data = self.section(".tests").data
        if len(data) % TEST_RECORD.size:
            raise ElfError(f"{self.path}: .tests is {len(data)} bytes, not a multiple of {TEST_RECORD.size}")
        tests = []
        for suite, name, dies_with, kind, deadline_ms, _, _ in TEST_RECORD.iter_unpack(data):
            test = Test(text(suite), text(name), text(dies_with), TEST_KINDS.get(kind), deadline_ms)
            if not test.suite or not test.name or test.is_death is None:
                raise ElfError(f"{self.path}: a broken record in .tests: {test}")
            tests.append(test)
        names = [(test.suite, test.name) for test in tests]
        for suite, name in names:
            if names.count((suite, name)) > 1:
                raise ElfError(f"{self.path}: two tests are named {suite}.{name}")
        return tests


def read_string(table, offset):
    """The NUL-terminated string at an offset of a string table."""
    return table[offset : table.index(b"\0", offset)].decode("utf-8", "replace") if offset < len(table) else ""


def text(field):
    """A fixed-size, NUL-padded field."""
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
