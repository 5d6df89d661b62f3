#!/usr/bin/env python3
"""make seeded: one kernel with all bugs of bugs/ in it, booted once for each of them.

A bug is reported if the test says so that its file names. One that no test reports is a survivor, which is a failure
unless its file gives a reason.
"""

from __future__ import annotations

import datetime
import os
import random
import re
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.boot import uml
from lib.common import BUILD, LOGS, Failure, lock, paint, parser, rel, reporting, say, step, verdict, worktree
from lib.kernel import SERIES
from lib.kernel_log import complaints
from lib.results import FAILED, ktap
from tests.seeded.bug_file import DECLARATION, Bug, put_in, read_all
from tree import ensure_tree

KERNEL = replace(SERIES, source=BUILD / "seeded-src", objects=BUILD / "seeded", name="seeded")
# Nobody looks for leaks at the end, and debug objects would speak before the tests do.
FAST = "kmemleak=off no_debug_objects"
LIMIT = 45  # seconds for a boot, which takes a few
PARALLEL = 4 * (os.cpu_count() or 2)  # the tests wait most of the time
ALL = "rust_*work*"
WORDS = re.compile(r"# (\w+): (?:ASSERTION|EXPECTATION) FAILED at (\S+)\n\s*(Expected .*)")
Report = tuple[str, str, str]  # the kind of the test, its name, what it says
END = "reboot: System halted"
HANG = "the kernel did not finish its tests"
SELECT_C = """
/* Which of the seeded bugs there is. */
int seeded_bug;
EXPORT_SYMBOL_GPL(seeded_bug);
core_param(seeded_bug, seeded_bug, int, 0444);
"""
SELECT_RUST = """
/// Whether the kernel has been booted with a bug.
#[doc(hidden)]
#[inline]
pub fn seeded_bug(number: i32) -> bool {
    // SAFETY: It is set at boot and never changed.
    unsafe { (&raw const bindings::seeded_bug).read() == number }
}
"""


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def prepare() -> None:
    """The sources, and what `make kunit` has compiled of them, in a place of its own."""
    worktree(KERNEL.source, "series")
    if not KERNEL.objects.exists():
        with lock("uml"):
            if SERIES.objects.exists():
                KERNEL.begin_as(SERIES)


def build(bugs: list[Bug]) -> None:
    prepare()
    put_in(KERNEL.source, bugs)
    append(KERNEL.source / "kernel/workqueue.c", SELECT_C)
    # Not in a header that all of C includes.
    append(KERNEL.source / "rust/bindings/bindings_helper.h", "\n" + DECLARATION)
    append(KERNEL.source / "rust/kernel/lib.rs", SELECT_RUST)
    KERNEL.build()


def tests_of(bug: Bug) -> str:
    """What to boot with the bug: the test that has to report it, as others may crash before; the suite, if several have to."""
    named = [name for kind, name in bug.reported_by if kind == "kunit"]
    if len(named) == len(bug.reported_by) == 1:
        return named[0]
    suites = {name.partition(".")[0] for name in named}
    return suites.pop() if len(suites) == 1 and len(named) == len(bug.reported_by) else ALL


def boot(number: int, name: str, glob: str = ALL) -> str:
    """What the kernel printed with this bug."""
    log = LOGS / "seeded" / f"{name}.log"
    text, _ = uml(KERNEL, None, f"kunit_shutdown=halt {FAST} kunit.filter_glob={glob} seeded_bug={number}", log, LIMIT,
                  memory="512M", quiet=True)
    return text


def reports(text: str) -> list[Report]:
    """What the tests of a boot have reported."""
    words = {m[1]: f"{m[3]} at {m[2]}" for m in WORDS.finditer(text)}
    found: list[Report] = [("kunit", name, words.get(name.rpartition(".")[2], "failed")) for name, status in ktap(text) if status == FAILED]
    found += [("log", line, line) for line in complaints(text)]
    if END not in text:
        found.append(("log", HANG, HANG))
        # It may have died after an assertion had failed, and before it told the result.
        suite, _, last = text.rpartition("# Subtest: ")[2].partition("\n")
        ended = {name for name, _ in ktap(text)}
        found += [("kunit", name, words[m[1]]) for m in WORDS.finditer(last) if (name := f"{suite}.{m[1]}") not in ended]
    return found


def told_by(reporter: tuple[str, str], found: list[Report]) -> list[str]:
    """What that has said: a test, or a line with these words."""
    kind, name = reporter
    return [words for k, test, words in found if k == kind and (name == test if kind in ("kunit", "compile") else name in test)]


def judge(bug: Bug) -> tuple[bool, str]:
    """Boots the kernel with the bug. Returns whether it is as its file says, and words for that."""
    found = reports(boot(bug.number, bug.name, tests_of(bug)))
    if bug.survives:
        return not found, f"survives: {bug.survives}" if not found else f"does not survive: {found[0][1]}: {found[0][2]}"
    told = ""
    for reporter in bug.reported_by:
        words = told_by(reporter, found)
        if not words:
            others = "; ".join(f"{k} {test}" for k, test, _ in found[:3]) or "nothing"
            return False, f"{' '.join(reporter)} did not report it; what did: {others}"
        told = told or f"{reporter[1]}: {words[0]}"
    return True, told


def table(bugs: list[Bug], wrong: set[str]) -> None:
    """The score of each file."""
    count = Counter(bug.edits[0].file for bug in bugs)
    for file in sorted(count):
        here = [bug for bug in bugs if bug.edits[0].file == file]
        reported = sum(bool(bug.reported_by) and bug.name not in wrong for bug in here)
        survivors = sum(bool(bug.survives) for bug in here)
        say(f"    {file:<48} {reported:3} of {len(here) - survivors:3} reported"
            + (f", {survivors} cannot be" if survivors else ""))


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("name", nargs="*", help="only these bugs")
    arguments.add_argument("--some", type=int, metavar="N", help="only N of those that a single suite reports, others each day")
    given = arguments.parse_args()
    with reporting("seeded"), lock("seeded"):
        ensure_tree()
        every = read_all()
        if unknown := set(given.name) - {bug.name for bug in every}:
            raise Failure("no such bug: " + ", ".join(sorted(unknown)))
        bugs = [bug for bug in every if not given.name or bug.name in given.name]
        if given.some:
            bugs = [bug for bug in bugs if tests_of(bug) != ALL]
            bugs = random.Random(datetime.date.today().isoformat()).sample(bugs, min(given.some, len(bugs)))
        with step(f"one kernel with {len(every)} bugs"):
            build(every)
        with step("the same without any of them"):
            if found := reports(boot(0, "none")):
                raise Failure("without a bug, there are reports already: " + ", ".join(f"{k} {t}" for k, t, _ in found))
        with step(f"{len(bugs)} boots"):
            start, wrong = time.monotonic(), set()
            with ThreadPoolExecutor(PARALLEL) as pool:
                for done, (bug, (right, words)) in enumerate(zip(bugs, pool.map(judge, bugs)), 1):
                    if not right:
                        wrong.add(bug.name)
                        say("    " + paint(f"{bug.name}: {words}", "31"))
                    elif done % 10 == 0:
                        say(f"    … {done} of {len(bugs)} in {time.monotonic() - start:.0f} s; {bug.name}: {words}")
        table(bugs, wrong)
        verdict("seeded", not wrong, f"{len(bugs) - len(wrong)} passed, {len(wrong)} failed (bugs that were reported as their "
                f"file says, and that were not); the logs: {rel(LOGS / 'seeded')}")


if __name__ == "__main__":
    main()
