"""What the compilers make of the barriers and atomics: the instructions, read from object files.

For a machine and a compiler, a C file is generated with one function for each row: each barrier of arch/barrier.h, each
register access of arch/io.h, each atomic of arch/atomic.h, whose names and types are read from these headers, and each
atomic as the compiler's own C11 does it. It is compiled with the kernel's flags and disassembled. What remains of a
function is its essence: without the frame and without moving arguments and results; registers are numbered as they
appear (r0, r1: 64 bits; r0d, r0w, r0b or w0: less), jumps lead to labels.

What is no instruction is seen, too: whether the compiler keeps its own order. A second function stores to another
variable before and behind the row; across a row that tells the compiler nothing, the first of these stores is dropped.

On AArch64 a read-modify-write is compiled as a loop, with the LSE instructions beside it in the section .alternatives;
they are put in its place here as arch/aarch64/alternatives.c does it at boot.
"""

import os
import re
import shlex
import shutil
import struct
import subprocess
import tempfile
from collections import namedtuple

from elf import Elf

ARCHES = ("x86_64", "aarch64", "riscv64")
# The compilers whose output is pinned; another version may choose other registers and another order.
COMPILERS = {"gcc": 12, "clang": 14}

Row = namedtuple("Row", "name result parameters call")
Instruction = namedtuple("Instruction", "address text target")

C11_FENCES = {
    "smp_fence_acquire": "ACQUIRE",
    "smp_fence_release": "RELEASE",
    "smp_fence_acq_rel": "ACQ_REL",
    "smp_fence_seq_cst": "SEQ_CST",
}
# Functions in preprocessed headers.
ATOMIC = re.compile(
    r"\b(atomic(\d+)_(load|store|exchange|fetch_\w+?|compare_exchange(?:_weak)?)"
    r"_(relaxed|acquire|release|acq_rel|seq_cst))\([^)]*\)\s*\{"
)
MMIO = re.compile(r"\b(mmio_(read|write)(\d+))\([^)]*\)\s*\{")
BARRIER = re.compile(r"^#define (\w+)\(\)", re.MULTILINE)
# Of arch/mmu.h: functions, of which only what orders is shown.
MMU_FUNCTIONS = ("mmu_publish", "tlb_invalidate_local", "tlb_invalidate_on", "icache_synchronise")


class Unavailable(Exception):
    """A compiler is missing, or is another than the one whose output is known."""


# ---- The rows ----


def barrier_rows(arch):
    with open(f"arch/{arch}/include/arch/barrier.h", encoding="utf-8") as file:
        names = BARRIER.findall(file.read())
    return [Row(name, "void", "void", f"{name}()") for name in names]


def atomic_rows(text):
    """From preprocessed headers, ours and, by the same names, C11's."""
    ours = []
    c11 = []
    for name, bits, operation, order in ATOMIC.findall(text):
        word = "struct atomic128" if bits == "128" else f"uint{bits}_t"
        result, parameters, arguments, theirs = atomic_forms(operation, order, word)
        call = f"{name}({arguments})"
        keyword = "" if result == "void" else "return "
        ours.append(Row(name, result, parameters, keyword + call))
        if bits != "128":
            c11.append(Row(name, result, parameters, keyword + theirs))
    return ours, c11


def atomic_forms(operation, order, word):
    """(result, parameters, arguments, the call of the compiler's own)"""
    model = f"__ATOMIC_{order.upper()}"
    if operation == "load":
        return word, f"const {word} *p", "p", f"__atomic_load_n(p, {model})"
    if operation == "store":
        return "void", f"{word} *p, {word} value", "p, value", f"__atomic_store_n(p, value, {model})"
    if operation.startswith("compare_exchange"):
        failure = {"release": "__ATOMIC_RELAXED", "acq_rel": "__ATOMIC_ACQUIRE"}.get(order, model)
        weak = int(operation.endswith("weak"))
        theirs = f"__atomic_compare_exchange_n(p, &expected, desired, {weak}, {model}, {failure})"
        return "bool", f"{word} *p, {word} expected, {word} desired", "p, &expected, desired", theirs
    function = "__atomic_exchange_n" if operation == "exchange" else f"__atomic_{operation}"
    return word, f"{word} *p, {word} value", "p, value", f"{function}(p, value, {model})"


