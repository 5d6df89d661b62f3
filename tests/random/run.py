#!/usr/bin/env python3
"""make random: random programs over the whole API, compared with a model, in user mode Linux.
make random-smp: the same on x86_64 with several CPUs, on the kernel of kunit-smp, with allocations that fail.

The module makes programs of seeds. One that fails is executed again with parts of it left out, until none is left that
can be missed, and is printed with its seed. OPERATIONS=n in the environment says how many operations there are.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from kunit import noise
from lib import boot
from lib.common import BUILD, LOGS, Failure, duration, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import SERIES, Kernel
from lib.kernel_log import new_complaints
from lib.smp import SMP
from tree import ensure_tree

HERE = Path(__file__).resolve().parent
NAME = "random_programs"
LENGTH = 300  # operations of a program, of which half have something to do
LENGTH_THREADS = 1000
THREADS = 4  # the flag of the module for programs of several threads
OPERATIONS = 100_000
ON_TWO = 5  # the part of them that is also executed on two CPUs, which take several times as long
PACE = 0.02  # seconds for an operation, at worst, in an emulator on a busy host
LIMIT = 5 * 60  # seconds for a boot; UML takes a tenth of that
REPLAY_LIMIT = 45  # seconds for one program; the module waits for 10 before it calls something a hang
SHRINK = 3 * 60  # seconds for making a program shorter
FAILED = re.compile(rf"{NAME}: FAILED: (.*)")
DETAIL = re.compile(rf"{NAME}: ((?:expected|got|seed|work|executed|helper:|queue) .*)")
SEED = re.compile(rf"{NAME}: program (\d+) (\d+)$", re.M)
WORD = re.compile(rf"{NAME}: word \d+ ([0-9a-f]{{8}}) (.*)")
STEP = re.compile(rf"{NAME}: ( +\S.*|\d+: .*)")
DONE = re.compile(rf"{NAME}: operations: (\d+)")
PASSED = re.compile(r"init: passed (\d+) programs in (\d+) ms")
# For the model, which knows of one pool of workers for all unbound queues.
ONE_LINE = "workqueue.default_affinity_scope=system"
UNLOADED = "init: unloaded"
SCANNED = "init: kmemleak scanned"
HANG = "a hang"


@dataclass
class Outcome:
    """What came of a boot."""

    what: str = ""  # in one line, what has failed
    details: list[str] = field(default_factory=list)
    seed: int = 0
    flags: int = 0  # of that program
    words: list[str] = field(default_factory=list)
    operations: int = 0
    text: str = ""


def judge(text: str, ended: bool, known: Counter[str]) -> Outcome:
    outcome = Outcome(text=text, words=[m[1] for m in WORD.finditer(text)],
                      operations=sum(int(m[1]) for m in DONE.finditer(text)))
    if seeds := SEED.findall(text):
        outcome.flags, outcome.seed = int(seeds[-1][0]) & THREADS, int(seeds[-1][1])
    if failed := FAILED.search(text):
        outcome.what = failed[1].strip()
        outcome.details = [m[1].strip() for m in DETAIL.finditer(text[failed.start():])]
    elif noise := new_complaints(text, known):
        outcome.what, outcome.details = noise[0], noise
    elif not ended:
        outcome.what = HANG
    elif UNLOADED not in text:
        outcome.what = "the program of user space did not get to its end"
    return outcome


def module(kernel: Kernel) -> Path:
    built = BUILD / f"{kernel.objects.name}-random"
    kernel.make("module-random", f"M={HERE}", f"MO={built}", "modules")
    return built / f"{NAME}.ko"


def make_root(root: Path, built: Path, plan: str) -> Path:
    boot.make_root(root, HERE / "init.c")
    shutil.copy(built, root)
    (root / "plan").write_text(plan + "\n")
    return root


@dataclass(frozen=True)
class Machine:
    """A UML kernel with the module."""

    kernel: Kernel
    built: Path
    cpus: int = 1
    known: Counter[str] = field(default_factory=Counter)

    def boot(self, plan: str, log: Path, *options: str, limit: int = LIMIT) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="random-", dir=BUILD) as directory:
            root = make_root(Path(directory) / "root", self.built, plan)
            text, ended = boot.uml(self.kernel, root, " ".join((boot.OPTIONS, ONE_LINE, *options)), log, limit, memory="512M",
                                   cpus=self.cpus, quiet=self.cpus > 1)
        return judge(text, ended, self.known)


def machine(kernel: Kernel) -> Machine:
    return Machine(kernel, module(kernel))


def shrink(words: list[str], fails: Callable[[list[str]], bool], limit: float) -> list[str]:
    """Leaves parts out as long as that takes no longer than `limit` seconds. What is left fails."""
    end = time.monotonic() + limit
    parts = 2
    while len(words) > 1 and time.monotonic() < end:
        size = -(-len(words) // parts)
        for start in range(0, len(words), size):
            rest = words[:start] + words[start + size:]
            if time.monotonic() < end and rest and fails(rest):
                words, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(words), 2 * parts)
    return words


def explain(machine: Machine, outcome: Outcome, *options: str) -> None:
    """Prints the shortest program that fails in the same way."""
    log = LOGS / "random-replay.log"

    def replay(words: list[str], flags: int = 0) -> Outcome:
        return machine.boot(f"words {flags | outcome.flags} {' '.join(words)}", log, *options, limit=REPLAY_LIMIT)

    words = outcome.words
    if not words:
        # It has not lived long enough to print its program.
        length = LENGTH_THREADS if outcome.flags else LENGTH
        words = machine.boot(f"seeds {2 | outcome.flags} {outcome.seed} 1 {length}", log, *options, limit=REPLAY_LIMIT).words
    if not words or not (first := replay(words)).what:
        say("    the program alone does not fail: it depends on time, or on programs before it")
        return
    with step(f"making {len(words)} operations fewer"):
        words = shrink(words, lambda rest: replay(rest).what == first.what, SHRINK)
    last = replay(words, 1)
    say(f"    {len(words)} operations are enough:")
    for line in STEP.findall(last.text):
        say(f"      {line}")
    for line in (last.what, *last.details):
        say(paint(f"      {line}", "31"))
    how = ("--threads " if outcome.flags else "") + (f"--cpus {machine.cpus} " if machine.cpus > 1 else "")
    say(f"    again: tests/random/run.py {how}--words '{' '.join(words)}'")


def tell(outcome: Outcome) -> None:
    say(paint(f"    seed {outcome.seed}: {outcome.what}", "31"))
    for line in outcome.details:
        say(f"      {line}")


def how_many() -> int:
    text = os.environ.get("OPERATIONS") or str(OPERATIONS)
    if not text.isdecimal() or not int(text):
        raise Failure(f"OPERATIONS={text} is not a number of operations")
    return int(text)


def programs(flags: int, operations: int, first: int, length: int) -> str:
    return f"seeds {flags} {first} {max(1, operations // length)} {length}"


def plan(operations: int, first: int) -> str:
    """Half of the operations by one thread, half of which have nothing to do, and half of them by several threads."""
    return "\n".join((programs(0, operations, first, LENGTH), programs(THREADS, operations // 2, first, LENGTH_THREADS)))


def smp_plan(operations: int, first: int) -> str:
    """A tenth by one thread, since each of these takes the time of many others; a part with allocations that fail."""
    few = operations // 10
    return "\n".join((programs(0, few, first, LENGTH), programs(THREADS, operations // 2, first, LENGTH_THREADS),
                      "failing 5 own", programs(0, few, first + 1_000_000, LENGTH),
                      "failing 1 all", programs(THREADS, operations - operations // 2 - few, first + 1_000_000, LENGTH_THREADS)))


def in_uml(given: argparse.Namespace) -> None:
    if not given.built:
        ensure_tree()
        with step("UML kernel"):
            SERIES.build()
    with step("module"):
        here = machine(SERIES)
    log = SERIES.log("random")
    if given.words:
        there = replace(here, cpus=given.cpus, known=noise() if given.cpus > 1 else Counter())
        outcome = there.boot(f"words {1 | given.threads * THREADS} {given.words}", log, limit=REPLAY_LIMIT)
        for line in STEP.findall(outcome.text):
            say(f"    {line}")
        finish("random", outcome, log, lambda: None)
    two = replace(here, cpus=2, known=noise())
    few = SERIES.log("random-2")
    limit = max(LIMIT, int(PACE * how_many()))
    with step("programs"), ThreadPoolExecutor(1) as pool:
        beside = pool.submit(two.boot, programs(0, how_many() // ON_TWO, given.seed, LENGTH), few, limit=limit)
        outcome = here.boot(plan(how_many(), given.seed), log, limit=limit)
        other = beside.result()
    if other.what:
        if outcome.what:
            tell(outcome)
        finish("random", other, few, lambda: explain(two, other))
    if not outcome.what:
        must_have_scanned(other, few)
    say(f"    on two CPUs: {passed(other)} programs, {other.operations} operations")
    finish("random", outcome, log, lambda: explain(here, outcome))


def passed(outcome: Outcome) -> int:
    return sum(int(m[1]) for m in PASSED.finditer(outcome.text))


def must_have_scanned(outcome: Outcome, log: Path) -> None:
    if SCANNED not in outcome.text:
        raise Failure(f"kmemleak has not looked for what is left; the log: {rel(log)}")


def finish(verb: str, outcome: Outcome, log: Path, explain: Callable[[], None]) -> NoReturn:
    if outcome.what:
        tell(outcome)
        explain()
        verdict(verb, False, f"seed {outcome.seed}: {outcome.what}; the log: {rel(log)}")
    must_have_scanned(outcome, log)
    seconds = sum(int(m[2]) for m in PASSED.finditer(outcome.text)) / 1000
    verdict(verb, True, f"{passed(outcome)} passed, 0 failed (programs, with {outcome.operations} operations, {duration(seconds)}); "
            f"the log: {rel(log)}")


def several_cpus(given: argparse.Namespace) -> None:
    ensure_tree()
    known = SMP.baseline()
    if not given.built:
        SMP.build_series()
    with step("module"):
        built = module(SMP.series)
    root, log = BUILD / "random-smp-root", LOGS / "smp-random.log"
    make_root(root, built, smp_plan(how_many(), given.seed))
    with step(f"programs on {SMP.cpus} CPUs"):
        text = SMP.emulate(log, root, f"{boot.OPTIONS} {ONE_LINE} -- restart", limit=max(SMP.limit, int(PACE * how_many())))
    # Of the worker pools, which try again.
    known.update({f"workqueue: Failed to {what}": len(text)
                  for what in ("allocate a worker", "create a worker thread: -ENOMEM")})
    outcome = judge(text, True, known)
    finish("random-smp", outcome, log, lambda: say(f"    again: tests/random/run.py smp --seed {outcome.seed}"))


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("verb", nargs="?", choices=("uml", "smp"), default="uml", help="what to boot (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=1, metavar="N", help="of the first program")
    arguments.add_argument("--words", metavar="LIST", help="executes one program, and tells of its operations")
    arguments.add_argument("--threads", action="store_true", help="with --words: it is a program of several threads")
    arguments.add_argument("--cpus", type=int, choices=(1, 2), default=1, help="with --words: on how many (default: %(default)s)")
    arguments.add_argument("--built", action="store_true", help="takes the kernels as they are")
    given = arguments.parse_args()
    verb, execute = {"uml": ("random", in_uml), "smp": ("random-smp", several_cpus)}[given.verb]
    with reporting(verb), lock(given.verb):
        execute(given)


if __name__ == "__main__":
    main()
