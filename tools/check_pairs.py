#!/usr/bin/env python3
"""Demands of every ordered operation above the ports that it names its partner.

A barrier orders nothing alone: what it keeps in order must be looked at in order by somebody else. So each CPU, device
and DMA fence, each call of the page-table and instruction-fetch barriers, and each atomic that is not relaxed has a
comment that says "pairs with FUNCTION in FILE", or "pairs with itself" when the same line on another CPU is the
partner; several partners are parted by commas or "and". The comment stands on the statement's own lines or directly
above it; one comment serves several ordered statements that follow each other without anything between. FUNCTION is
defined in FILE.

Exempt: arch/, whose comments speak of the machine, and tests/. The names of the barriers are read from arch/.
"""

import glob
import os
import re
import sys
from functools import lru_cache

from c_source import CSource, kernel_files

FOLDERS = ("lib", "sync", "dev", "mm", "sched", "proc", "boot")
ROW = re.compile(r"^#define (\w+)\(\)", re.MULTILINE)
FETCH_OR_TRANSLATION = re.compile(r"\b((?:mmu_publish|tlb_|icache_)\w*)\(")
ATOMIC = r"atomic(?:8|16|32|64|128)?_\w+_(?:acquire|release|acq_rel|seq_cst)"
PAIRS = re.compile(r"\bpairs with\b(.*?)(?=\bpairs with\b|$)", re.IGNORECASE)
PARTNER = r"(?:[A-Za-z_]\w*(?:\(\))? in [\w./+-]*\w\.[chS]\b|itself\b(?: on other CPUs)?)"
PARTNERS = re.compile(rf"{PARTNER}(?:(?:,|,? and)(?: with)? {PARTNER})*")
FUNCTION_IN_FILE = re.compile(r"(\w+)(?:\(\))? in (\S*\w)")
FORM = "say 'pairs with FUNCTION in FILE', or 'pairs with itself'"


def fence_names():
    """The rows of arch/barrier.h and the barriers of arch/mmu.h; the compiler's own barrier orders no CPU."""
    names = set()
    for path in glob.glob("arch/*/include/arch/barrier.h"):
        with open(path, encoding="utf-8") as file:
            names.update(ROW.findall(file.read()))
    if not names:
        sys.exit("check_pairs.py: no barrier found in arch/*/include/arch/barrier.h")
    with open("arch/include/arch/mmu.h", encoding="utf-8") as file:
        text = CSource(file.read()).code
    names.update(FETCH_OR_TRANSLATION.findall("\n".join(text)))
    return names - {"barrier"}


def operation_pattern(fences):
    return re.compile(rf"(?<!#define )\b({'|'.join(sorted(fences))}|{ATOMIC})\s*\(")


@lru_cache(maxsize=None)
def source_of(path):
    return CSource.read(path) if os.path.isfile(path) else None


def defines_in_repository(path, name):
    """None: the file does not exist."""
    source = source_of(path)
    return source.defines(name) if source else None


class PairChecker:
    def __init__(self, fences, defines=defines_in_repository):
        self.operation = operation_pattern(fences)
        self.defines = defines

    def check(self, source):
        """Messages, one for each ordered operation that lacks something."""
        errors = []
        for line, code in enumerate(source.code, 1):
            names = [match.group(1) for match in self.operation.finditer(code) if not self._declares(source, line)]
            for name in dict.fromkeys(names):
                problem = self._problem(source, line)
                if problem:
                    errors.append(f"{source.path}:{line}: {name}: {problem}")
        return errors

    @staticmethod
    def _declares(source, line):
        """A prototype, or the header of a definition, stands in the first column."""
        return re.match(r"[A-Za-z_]", source.code[line - 1]) is not None

    def _problem(self, source, line):
        comments = self._comments_for(source, line)
        if not comments:
            return f"no comment names its partner: {FORM}"
        text = " ".join(comments)
        clauses = PAIRS.findall(text)
        if not clauses:
            return f"its comment names no partner: {FORM}"
        for clause in clauses:
            problem = self._problem_of_clause(clause)
            if problem:
                return problem
        return None

    def _problem_of_clause(self, clause):
        partners = PARTNERS.match(clause.strip())
        if not partners:
            return f"'pairs with{clause[:60].rstrip()}' names no function and file: {FORM}"
        for function, path in FUNCTION_IN_FILE.findall(partners.group()):
            defined = self.defines(path, function)
            if defined is None:
                return f"pairs with {function} in {path}: there is no such file"
            if not defined:
                return f"pairs with {function} in {path}: that file defines no such function"
        return None

    def _comments_for(self, source, line):
        """Those on the statement's lines, and the one above it or above the group of ordered statements it ends."""
        first = self._statement_start(source, line)
        found = [comment.text for comment in source.comments if first <= comment.first <= line]
        if any(PAIRS.search(text) for text in found):
            return found
        while True:
            above = [comment.text for comment in source.comments if comment.last == first - 1]
            if above:
                return found + above
            before = self._statement_start(source, first - 1) if first > 1 else first
            if not any(self.operation.search(code) for code in source.code[before - 1 : first - 1]):
                return found
            first = before

    @staticmethod
    def _statement_start(source, line):
        """The line where the statement around a line begins; a comment or an empty line ends the search, too."""
        while line > 1:
            above = source.code[line - 2].rstrip().removesuffix("\\").rstrip()
            if not above or above.endswith((";", "{", "}", ":")) or above.lstrip().startswith("#"):
                break
            line -= 1
        return line


def main():
    checker = PairChecker(fence_names())
    errors = []
    for path in kernel_files(FOLDERS):
        errors += checker.check(source_of(path))
    for error in errors:
        print(error)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