def mmio_rows(text):
    rows = []
    for name, direction, bits in MMIO.findall(text):
        if direction == "write":
            rows.append(Row(name, "void", f"uintptr_t address, uint{bits}_t value", f"{name}(address, value)"))
        else:
            rows.append(Row(name, f"uint{bits}_t", "uintptr_t address", f"return {name}(address)"))
    return rows


def fence_rows():
    return [Row(name, "void", "void", f"__atomic_thread_fence(__ATOMIC_{order})") for name, order in C11_FENCES.items()]


HEADERS = "#include <arch/atomic.h>\n#include <arch/barrier.h>\n#include <arch/io.h>\n"
# gcc would make one function of those that come out the same.
PREAMBLE = """
#ifdef __clang__
#define SEPARATE __attribute__((noinline))
#else
#define SEPARATE __attribute__((noinline, no_icf))
#endif

extern uint8_t shared8;
extern uint16_t shared16;
extern uint32_t shared32;
extern uint64_t shared64;
extern __uint128_t shared128;
extern uint32_t other;
"""
FUNCTION = """
{row.result} SEPARATE {prefix}{row.name}({row.parameters})
{{
	{row.call};
}}
"""
# Its first store is seen by its value.
FIRST_VALUE = "1234"
BETWEEN_STORES = """
static inline {row.result} inline_{row.name}({row.parameters})
{{
	{row.call};
}}

void order_{row.name}(void)
{{
	other = {first};
	inline_{row.name}({arguments});
	other = 2;
}}
"""


def c_file(ours, c11):
    functions = [FUNCTION.format(row=row, prefix="ours_") for row in ours]
    functions += [FUNCTION.format(row=row, prefix="c11_") for row in c11]
    ordered = [row for row in ours if is_ordered(row)]
    functions += [BETWEEN_STORES.format(row=row, first=FIRST_VALUE, arguments=arguments_of(row)) for row in ordered]
    return HEADERS + PREAMBLE + "".join(functions)


def is_ordered(row):
    return not row.name.endswith("_relaxed")


def arguments_of(row):
    """Something to call a row with."""
    bits = re.search(r"\d+", row.name)
    arguments = []
    for parameter in row.parameters.split(", "):
        if parameter == "void":
            continue
        kind = parameter.rsplit(" ", 1)[0]
        if "*p" in parameter:
            arguments.append(f"(void *)&shared{bits.group()}")
        elif "address" in parameter:
            arguments.append(f"(uintptr_t)&shared{bits.group()}")
        else:
            arguments.append(f"({kind}){{ 0 }}")
    return ", ".join(arguments)


# ---- The tools ----


def run(arguments, **options):
    process = subprocess.run(arguments, capture_output=True, text=True, check=False, **options)
    if process.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: exit status {process.returncode}\n{process.stderr[-2000:]}")
    return process.stdout


