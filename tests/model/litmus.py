"""Litmus tests, by herd7 and the memory model of the kernel, which is part of its tree.

The comment of a test says what it is about, and has these lines:

    Result: Never
    Weaker: P1: smp_mb(); ->
    Weaker: P0: smp_store_release(x, 1); -> atomic_set(x, 1);
            P1: smp_load_acquire(x) -> atomic_read(x)

The bad outcome, which `exists` describes, must never happen, and there must be no data race. With what is
weaker, in the processes that are named, one of the two must be.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib.common import Failure

TESTS = sorted((Path(__file__).resolve().parent / "litmus").glob("*.litmus"))
SECONDS = 60
CHANGE = re.compile(r"^ \*\s+(Weaker: )?(P\d): (.+?) ->(.*)$", re.M)


@dataclass(frozen=True)
class Change:
    process: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.process}: {self.new.rstrip('(;') or 'no ' + self.old.rstrip(';')}"


@dataclass(frozen=True)
class Verdict:
    result: str  # Never, Sometimes or Always
    executions: int
    flags: tuple[str, ...]

    @property
    def bad(self) -> bool:
        return self.result != "Never" or bool(self.flags)

    def __str__(self) -> str:
        return ", ".join((f"{self.result} in {self.executions}", *self.flags))


def weaker(test: Path) -> list[list[Change]]:
    found: list[list[Change]] = []
    for start, process, old, new in CHANGE.findall(test.read_text()):
        if start:
            found.append([])
        found[-1].append(Change(process, old.strip(), new.strip()))
    if "\n * Result: Never\n" not in test.read_text() or not found:
        raise Failure(f"{test.name} has no 'Result: Never', or nothing that is weaker")
    return found


def weaken(test: Path, changes: list[Change]) -> str:
    comment, end, program = test.read_text().partition("*)\n")
    for change in changes:
        head, start, rest = program.partition(f"\n{change.process}(")
        body, brace, tail = rest.partition("\n}\n")
        if not start or change.old not in body:
            raise Failure(f"{test.name}: {change.process} has no {change.old}")
        program = head + start + body.replace(change.old, change.new) + brace + tail
    return comment + end + program


def judge(herd: list[str], model: Path, test: Path) -> Verdict:
    """What herd7 says. Its status says nothing of that."""
    try:
        done = subprocess.run([*herd, "-conf", "linux-kernel.cfg", str(test)], cwd=model, text=True, capture_output=True,
                              timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"{test.name}: herd7 takes more than {SECONDS} seconds") from None
    found = re.search(r"^Observation \S+ (\w+) (\d+) (\d+)$", done.stdout, re.M)
    if done.returncode or not found or re.search(r"[Ww]arning", done.stdout + done.stderr):
        raise Failure(f"{(done.stdout + done.stderr).strip()[-800:]}\nherd7 does not take {test.name}")
    return Verdict(found[1], int(found[2]) + int(found[3]), tuple(sorted(set(re.findall(r"^Flag (.+)$", done.stdout, re.M)))))
