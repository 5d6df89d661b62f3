#!/usr/bin/env python3
"""make bh-drain: work that is queued on a BH workqueue while that is drained or destroyed.

Boots user mode Linux with several CPUs and a module in C (bh_drain.c). What the items of the queue
themselves queue must be executed, without a warning. What comes from elsewhere must be refused, with one
warning and nothing else, until the memory of the queue is freed.

make bh-drain-x86: on emulated x86_64 with lockdep, and with a CPU that goes offline meanwhile.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import boot
from lib.common import BUILD, duration, edited_tree, lock, paint, parser, rel, reporting, say, step, verdict, worktree
from lib.kernel import Kernel
from lib.kernel_log import COMPLAINT, PREFIX
from tree import ensure_tree

HERE = Path(__file__).resolve().parent
SOURCE = BUILD / "bh-drain-src"
CPUS = 3  # the module says what each is for
LIMIT = 3 * 60  # seconds for one boot, which takes a few

# Chained work, with CPUs that can go offline, and work from elsewhere.
EXECUTED = ("self-drain", "self-drain-highpri", "self-destroy", "self-destroy-highpri", "pair-drain", "pair-destroy")
DEAD_CPU = ("dead-cpu", "dead-cpu-highpri")
REFUSED = ("thread", "hardirq", "timer", "tasklet-after-item", "other-queue",
           "all-the-time", "all-the-time-highpri", "destroyed", "destroyed-highpri")
# How the kernel says that it refuses: these lines, once each.
REFUSAL = (re.compile(r"workqueue: cannot queue late_fn \[bh_drain\] on wq bh_drain$"),
           re.compile(r"WARNING: kernel/workqueue\.c:\d+ at __queue_work\+"))
LINE = re.compile(r"bh_drain: ([a-z-]+): (.*)$")


@dataclass(frozen=True)
class Machine:
    kernel: Kernel
    cases: tuple[str, ...]

    @property
    def log(self) -> Path:
        return self.kernel.log("run")

    def build_root(self) -> Path:
        """A directory with the module, the program that loads it, and the names of the cases."""
        root = self.kernel.objects.with_name(f"{self.kernel.name}-root")
        boot.make_root(root, HERE / "init.c")
        self.kernel.add_module(HERE, root)
        if self.kernel.arch != "um":
            (root / "restart").touch()  # what ends the emulator
        (root / "cases").write_text("".join(f"{name}\n" for name in self.cases))
        return root

    def boot(self, root: Path) -> tuple[str, bool]:
        """What the kernel says, and whether it has ended within the limit."""
        if self.kernel.arch == "um":
            return boot.uml(self.kernel, root, boot.OPTIONS, self.log, LIMIT, memory="512M", cpus=CPUS)
        return boot.x86(self.kernel, root, boot.OPTIONS, self.log, LIMIT, cpus=CPUS)


def machine(name: str, arch: str, config: str, cases: tuple[str, ...]) -> Machine:
    return Machine(Kernel(SOURCE, BUILD / name, name, (HERE / config,), arch), cases)


MACHINES = {
    "uml": machine("bh-drain", "um", "uml.config", EXECUTED + REFUSED),
    "x86": machine("bh-drain-x86", "x86_64", "x86.config", EXECUTED + DEAD_CPU + REFUSED),
}


@dataclass
class Case:
    """What the kernel log says from the beginning of a case to its end."""

    name: str
    ended: bool = False
    words: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def read(text: str) -> tuple[dict[str, Case], list[str]]:
    """The cases, and the complaints before, between and after them."""
    found: dict[str, Case] = {}
    outside: list[str] = []
    now: Case | None = None
    for line in text.splitlines():
        words = PREFIX.sub("", line.strip())
        if m := LINE.match(words):
            if m[2] == "begins":
                now = found[m[1]] = Case(m[1])
            elif now and m[2] in ("PASS", "FAIL"):
                now.ended, now = True, None
            elif now:
                (now.problems if m[2].startswith("wrong: ") else now.words).append(m[2].removeprefix("wrong: "))
        elif COMPLAINT.search(words):
            (now.complaints if now else outside).append(words)
    return found, outside


def judge(case: Case) -> None:
    """Adds to the problems of a case what the kernel should not have said, or should have."""
    left = list(case.complaints)
    if case.name in REFUSED:
        for pattern in REFUSAL:
            if matching := [words for words in left if pattern.match(words)]:
                left.remove(matching[0])
            else:
                case.problems.append(f"the kernel did not say {pattern.pattern}")
    case.problems += left
    if not case.ended:
        case.problems.append("did not get to its end")


def report(text: str, ended: bool, on: Machine) -> None:
    found, outside = read(text)
    bad = 0
    for name in on.cases:
        case = found.get(name)
        if case is None:
            case = Case(name, problems=["was not begun"])
        else:
            judge(case)
        bad += bool(case.problems)
        say(f"    {name}: " + ("; ".join(case.words) if not case.problems else paint("; ".join(case.problems), "31")))
    for words in outside:
        say(paint(f"    not in a case: {words}", "31"))
    if not ended:
        say(paint(f"    the kernel did not end within {duration(LIMIT)}: a hang", "31"))
    if not (through := "init: all cases were run" in text):
        say(paint("    the kernel did not get through all cases", "31"))
    verdict(on.kernel.name, not bad and not outside and ended and through,
            f"{len(on.cases) - bad} passed, {bad} failed; the log: {rel(on.log)}")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--machine", choices=MACHINES, default="uml", help="what to boot (default: %(default)s)")
    given = arguments.parse_args()
    on = MACHINES[given.machine]
    with reporting(on.kernel.name), lock("bh-drain"):
        ensure_tree()
        worktree(SOURCE, edited_tree())
        with step("kernel and module"):
            on.kernel.build()
            root = on.build_root()
        with step(f"{len(on.cases)} cases on {CPUS} CPUs"):
            text, ended = on.boot(root)
        report(text, ended, on)


if __name__ == "__main__":
    main()
