"""tools/emitted.py and golden.py: what is kept of a disassembly, and that a changed instruction is named."""

import os
import sys
import unittest

from fake_machine import ROOT, TOOLS

sys.path.insert(0, TOOLS)

import golden  # noqa: E402
from barriers_page import join_branches  # noqa: E402
from emitted import ARCHES, COMPILERS, core, essence, read_disassembly, shorten  # noqa: E402

# The same function by the two disassemblers.
GNU_X86 = """
0000000000000060 <ours_f>:
  60:	push   %rbp
  61:	mov    %rsp,%rbp
  64:	mov    (%rdi),%rax
  67:	mov    %rax,%rdx
  6a:	and    %rsi,%rdx
  6d:	lock cmpxchg %rdx,(%rdi)
  72:	jne    67 <ours_f+0x7>
  74:	pop    %rbp
  75:	ret
  76:	cs nopw 0x0(%rax,%rax,1)
"""
LLVM_X86 = """
0000000000000080 <ours_f>:
      80:      	pushq	%rbp
      81:      	movq	%rsp, %rbp
      84:      	movq	(%rdi), %rax
      87:      	movq	%rax, %rcx
      8a:      	andq	%rsi, %rcx
      8d:      	lock
      8e:      	cmpxchgq	%rcx, (%rdi)
      92:      	jne	0x87 <ours_f+0x7>
      94:      	popq	%rbp
      95:      	retq
"""
X86 = ["mov (%r0),%r1", "1: mov %r1,%r2", "and %r3,%r2", "lock cmpxchg %r2,(%r0)", "jne 1b"]

GNU_RISCV = """
0000000000000000 <ours_f>:
   0:	add	sp,sp,-16
   2:	sd	s0,8(sp)
   4:	add	s0,sp,16
00000000000000a0 <.L1^B3>:
  a0:	lr.d.aq	a5,(a0)
  a4:	bne	a5,a1,ae <.L2^B2>
			a4: R_RISCV_BRANCH	.L2^B2
  a8:	sc.d.rl	a4,a2,(a0)
  ac:	bnez	a4,a0 <.L1^B3>
			ac: R_RISCV_RVC_BRANCH	.L1^B3
00000000000000ae <.L2^B2>:
  ae:	ld	s0,8(sp)
  b0:	mv	a0,a5
  b6:	add	sp,sp,16
  b8:	ret
"""
RISCV = ["1: lr.d.aq r0,(r1)", "bne r0,r2,end", "sc.d.rl r3,r4,(r1)", "bnez r3,1b"]

GNU_CALL = """
00000000000000e0 <ours_f>:
  e8:	li	a2,2
  ec:	auipc	t1,0x0
			ec: R_RISCV_CALL_PLT	__atomic_fetch_add_1
  f0:	jr	t1 # ec <ours_f+0xc>
"""


def kept(text, arch):
    return essence(read_disassembly(text, arch)["ours_f"], arch)


class Emitted(unittest.TestCase):
    def test_disassemblers_agree(self):
        self.assertEqual(kept(GNU_X86, "x86_64"), X86)
        self.assertEqual(kept(LLVM_X86, "x86_64"), X86)

    def test_loop_with_exit(self):
        self.assertEqual(kept(GNU_RISCV, "riscv64"), RISCV)

    def test_call(self):
        self.assertEqual(kept(GNU_CALL, "riscv64"), ["li r0,2", "call __atomic_fetch_add_1"])

    def test_short_form(self):
        self.assertEqual([shorten(line) for line in core(X86, "x86_64")], ["mov", "mov", "and", "lock cmpxchg", "jne"])
        self.assertEqual(shorten("fence rw,w"), "fence rw,w")
        self.assertEqual(shorten("lock addl $0,-4(%rsp)"), "lock addl $0,-4(%rsp)")

    def test_branches_are_joined(self):
        tail = ["dsb ish", "isb"]
        whole = ["dsb ishst", "tlbi vaae1is or tlbi vmalle1is", *tail]
        self.assertEqual(join_branches(["dsb ishst", "tlbi vmalle1is", "tlbi vaae1is,address", *tail]), whole)
        self.assertEqual(join_branches(["dsb ishst", "tlbi vaae1is,address", *tail, "tlbi vmalle1is", *tail]), whole)


class Golden(unittest.TestCase):
    def test_files_are_there(self):
        for arch in ARCHES:
            for compiler in COMPILERS:
                path = os.path.join(ROOT, golden.path_of(arch, compiler))
                self.assertIn("smp_mb", golden.read_golden(path))

    def test_same(self):
        rows = {"smp_mb": "dmb ish", "barrier": "-"}
        self.assertEqual(golden.differences(rows, dict(rows)), [])

    def test_changed_instruction_is_named(self):
        was = {"smp_mb": "dmb ish", "smp_wmb": "dmb ishst"}
        lines = golden.differences(was, {**was, "smp_wmb": "dmb ish"})
        self.assertEqual(lines, ["smp_wmb:", "    golden:  dmb ishst", "    emitted: dmb ish"])

    def test_lost_and_new_rows_are_named(self):
        lines = golden.differences({"smp_mb": "dmb ish"}, {"smp_rmb": "dmb ishld"})
        self.assertEqual(lines[0], "smp_mb:")
        self.assertIn("does not exist any more", lines[2])
        self.assertEqual(lines[3], "smp_rmb:")


if __name__ == "__main__":
    unittest.main()
