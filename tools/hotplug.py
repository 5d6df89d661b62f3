#!/usr/bin/env python3
"""make kunit-hotplug: CPUs that are not there, or go away, on the kernel of kunit-smp.

The suites run with one CPU online of several that are possible. Then random programs of several threads (tests/random)
use queues of all kinds while CPUs go offline and come back: each item that a queue has taken must be executed, returned
or dropped exactly once, wherever its CPU is. Their number depends on how long the CPUs take, and decides nothing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from lib import boot
from lib.common import BUILD, Failure, lock, parser, rel, reporting, say, step, verdict
from lib.kernel_log import must_be_silent
from lib.results import Counts
from lib.smp import SMP
from smp import suites
from tests.random import run as programs
from tree import ensure_tree

CPUS = 4  # so that two can be offline, and two are left
TIMES = 100
ONE = re.compile(r"smp: Brought up \d+ nodes?, 1 CPU$", re.M)
SEVERAL = re.compile(rf"smp: Brought up \d+ nodes?, {CPUS} CPUs$", re.M)
STUCK = re.compile(r"init: (there is no CPU .*|CPU \d+ cannot .*)")
TAKEN_DOWN = re.compile(r"init: CPUs went offline and came back (\d+) times")


def cpus_went(text: str, times: int) -> bool:
    """Whether CPUs have gone offline and come back so often, of as many as there should be."""
    gone = TAKEN_DOWN.search(text)
    return bool(SEVERAL.search(text)) and gone is not None and int(gone[1]) == times


def one_cpu() -> Counts:
    log = SMP.series.log("one-cpu")
    with step(f"suites on one of {SMP.cpus} CPUs"):
        text, total = suites(SMP, log, "maxcpus=1")
    if not ONE.search(text):
        raise Failure(f"the kernel does not say that it has one CPU; the log: {rel(log)}")
    must_be_silent(text, SMP.baseline(), log)
    return total


def cpus_that_go(times: int, seed: int) -> int:
    """Returns how many programs have been executed meanwhile."""
    with step("module"):
        root = programs.make_root(BUILD / "hotplug-root", programs.module(SMP.series),
                                f"hotplug {times}\n" + programs.programs(programs.THREADS, 1, seed, programs.LENGTH_THREADS))
    log = SMP.series.log("hotplug")
    with step(f"random programs on {CPUS} CPUs that go and come"):
        text = SMP.emulate(log, root, f"{boot.OPTIONS} -- restart", cpus=CPUS)
    if stuck := STUCK.search(text):
        raise Failure(f"{stuck[1]}; the log: {rel(log)}")
    outcome = programs.judge(text, True, SMP.baseline())
    if outcome.what:
        programs.tell(outcome)
        raise Failure(f"seed {outcome.seed}: {outcome.what}; the log: {rel(log)}")
    if not cpus_went(text, times):
        raise Failure(f"the CPUs did not go offline and come back {times} times; the log: {rel(log)}")
    passed = sum(int(m[1]) for m in programs.PASSED.finditer(text))
    say(f"    CPUs went offline and came back {times} times during {outcome.operations} operations of {passed} programs")
    return passed


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--times", type=int, default=TIMES, help="that a CPU goes (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=1, metavar="N", help="of the first program (default: %(default)s)")
    given = arguments.parse_args()
    with reporting("kunit-hotplug"), lock("smp"):
        ensure_tree()
        SMP.baseline()
        SMP.build_series()
        total = one_cpu()
        passed = cpus_that_go(given.times, given.seed)
        total = Counts(total.passed + passed, total.failed, total.skipped)
        verdict("kunit-hotplug", total.failed == 0, f"{total}; the logs: {rel(SMP.series.log('one-cpu'))}, "
                f"{rel(SMP.series.log('hotplug'))}")


if __name__ == "__main__":
    main()