class Toolchain:
    """A compiler for a machine, with the kernel's flags as the Makefile has them. Raises Unavailable."""

    def __init__(self, arch, compiler):
        self.arch = arch
        self.compiler = compiler
        # What an outer make was told (ARCH=host, -j) is not meant for this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        for name in ("ARCH", "BUILD", "LLVM"):
            environment.pop(name, None)
        llvm = int(compiler == "clang")
        text = run(["make", "-s", f"ARCH={arch}", f"LLVM={llvm}", "BUILD=check", "print-compiler"], env=environment)
        compiler_line, flags_line = text.splitlines()[:2]
        self.cc = shlex.split(compiler_line)
        self.flags = shlex.split(flags_line)
        prefix = "llvm-" if llvm else self.cc[0].removesuffix("gcc")
        self.objdump = prefix + "objdump"
        self.objcopy = prefix + "objcopy"
        self._check()

    def _check(self):
        wanted = COMPILERS[self.compiler]
        for tool in (self.cc[0], self.objdump, self.objcopy):
            if not shutil.which(tool):
                raise Unavailable(f"{tool} is not installed")
        version = re.search(r"(\d+)\.\d+\.\d+", run([*self.cc, "--version"]))
        if not version or int(version.group(1)) != wanted:
            found = version.group() if version else "unknown"
            raise Unavailable(f"{self.cc[0]} is of version {found}; what {self.compiler} {wanted} emits is known")

    def preprocess(self, text):
        return run([*self.cc, *self.flags, "-E", "-P", "-x", "c", "-"], input=text)

    def compile(self, source, output, *more):
        run([*self.cc, *self.flags, "-Wno-missing-prototypes", *more, "-c", "-o", output, source])

    def disassemble(self, path):
        features = ["--mattr=+lse"] if self.compiler == "clang" and self.arch == "aarch64" else []
        return read_disassembly(run([self.objdump, "-dr", "--no-show-raw-insn", *features, path]), self.arch)


NOP = 0xD503201F


def apply_alternatives(toolchain, path, output):
    """A copy of an object file with the LSE instructions in place; False: it records none."""
    file = Elf(path)
    if not any(section.name == ".alternatives" and section.data for section in file.sections):
        return False
    records = file.section(".alternatives").data
    code = bytearray(file.section(".text").data)
    symbols = file.symbols()
    sites = {}
    for offset, info, addend in struct.iter_unpack("<QQq", file.section(".rela.alternatives").data):
        sites[offset] = symbols[info >> 32].address + addend
    offset = 0
    while offset < len(records):
        length, count = struct.unpack_from("<HH", records, offset + 4)
        new = records[offset + 8 : offset + 8 + 4 * count] + struct.pack("<I", NOP) * (length - count)
        code[sites[offset] : sites[offset] + 4 * length] = new
        offset += 8 + 4 * count
    with open(f"{output}.text", "wb") as text:
        text.write(code)
    run([toolchain.objcopy, "--update-section", f".text={output}.text", path, output])
    return True


# ---- Reading a disassembly ----

LINE = re.compile(r"^\s*([0-9a-f]+):\s+(?!R_)(\S.*)$")
SYMBOL = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
RELOCATION = re.compile(r"^\s*[0-9a-f]+:\s+(R_\w+)\s+([\w.$^]+)")
JUMP = re.compile(r",?\s*(?:0x)?([0-9a-f]+) <([^>]*)>$")
CALLS = re.compile(r"^(?:call|jmp|bl|b|jal|jalr|jr|tail)\b")


def read_disassembly(text, arch):
    """{function: [Instruction]}; target is an address in the function, or a function's name."""
    functions = {}
    code = None
    for line in text.splitlines():
        symbol = SYMBOL.match(line)
        relocation = RELOCATION.match(line)
        instruction = LINE.match(line)
        if symbol:
            # Local labels of the assembler stand within a function.
            if not symbol.group(1).startswith((".", "$")):
                code = functions.setdefault(symbol.group(1), [])
        elif relocation and code:
            note_relocation(code, *relocation.groups())
        elif instruction and code is not None:
            add_instruction(code, int(instruction.group(1), 16), instruction.group(2), arch)
    return functions


def note_relocation(code, kind, symbol):
    if ("CALL" in kind or "PLT" in kind or "JUMP26" in kind) and not symbol.startswith("."):
        code[-1] = code[-1]._replace(text="call", target=symbol)


