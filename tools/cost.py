#!/usr/bin/env python3
"""make cost: what WQ_TRACK_DELAYED costs workqueues that do not have it, in instructions.

Compiles kernel/workqueue.c for x86_64 without debug options, before and after the patch. Counts, in
each function that the patch changes, the instructions that can be reached without passing a call of
one of the functions for tracked work.
"""

from __future__ import annotations

import os
import re

from common import (BUILD, LOGS, MAKE_OPTIONS, TREE, Failure, environment, git, lock, must, output, reporting, say, step,
                    verdict, worktree)
from tree import ensure_tree

SOURCE, OBJECTS = BUILD / "cost-src", BUILD / "cost"
PATCH = "workqueue: add WQ_TRACK_DELAYED"
FUNCTIONS = ("__queue_delayed_work", "delayed_work_timer_fn", "work_grab_pending", "flush_delayed_work")
TRACKED = re.compile(r"<\w+_tracked_works?>|<untrack_delayed_work>")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"^0x([0-9a-f]+)\b")


def disassembly(function: str) -> list[tuple[int, str, str]]:
    text = output(["llvm-objdump", "-d", "--no-show-raw-insn", f"--disassemble-symbols={function}",
                   str(OBJECTS / "kernel/workqueue.o")], env=environment())
    found = [(int(m[1], 16), m[2], m[3]) for m in map(INSTRUCTION.match, text.splitlines()) if m]
    if not found:
        raise Failure(f"kernel/workqueue.o has no function {function}")
    return found


def without_tracking(function: str) -> int:
    """Instructions in blocks that do not call a function for tracked work, and are reached without
    such a block."""
    code = disassembly(function)
    index = {address: i for i, (address, _, _) in enumerate(code)}
    jumps = {i: index.get(int(m[1], 16)) for i, (_, name, operands) in enumerate(code)
             if name.startswith("j") and (m := TARGET.match(operands))}
    starts = sorted({0, *(t for t in jumps.values() if t is not None),
                     *(i + 1 for i, (_, name, _) in enumerate(code) if name.startswith(("j", "ret")))} - {len(code)})
    blocks = {start: range(start, end) for start, end in zip(starts, [*starts[1:], len(code)])}

    reached, todo = set[int](), [0]
    while todo:
        start = todo.pop()
        block = blocks[start]
        if start in reached or any(TRACKED.search(code[i][2]) for i in block):
            continue
        reached.add(start)
        last = block[-1]
        if (target := jumps.get(last)) is not None:
            todo.append(target)
        if not code[last][1].startswith(("jmp", "ret")) and last + 1 < len(code):
            todo.append(last + 1)
    return sum(len(blocks[start]) for start in reached)


def measure(revision: str) -> dict[str, int]:
    worktree(SOURCE, revision)
    log = LOGS / "cost.log"
    make = ["make", "-C", str(SOURCE), f"O={OBJECTS}", "ARCH=x86_64", *MAKE_OPTIONS]
    if not (OBJECTS / ".config").exists():
        must([*make, "defconfig"], log, "configuring", env=environment())
    must([*make, f"-j{os.cpu_count()}", "kernel/workqueue.o"], log, "compiling kernel/workqueue.c", env=environment(),
         objects=OBJECTS)
    return {function: without_tracking(function) for function in FUNCTIONS}


def main() -> None:
    with reporting("cost"), lock("cost"):
        ensure_tree()
        patch = git(TREE, "log", "--format=%H", f"--grep=^{PATCH}", "base..series").split()
        if len(patch) != 1:
            raise Failure(f"there is not one patch '{PATCH}' but {len(patch)}")
        with step("without the patch"):
            before = measure(patch[0] + "^")
        with step("with the patch"):
            after = measure(patch[0])
        say(f"    {'instructions':24}{'before':>8}{'after':>8}")
        for function in FUNCTIONS:
            say(f"    {function:24}{before[function]:>8}{after[function]:>8}{after[function] - before[function]:>+8}")
        more = sum(after.values()) - sum(before.values())
        verdict("cost", True, f"{more:+} instructions in {len(FUNCTIONS)} functions, for workqueues without the flag")


if __name__ == "__main__":
    main()
