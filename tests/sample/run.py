#!/usr/bin/env python3
"""make sample: walks through the sample driver and the test modules from user space, in user mode Linux.
make sample-smp: the same on x86_64 with several CPUs, on the kernel of kunit-smp.

The walk (tests/sample) checks what user space sees. It writes to the kernel log, so what it does and
what the modules say are in one order, with the times of one clock: that is checked here.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import boot
from lib.common import BUILD, LOGS, Failure, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import SERIES, Kernel
from lib.kernel_log import must_be_silent
from lib.results import Counts
from lib.smp import SMP
from tree import ensure_tree

HERE = Path(__file__).resolve().parent
SCANNED = re.compile(r"walk: leaks: kmemleak scanned$", re.M)
LOCKDEP = re.compile(r"possible circular locking dependency detected")
MODULES_OF_TESTS = ("lab", "failing_init", "task_work_owner", "restless", "kept", "deadlock")
INIT = ("walk.c", "lesson.c", "lab.c", "exercises.c", "task_work.c", "owner.c", "unloading.c", "restless.c",
        "kept.c")
MODULE = "samples/rust/rust_workqueue.ko"
LIMIT = 10 * 60  # seconds for UML, which takes two or three minutes
SMP_LIMIT = 30 * 60  # seconds for the emulator, which takes ten minutes
LINE = re.compile(r"^\[ *(\d+\.\d+)\](?:\[ *[TC]\d+\])? (walk|rust_workqueue|lab): (.*)$", re.M)

# Everything has ended in these sections, also what repeats itself until it is stopped.
SILENT = ("closed", "stopped", "backlog, unloaded")
# The sample says nothing. What it does is in its events, which the walk writes to the log.
LESSON = ("load", "kick (1, 3)", "busy (2)", "repeat (4)", "ordered pair (5, 7, 9)", "pair (5, 7, 9)",
          "pair of high priority (5, 7, 9)", "delay (6)", "modify (6)", "cancel (6)", "stop (8)", "CPU (9)", "errors", "full",
          "close (8)", "close, delayed (8)", "unload")
ENDLESS = re.compile(r"Repeat \d{5,}")
# What the module logs in a section, in this order.
EXPECTED = {
    **{name: [] for name in SILENT},
    **{f"lesson, {name}": [] for name in LESSON},
    "kick": ["Kick 42"],
    "repeat": [f"Repeat {n}" for n in range(5, 0, -1)],
    "stop": [],
    "ordered pair": 3 * ["Slow 0", "Quick 0"],
    "delay": ["Delayed 0"],
    "delay, modified": ["Delayed 0"],
    "delay, cancelled": ["Delayed 0"],
    "closure": ["Closure 7"],
    "burst": 20 * ["Burst 1"],
    "limit, events": [*(64 * ["Burst 1"]), "Closure 3", "Closure 4"],
    "limit, files": ["Kick 1"],
    "close": ["Slow 0", "Quick 0", "Kick 5"],
    "errors": ["Closure 1", "Closure 2"],
    "unload": [],
    "task work, cancelled": [],
    "task work, unload": ["TaskWork 0"],
    "task work, unloaded": ["Loading with a backlog of 0"],
    "backlog": ["Loading with a backlog of 8", *(f"Backlog {n}" for n in range(1, 9))],
}
# How many seconds after the beginning of a section its last line is logged, at least.
DURATION = {"repeat": 0.05, "ordered pair": 0.9, "delay": 2, "delay, modified": 0.5, "close": 0.3, "backlog": 0.4}
TICK = 0.02  # The clock of the log may be as coarse as that, and differ as much between CPUs.
# Where the module is loaded again and again.
LOADS = {"many times": 200, "under load": 50}
QUICK = 10  # the part of that which a quick walk has
LONG = {*LOADS, "restless", "limit, closures", "limit, events"}  # The timeline does without the lines of the module.


@dataclass
class Section:
    name: str
    start: float
    lines: list[tuple[float, str, str]] = field(default_factory=list)  # time, who, text

    def module(self) -> list[tuple[float, str]]:
        return [(time, text.partition(" by thread ")[0]) for time, who, text in self.lines if who != "walk"]


def sections(text: str) -> list[Section]:
    found = [Section("start", 0)]
    for time, who, words in LINE.findall(text):
        name, _, rest = words.partition(": ")
        if who == "walk" and rest == "begins":
            found.append(Section(name, float(time)))
        else:
            found[-1].lines.append((float(time), who, rest if who == "walk" else words))
    return found


def timeline(walk: list[Section]) -> None:
    for section in walk:
        say(f"  {section.start:7.3f} s  {paint(section.name, '1')}")
        for time, who, text in section.lines:
            if who == "walk":
                say(f"  {time:7.3f} s    " + (paint(text, "31") if text.startswith("FAIL") else text))
            elif section.name not in LONG:
                say(f"  {time:7.3f} s    " + paint("| " + text, "2"))


def log_problems(walk: list[Section], quick: bool = False) -> list[str]:
    """What is wrong with order and times of the lines in the kernel log."""
    problems = []
    # Where several CPUs log at once, an emulated one may be stopped between reading the clock and logging.
    times = [time for section in walk if section.name not in LONG for time, _ in section.module()]
    if any(later < earlier - TICK for earlier, later in pairwise(times)):
        problems.append("the times of the module's lines are not in order")
    for name in {*EXPECTED, *LOADS} - {section.name for section in walk}:
        problems.append(f"{name}: not in the log")
    for section in walk:
        texts = [text for _, text in section.module() if section.name in SILENT or not ENDLESS.match(text)]
        if texts != EXPECTED.get(section.name, texts):
            problems.append(f"{section.name}: the module logged {', '.join(texts) or 'nothing'}")
        last = max((time for time, _ in section.module()), default=section.start)
        if last - section.start < DURATION.get(section.name, 0) - TICK:
            problems.append(f"{section.name}: took {last - section.start:.3f} s only")
        if section.name in LOADS:
            problems += loads_problems(section.name, texts, LOADS[section.name] // (QUICK if quick else 1))
    return problems


def loads_problems(name: str, texts: list[str], times: int) -> list[str]:
    """Whatever else happens: between two loads, the backlog is executed once, and what is delayed by an hour never."""
    problems = []
    starts = [n for n, text in enumerate(texts) if text.startswith("Loading ")]
    if len(starts) != times:
        problems.append(f"{name}: loaded {len(starts)} times, not {times}")
    for start, end in zip(starts, [*starts[1:], len(texts)]):
        length = int(texts[start].rpartition(" ")[2])
        count = Counter(texts[start:end])
        if count["Backlog 1"] != length or count["Closure 0"]:
            problems.append(f"{name}: backlog of {length}, {count['Backlog 1']} items and {count['Closure 0']} "
                            "delayed closures executed")
        if name == "many times" and not count["Kick 1"] == count["Closure 1"] == 1:
            problems.append(f"{name}: {count['Kick 1']} items and {count['Closure 1']} closures executed for one of each")
    return problems


def make_root(root: Path, kernel: Kernel) -> None:
    """A directory with the programs and the modules."""
    boot.make_root(root, *(HERE / name for name in INIT))
    boot.static_program(root / "binder", HERE / "binder.c")
    shutil.copy(kernel.objects / MODULE, root)
    for module in MODULES_OF_TESTS:
        kernel.add_module(HERE / module, root)
    must_outlive(root / "kept.ko")


def must_outlive(kept: Path) -> None:
    """C reads the name of the lock class of a closure when that has given up its module."""
    binary = kept.read_bytes()
    if b"KeptClosure" not in binary:
        raise Failure(f"{rel(kept)} has no closure that keeps its module")
    if b"Queue::try_spawn_in_module" in binary:
        raise Failure(f"{rel(kept)} has the name of the lock class of its closure, which is used without the module")


def lockdep_problems(text: str) -> list[str]:
    """Lockdep must tell of the module that waits for a queue under a lock that an item takes."""
    if LOCKDEP.search(text) and "(wq_completion)deadlock" in text and "Deadlock::number" in text:
        return []
    return ["deadlock: lockdep did not tell"]


def report(verb: str, text: str, log: Path, known: Counter[str], quick: bool = False) -> None:
    walk = sections(text)
    timeline(walk)
    end = re.search(r"walk: end: (\d+) passed, (\d+) failed$", text, re.M)
    if not end:
        raise Failure(f"the walk did not get to its end; the log: {rel(log)}")
    if not SCANNED.search(text):
        raise Failure(f"kmemleak has not looked for what is left; the log: {rel(log)}")
    text, _, last = text.partition("walk: deadlock: begins")
    problems = [*log_problems(walk, quick), *lockdep_problems(last)]
    for problem in problems:
        say(paint(f"    kernel log, FAIL: {problem}", "31"))
    must_be_silent(text, known, log)
    checked = 1 + len(EXPECTED) + len(DURATION) + len(LOADS) + 1
    total = Counts(int(end[1]) + max(0, checked - len(problems)), int(end[2]) + len(problems), 0)
    say(f"    kernel log: {checked} checks of order and times, {len(problems)} failed")
    verdict(verb, total.failed == 0, f"{total}; the log: {rel(log)}")


def options(*words: str) -> str:
    """For the kernel, and the words for its init."""
    return " ".join([boot.OPTIONS, *(["--"] if words else []), *words])


def in_uml(kernel: Kernel, log: Path, *words: str) -> tuple[str, bool]:
    """What the kernel says, and whether it has ended within the limit."""
    root = BUILD / f"{kernel.name}-sample-root"
    make_root(root, kernel)
    return boot.uml(kernel, root, options(*words), log, LIMIT)


def one_cpu(quick: bool) -> None:
    log = SERIES.log("sample")
    with step("UML kernel"):
        SERIES.build()
    with step("walk through the sample"):
        text, ended = in_uml(SERIES, log, *["quick"] * quick)
    if not ended:
        timeline(sections(text))
        raise boot.hang(LIMIT, log)
    report("sample", text, log, Counter(), quick)


def several_cpus(quick: bool) -> None:
    known = SMP.baseline()
    SMP.build_series()
    root, log = BUILD / "sample-smp-root", LOGS / "smp-sample.log"
    with step(f"walk through the sample on {SMP.cpus} CPUs"):
        make_root(root, SMP.series)
        text = SMP.emulate(log, root, options("reboot", *["quick"] * quick), limit=SMP_LIMIT)
    report("sample-smp", text, log, known, quick)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("machine", nargs="?", choices=("uml", "smp"), default="uml", help="what to boot (default: %(default)s)")
    arguments.add_argument("--quick", action="store_true", help="load modules a tenth as often")
    given = arguments.parse_args()
    if given.machine == "smp":
        with reporting("sample-smp"), lock("smp"):
            ensure_tree()
            several_cpus(given.quick)
    else:
        with reporting("sample"), lock("uml"):
            ensure_tree()
            one_cpu(given.quick)


if __name__ == "__main__":
    main()