def add_instruction(code, address, text, arch):
    text = re.sub(r"\s*(?://|#(?!-?[0-9])|;).*$", "", text)
    jump = JUMP.search(text)
    target = None
    if jump:
        text = text[: jump.start()]
        inside = re.fullmatch(r"\.?L.*|.*\+0x[0-9a-f]+", jump.group(2))
        target = jump.group(2) if CALLS.match(text) and not inside else int(jump.group(1), 16)
    text = re.sub(r"-?0x[0-9a-f]+", lambda match: str(int(match.group(), 16)), text)
    text = re.sub(r",\s+", ",", " ".join(text.split()))
    if code and code[-1].text in ("lock", "rep", "repz"):
        prefix = code.pop()
        address, text = prefix.address, f"{prefix.text} {text}"
    elif arch == "riscv64" and code and code[-1].text == "call" and text.startswith(("jr", "jalr")):
        return
    code.append(Instruction(address, CANONICAL[arch](text), target))


X86_SUFFIXED = re.compile(
    r"^((?:lock )?(?:mov|xadd|xchg|cmpxchg|add|sub|and|or|xor|neg|not|push|pop|ret|test|cmp|call|jmp))[bwlq]( |$)"
)


def canonical_x86_64(text):
    """Without the letter of the width where a register shows it."""
    operands = re.sub(r"\([^)]*\)", "", text)
    if "%" in operands or re.match(r"(ret|push|pop|call|jmp)", text):
        return X86_SUFFIXED.sub(r"\1\2", text)
    return text


RISCV_IMMEDIATE = re.compile(r"^(add|and|or|xor|sll|srl|sra)(w?) (\w+,\w+),(-?\d+)$")


def canonical_riscv64(text):
    text = re.sub(r"^zext\.b (\w+),(\w+)$", r"andi \1,\2,255", text)
    if text == "fence":
        return "fence iorw,iorw"
    return RISCV_IMMEDIATE.sub(r"\1i\2 \3,\4", text)


CANONICAL = {"x86_64": canonical_x86_64, "aarch64": lambda text: text, "riscv64": canonical_riscv64}

# ---- The essence of a function ----

# The frame, alignment, and the end.
FRAME = {
    "x86_64": r"push |pop |mov %rsp,%rbp$|mov (%\w+,)?-\d+\(%rbp\)(,%\w+)?$|leave|(data16 |cs )*nop|xchg %ax,%ax|int3",
    "aarch64": r"stp x29,x30,|ldp x29,x30,|mov x29,sp|nop$|(add|sub) sp,",
    "riscv64": r"addi (sp,sp|s0,sp),|(sd|ld) (ra|s\d+),\d+\(sp\)|nop$|unimp",
}
# What touches memory or orders it.
CORE = {
    "x86_64": r"lock |xchg |[lms]fence|cpuid|invlpg|pause|.*%cr\d|(?!lea).*\(%(?!rsp|rbp)|call",
    "aarch64": r"dmb|dsb|isb|tlbi|dc |ic |clrex|.*\[(?!sp|x29)|call|bl$",
    "riscv64": r"fence|sfence|amo|lr\.|sc\.|ecall|.*\((?!sp|s0)|call",
}
# The same, but for memory.
ORDERING = {
    "x86_64": r"lock |[lms]fence|cpuid|invlpg|mov .*,%cr\d",
    "aarch64": r"dmb|dsb|isb|tlbi|dc |ic ",
    "riscv64": r"fence|sfence|ecall",
}
# Arguments and results on their way.
MOVE = {
    "x86_64": r"mov %\w+,%\w+$|mov[sz][bw]?[lwq] %\w+,%\w+$|mov[sz]\w* %\w+,%\w+$",
    "aarch64": r"mov [wx]\d+,[wx]\d+$|[us]xt[bhw] |and [wx]\d+,[wx]\d+,#(255|65535)$",
    "riscv64": r"mv |sext\.w |zext\.|andi \w+,\w+,255$|(slli|srli) \w+,\w+,48$",
}
END = {"x86_64": "ret", "aarch64": "ret", "riscv64": "ret"}


