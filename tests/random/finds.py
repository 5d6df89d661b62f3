#!/usr/bin/env python3
"""make random-finds: programs that are known to find seeded bugs must still find them.

They and the bugs are in finds.txt, which --search writes anew. A bug that is named here is looked for, and the program
that finds it is made as short as possible.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import LOGS, Failure, lock, paint, parser, rel, reporting, say, step, verdict
from tests.random.run import LENGTH, LENGTH_THREADS, REPLAY_LIMIT, THREADS, Machine, Outcome, explain, machine, programs
from tests.seeded import run as seeded
from tests.seeded.bug_file import Bug, read_all
from tree import ensure_tree

FINDS = Path(__file__).resolve().parent / "finds.txt"
TRIES = 40  # programs of one thread that may find a bug
TRIES_THREADS = 10


def recorded() -> dict[str, tuple[int, int]]:
    """The flags and seeds of programs, by the bugs that they find."""
    lines = [line.split() for line in FINDS.read_text().splitlines() if line and not line.startswith("#")]
    return {name: (int(flags), int(seed)) for name, flags, seed, *_ in lines}


def boot_with(here: Machine, bug: Bug, plan: str) -> Outcome:
    log = LOGS / "random-finds" / f"{bug.name}.log"
    return here.boot(plan, log, seeded.FAST, f"seeded_bug={bug.number}", limit=REPLAY_LIMIT)


def search(here: Machine, bug: Bug) -> Outcome:
    outcome = boot_with(here, bug, programs(0, TRIES * LENGTH, 1, LENGTH))
    if not outcome.what:
        outcome = boot_with(here, bug, programs(THREADS, TRIES_THREADS * LENGTH_THREADS, 1, LENGTH_THREADS))
    return outcome


def again(here: Machine, bug: Bug, flags: int, seed: int) -> Outcome:
    length = LENGTH_THREADS if flags else LENGTH
    return boot_with(here, bug, programs(flags, length, seed, length))


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("name", nargs="*", help="only these bugs, with the shortest programs")
    arguments.add_argument("--search", action="store_true", help="looks for seeds that find bugs, in all of them")
    arguments.add_argument("--built", action="store_true", help="takes the kernel as it is")
    given = arguments.parse_args()
    with reporting("random-finds"), lock("seeded"):
        bugs = {bug.name: bug for bug in read_all()}
        if not given.built:
            ensure_tree()
            with step("one kernel with all bugs"):
                seeded.build(read_all())
        with step("module"):
            here = machine(seeded.KERNEL)
        before = {} if given.search else recorded()
        if unknown := (set(before) | set(given.name)) - set(bugs):
            raise Failure("no such bug: " + ", ".join(sorted(unknown)))
        names = sorted(set(given.name) or set(before) or set(bugs))
        with step("the kernel without any of them"):
            if (outcome := search(here, Bug("none", 0, "no bug"))).what:
                raise Failure(f"without a bug, seed {outcome.seed}: {outcome.what}")
        found = []

        def job(name: str) -> Outcome:
            return again(here, bugs[name], *before[name]) if name in before else search(here, bugs[name])

        with step(f"{len(names)} bugs"), ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for name, outcome in zip(names, pool.map(job, names)):
                words = "; ".join([outcome.what, *outcome.details[:2]])
                say(f"    {name:<45} " + (f"seed {outcome.seed}: {words}" if outcome.what else paint("not found", "31")))
                if outcome.what:
                    found.append(f"{name} {outcome.flags} {outcome.seed}  {outcome.what}")
                if outcome.what and given.name:
                    explain(here, outcome, seeded.FAST, f"seeded_bug={bugs[name].number}")
        if given.search and not given.name:
            head = "# Seeded bugs, the flags and the seed of a program that finds them, and what it says.\n"
            FINDS.write_text(head + "".join(f"{line}\n" for line in found))
            say(f"    written to {rel(FINDS)}")
        verdict("random-finds", given.search or len(found) == len(names),
                f"{len(found)} passed, {len(names) - len(found)} failed (seeded bugs that were found, and that were not); "
                f"the logs: {rel(LOGS / 'random-finds')}")


if __name__ == "__main__":
    main()
