"""The code of functions, from llvm-objdump's text."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from cost import PLACE
from lib.objdump import parse

TEXT = """
workqueue.o:\tfile format elf64-x86-64

Disassembly of section .text:

0000000000000000 <queue_it>:
       0: \tendbr64
       4: \tnopw\t(%rax,%rax)
       8: \tcallq\t0xd <queue_it+0xd>
\t\t0000000000000009:  R_X86_64_PLT32\t__queue_work-0x4
       d: \ttestl\t%eax, %eax
       f: \tje\t0x20 <queue_it+0x20>
      11: \tmovq\t0x10(%rip), %rdi
\t\t0000000000000014:  R_X86_64_PC32\tsystem_wq-0x4
      18: \tcallq\t0x40 <local>
      1d: \tjmp\t0x0 <queue_it>
      20: \tjmp\t0x25 <queue_it+0x25>
\t\t0000000000000021:  R_X86_64_PLT32\t__x86_return_thunk-0x4
      25: \tint3

0000000000000040 <local>:
      40: \tretq
      41: \tint3
"""


class Code(unittest.TestCase):
    def test_each_function_has_its_instructions_without_padding(self) -> None:
        found = parse(TEXT)
        self.assertEqual(list(found), ["queue_it", "local"])
        self.assertEqual(found["local"].instructions, ("retq",))
        self.assertEqual([line.split()[0] for line in found["queue_it"].instructions],
                         ["endbr64", "callq", "testl", "je", "movq", "callq", "jmp", "jmp"])
        self.assertEqual(found["queue_it"].instructions[2], "testl %eax, %eax")

    def test_calls_are_those_of_relocations_and_of_labels(self) -> None:
        found = parse(TEXT)
        self.assertEqual(found["queue_it"].calls, ("__queue_work", "local", "__x86_return_thunk"))
        self.assertEqual(found["local"].calls, ())

    def test_code_that_was_moved_is_the_same(self) -> None:
        here, there = ([PLACE.sub("", line) for line in parse(text)["queue_it"].instructions]
                       for text in (TEXT, TEXT.replace("0x40 <local>", "0x90 <local>").replace("0x10(%rip)", "0x70(%rip)")))
        self.assertEqual(here, there)
        other = [PLACE.sub("", line) for line in parse(TEXT.replace("0x40 <local>", "0x40 <other>"))["queue_it"].instructions]
        self.assertNotEqual(here, other)

    def test_text_without_code_has_no_functions(self) -> None:
        self.assertEqual(parse("\nx.o:\tfile format elf64-x86-64\n"), {})


if __name__ == "__main__":
    unittest.main()
