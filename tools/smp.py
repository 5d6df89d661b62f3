#!/usr/bin/env python3
"""make kunit-smp: the suites on x86_64 with several CPUs, lockdep, KASAN, debug objects, kmemleak.
make kunit-rt: the same without KASAN on PREEMPT_RT, where spinlocks sleep and softirqs have threads.

What the unpatched base complains about, with the same configuration, has been measured or is measured
first. It is known noise, and anything beyond it is a failure.
"""

from __future__ import annotations

import re
from pathlib import Path

from lib.common import Failure, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel_log import must_be_silent
from lib.results import FAILED, Counts, count, ktap, summary
from lib.smp import RT, SMP, Machine
from tree import ensure_tree

MACHINES = {machine.name: machine for machine in (SMP, RT)}


def rerun(text: str) -> Counts:
    """The results of the suites that init has run again."""
    part = re.search(r"^init: suites with failing allocations$(.*)^init: suites ended$", text, re.M | re.S)
    tests = ktap(part[1]) if part else []
    if not part or not tests or "# not tested" in part[1]:
        raise Failure("the suites were not run again with failing allocations")
    # What `tests/smp/init.c` starts anew.
    for pattern in ("rust_workqueue", "rust_task_work"):
        if not any(name.startswith(pattern) for name, _ in tests):
            raise Failure(f"no suite {pattern}* was run again with failing allocations")
    for name, status in tests:
        if status == FAILED:
            say(paint(f"    with failing allocations, FAIL: {name}", "31"))
    return count(tests)


def suites(machine: Machine, log: Path, *options: str) -> tuple[str, Counts]:
    """Boots the series; returns what the kernel says, and the totals of its suites."""
    text = machine.run(log, *options)
    result = log.with_suffix(".json")
    machine.series.parse(log, result)
    everything, ours = summary(result)
    again = rerun(text)
    say(f"    this series: {ours}; once more, with failing allocations: {again}")
    for figures in re.findall(r"^ *# (stress: .*)$", text, re.M):
        say(f"    {figures}")
    return text, Counts(everything.passed + again.passed, everything.failed + again.failed, everything.skipped)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("kernel", nargs="?", choices=MACHINES, default="smp", help="default: %(default)s")
    machine = MACHINES[arguments.parse_args().kernel]
    verb = f"kunit-{machine.name}"
    with reporting(verb), lock(machine.name):
        ensure_tree()
        known = machine.baseline()
        machine.build_series()
        log = machine.series.log("run")
        with step(f"suites on {machine.cpus} CPUs"):
            text, total = suites(machine, log)
        say(f"    the unpatched kernel's complaints: {sum(known.values())} lines of {len(known)} kinds")
        must_be_silent(text, known, log)
        verdict(verb, total.failed == 0, f"{total}, no new complaint; the log: {rel(log)}")


if __name__ == "__main__":
    main()