def essence(code, arch):
    """The instructions that matter, as lines of text."""
    code = [instruction for instruction in code if not re.match(FRAME[arch], instruction.text)]
    while code and code[-1].text == END[arch]:
        code.pop()
    first, last = core_range(code, arch)
    kept = [
        instruction
        for index, instruction in enumerate(code)
        if first <= index <= last or not re.match(MOVE[arch], instruction.text)
    ]
    return name_registers(name_labels(kept), arch)


def core_range(code, arch):
    """Indexes of the first and the last instruction of the core; jumps back into it belong to it."""
    indexes = [index for index, instruction in enumerate(code) if re.match(CORE[arch], instruction.text)]
    if not indexes:
        return len(code), -1
    first, last = indexes[0], indexes[-1]
    for index in range(last + 1, len(code)):
        target = code[index].target
        if isinstance(target, int) and code[first].address <= target <= code[index].address:
            last = index
    return first, last


def name_labels(code):
    targets = sorted({instruction.target for instruction in code if isinstance(instruction.target, int)})
    places = {}
    for target in targets:
        places[target] = next((index for index, instruction in enumerate(code) if instruction.address >= target), None)
    labelled = sorted({place for place in places.values() if place is not None})
    lines = []
    for index, instruction in enumerate(code):
        text = instruction.text
        if isinstance(instruction.target, str):
            text += f" {instruction.target}"
        elif instruction.target is not None:
            place = places[instruction.target]
            label = "end" if place is None else f"{labelled.index(place) + 1}{'b' if place <= index else 'f'}"
            text += f"{',' if ' ' in text else ' '}{label}"
        lines.append(f"{labelled.index(index) + 1}: {text}" if index in labelled else text)
    return lines


# A register with a number, or an old name; rsp and rbp stay as they are.
X86_REGISTER = re.compile(r"%(?:r(\d+)([dwb]?)|([re]?)([abcd])x|([abcd])l|([re]?)(si|di)(l?))(?!\w)")


def x86_family(match):
    """(name, what is appended for its width)"""
    number, size, wide, letter, low, wide_index, index, low_index = match.groups()
    if number:
        return number, size
    if low or low_index:
        return low or index, "b"
    return letter or index, {"r": "", "e": "d", "": "w"}[wide or wide_index or ""]


def name_registers(lines, arch):
    """Registers by the order in which they appear."""
    numbers = {}

    def number_of(family):
        return numbers.setdefault(family, len(numbers))

    def x86(match):
        family, size = x86_family(match)
        return f"%r{number_of(family)}{size}"

    def arm(match):
        return f"{match.group(1)}{number_of(match.group(2))}"

    def riscv(match):
        return f"r{number_of(match.group())}"

    pattern, rename = {
        "x86_64": (X86_REGISTER, x86),
        "aarch64": (re.compile(r"\b([wx])(\d+)\b"), arm),
        "riscv64": (re.compile(r"\b(?:a[0-7]|t[0-6]|s[1-9]|s1[01])\b"), riscv),
    }[arch]
    return [pattern.sub(rename, line) for line in lines]


def core(lines, arch):
    """Of an essence, what stands between the first and the last access or barrier, and a negation before it."""
    bare = [re.sub(r"^\d+: ", "", line) for line in lines]
    indexes = [index for index, line in enumerate(bare) if re.match(CORE[arch], line)]
    if not indexes:
        return []
    first, last = indexes[0], indexes[-1]
    while first > 0 and re.match(r"(neg|negw|mvn|not) ", bare[first - 1]):
        first -= 1
    while last + 1 < len(lines) and re.search(r"\d+b$", bare[last + 1]):
        last += 1
    return lines[first : last + 1]


# ---- All of it ----

# ours, c11: {name: lines}; the names of LSE rows end in "/lse". mmu: what orders, of the functions of arch/mmu.h.
# open_to_compiler: names of rows that should order and that the compiler moves accesses across.
Emitted = namedtuple("Emitted", "ours c11 mmu open_to_compiler")


