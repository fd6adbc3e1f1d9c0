"""What the tools need to know of a C file in the kernel's style: its code, its comments, its functions.

No parser: a function's braces stand in the first column, so that where it begins and ends can be seen line by line.
Lines are counted from 1, as everybody counts them.
"""

import os
import re
from collections import namedtuple

# first, last: its lines, those of the header or of "/*" among them.
Comment = namedtuple("Comment", "first last text")
Function = namedtuple("Function", "name first last")

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
NAME_AND_PARENTHESIS = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(")
ASSEMBLY_LABEL = re.compile(r"^(?:\w+\s*\(\s*)?([A-Za-z_]\w*)\s*(?::|\)\s*$)")

KERNEL_FOLDERS = ("lib", "arch", "sync", "dev", "mm", "sched", "proc", "boot", "tests/kernel")


def kernel_files(folders=KERNEL_FOLDERS, endings=(".c", ".h")):
    """Every source file below the folders that exist, sorted."""
    found = []
    for top in folders:
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, name) for name in names if name.endswith(endings)]
    return sorted(found)


class CSource:
    """code: the lines without comments and the insides of strings; comments and functions in the order of the file."""

    def __init__(self, text, path=""):
        self.path = path
        self.comments = []
        self.code = TOKEN.sub(self._blank, text).split("\n")
        self.functions = self._find_assembly() if path.endswith(".S") else self._find_functions()

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(file.read(), path)

    def _blank(self, match):
        token = match.group()
        if token[0] != "/":
            return token[0] + " " * (len(token) - 2) + token[0]
        first = match.string.count("\n", 0, match.start()) + 1
        words = re.sub(r"^/[*/]|\*/$|^[ \t]*\*(?!/)", " ", token, flags=re.MULTILINE).split()
        self.comments.append(Comment(first, first + token.count("\n"), " ".join(words)))
        return re.sub(r"[^\n]", " ", token)

    def _find_functions(self):
        functions = []
        line = 0
        while line < len(self.code):
            macro = MACRO.match(self.code[line])
            last = line
            if macro:
                while self.code[last].rstrip().endswith("\\") and last + 1 < len(self.code):
                    last += 1
                functions.append(Function(macro.group(1), line + 1, last + 1))
            elif self.code[line].rstrip() == "{":
                while last + 1 < len(self.code) and not self.code[last].startswith("}"):
                    last += 1
                first = self._header_above(line)
                header = ATTRIBUTE.sub(" ", " ".join(self.code[first:line]))
                name = NAME_AND_PARENTHESIS.search(header)
                if name:
                    functions.append(Function(name.group(1), first + 1, last + 1))
            line = last + 1
        return functions

    def _header_above(self, line):
        """The index of the first line of what leads up to a brace."""
        first = line
        while first > 0:
            above = self.code[first - 1].rstrip()
            if not above.strip() or above.startswith(("#", "}")) or above.endswith(";"):
                break
            first -= 1
        return first

    def _find_assembly(self):
        labels = [(ASSEMBLY_LABEL.match(code), number) for number, code in enumerate(self.code, 1)]
        return [Function(match.group(1), number, number) for match, number in labels if match]

    def defines(self, name):
        return any(function.name == name for function in self.functions)

    def function_at(self, line):
        """The function a line belongs to, or None."""
        for function in self.functions:
            if function.first <= line <= function.last:
                return function
        return None
