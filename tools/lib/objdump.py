"""The code of functions, from llvm-objdump."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lib.common import environment, output

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^ *[0-9a-f]+:\s+([a-z]\w*)\s*(.*)$")
RELOCATION = re.compile(r"R_X86_64_(?:PLT32|PC32)\s+([^\s+-]+)")
TARGET = re.compile(r"<([^>+]+)>")
PADDING = ("int3", "nop", "nopw", "nopl")


@dataclass(frozen=True)
class Function:
    instructions: tuple[str, ...]  # without padding
    calls: tuple[str, ...]


def parse(text: str) -> dict[str, Function]:
    found: dict[str, Function] = {}
    name, code, calls = "", list[str](), list[str]()
    calling = False

    def end() -> None:
        if name:
            found[name] = Function(tuple(code), tuple(calls))

    for line in text.splitlines():
        if m := FUNCTION.match(line):
            end()
            name, code, calls, calling = m[1], [], [], False
        elif (m := RELOCATION.search(line)) and calling:
            calls.append(m[1])
            calling = False
        elif m := INSTRUCTION.match(line):
            if m[1] not in PADDING:
                code.append(f"{m[1]} {m[2]}".strip())
            # A jump to another function is a call that does not return here.
            target = TARGET.search(m[2])
            calling = m[1].startswith(("call", "jmp"))
            if calling and target and target[1] != name:
                calls.append(target[1])
    end()
    return found


def functions(file: Path, *names: str) -> dict[str, Function]:
    """Those of an object, or only the ones with these names that it has."""
    only = [f"--disassemble-symbols={','.join(names)}"] if names else []
    return parse(output(["llvm-objdump", "-dr", "--no-show-raw-insn", *only, str(file)], env=environment()))