def emitted(arch, compiler):
    """What a compiler makes of all rows. Raises Unavailable."""
    toolchain = Toolchain(arch, compiler)
    with tempfile.TemporaryDirectory(prefix="trefoil-emitted-") as directory:
        return compile_and_read(toolchain, f"{directory}/rows")


def compile_and_read(toolchain, base):
    """base: of the names of the files that are made on the way."""
    arch = toolchain.arch
    headers = toolchain.preprocess(HEADERS)
    ours, c11 = atomic_rows(headers)
    if not ours:
        raise RuntimeError(f"no atomic found in arch/{arch}/include/arch/atomic.h")
    ours = barrier_rows(arch) + mmio_rows(headers) + ours
    c11 = fence_rows() + c11
    with open(f"{base}.c", "w", encoding="utf-8") as file:
        file.write(c_file(ours, c11))
    toolchain.compile(f"{base}.c", f"{base}.o")
    code = toolchain.disassemble(f"{base}.o")
    unordered = [row.name for row in ours if is_ordered(row) and not stores_first(code[f"order_{row.name}"])]
    result = Emitted({}, {}, mmu_functions(toolchain, base), unordered)
    for row in ours:
        result.ours[row.name] = essence(code[f"ours_{row.name}"], arch)
    for row in c11:
        result.c11[row.name] = essence(code[f"c11_{row.name}"], arch)
    if apply_alternatives(toolchain, f"{base}.o", f"{base}-lse.o"):
        add_lse(toolchain, base, result)
    return result


def stores_first(instructions):
    return any(re.search(rf"\b{FIRST_VALUE}\b", instruction.text) for instruction in instructions)


def add_lse(toolchain, base, result):
    """The rows again for a CPU with LSE; C11's come from the compiler when it is told of such a CPU."""
    code = toolchain.disassemble(f"{base}-lse.o")
    for name in list(result.ours):
        lines = essence(code[f"ours_{name}"], toolchain.arch)
        if lines != result.ours[name]:
            result.ours[f"{name}/lse"] = lines
    toolchain.compile(f"{base}.c", f"{base}-c11-lse.o", "-march=armv8-a+lse")
    code = toolchain.disassemble(f"{base}-c11-lse.o")
    for name in list(result.c11):
        lines = essence(code[f"c11_{name}"], toolchain.arch)
        if lines != result.c11[name]:
            result.c11[f"{name}/lse"] = lines


def mmu_functions(toolchain, base):
    toolchain.compile(f"arch/{toolchain.arch}/mmu.c", f"{base}-mmu.o")
    code = toolchain.disassemble(f"{base}-mmu.o")
    return {name: ordering_of(code, name, toolchain.arch) for name in MMU_FUNCTIONS}


def ordering_of(code, name, arch):
    """What orders in a function and in those of its file that it calls; calls of the firmware by name."""
    lines = []
    for instruction in code[name]:
        if isinstance(instruction.target, str):
            if instruction.target in code:
                lines += ordering_of(code, instruction.target, arch)
            elif instruction.target.startswith("sbi_"):
                lines.append(f"call {instruction.target}")
        elif re.match(ORDERING[arch], instruction.text):
            lines.append(re.sub(r"%r\w+(?=,%cr)", "value", OPERAND[arch].sub("address", instruction.text)))
    return lines


# The address of what is dropped.
OPERAND = {
    "x86_64": re.compile(r"\(%\w+\)"),
    "aarch64": re.compile(r"\bx\d+$"),
    "riscv64": re.compile(r"\b[ast]\d+$"),
}


def shorten(line):
    """A line without label and operands, but for those that say what is ordered."""
    line = re.sub(r"^\d+: ", "", line)
    if re.search(r"\b[rwx]\d+[dwb]?\b|%(?!rsp)\w|\[| (\d+[bf]|end)$", line):
        words = line.split()
        return " ".join(words[:2] if words[0] == "lock" else words[:1])
    return line
