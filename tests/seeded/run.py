#!/usr/bin/env python3
"""make seeded: one kernel with all bugs of bugs/ in it, booted once for each of them.

A bug is reported if the test says so that its file names. One that no test reports is a survivor, which is a failure
unless its file gives a reason.
"""

from __future__ import annotations

import argparse
import datetime
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

from bug_file import DECLARATION, Bug, put_in, read_all  # noqa: E402
from common import BUILD, LOGS, Failure, environment, lock, paint, rel, reporting, say, step, verdict, worktree  # noqa: E402
from kernel_log import complaints  # noqa: E402
from kunit import Uml  # noqa: E402
from tree import ensure_tree  # noqa: E402

KERNEL = Uml(BUILD / "seeded-src", BUILD / "seeded", "seeded")
LIMIT = 45  # seconds for a boot, which takes a few
PARALLEL = 4 * (os.cpu_count() or 2)  # the tests wait most of the time
ALL = "rust_*work*"
FAILED = re.compile(r"# (\w+): (?:ASSERTION|EXPECTATION) FAILED at (\S+)\n\s*(Expected .*)")
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


def build(bugs: list[Bug]) -> None:
    worktree(KERNEL.source, "series")
    put_in(KERNEL.source, bugs)
    append(KERNEL.source / "kernel/workqueue.c", SELECT_C)
    # Not in a header that all of C includes.
    append(KERNEL.source / "rust/bindings/bindings_helper.h", "\n" + DECLARATION)
    append(KERNEL.source / "rust/kernel/lib.rs", SELECT_RUST)
    KERNEL.build()


def suites(bug: Bug) -> str:
    """Those that have to report the bug, if that is one."""
    named = {name.partition(".")[0] for kind, name in bug.reported_by if kind == "kunit"}
    return named.pop() if len(named) == len({kind for kind, _ in bug.reported_by}) == 1 else ALL


def boot(number: int, glob: str = ALL) -> str:
    """What the kernel printed with this bug."""
    log = LOGS / "seeded" / f"{number}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen([str(KERNEL.objects / "linux"), "mem=512M", "console=tty", "con=null", "con0=fd:0,fd:1",
                                    "kunit_shutdown=halt", f"kunit.filter_glob={glob}", f"seeded_bug={number}"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment(),
                                   start_new_session=True)
        try:
            process.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:
                os.killpg(process.pid, 9)
            except ProcessLookupError:
                pass
            process.wait()
    return log.read_text(errors="replace")


def reports(text: str) -> list[tuple[str, str, str]]:
    """What the tests of a boot have reported: kind, test, words."""
    found = []
    words = {m[1]: f"{m[3]} at {m[2]}" for m in FAILED.finditer(text)}
    suite = ""
    for line in text.splitlines():
        if subtest := re.match(r"^ +# Subtest: (\S+)", line):
            suite = subtest[1]
        elif failed := re.match(r"^ +not ok \d+ (\S+)", line):
            found.append(("kunit", f"{suite}.{failed[1]}", words.get(failed[1], "failed")))
    found += [("log", line, line) for line in complaints(text)]
    if END not in text:
        found.append(("log", HANG, HANG))
    return found


def judge(bug: Bug) -> tuple[bool, str]:
    """Boots the kernel with the bug. Returns whether it is as its file says, and words for that."""
    found = reports(boot(bug.number, suites(bug)))
    if bug.survives:
        return not found, f"survives: {bug.survives}" if not found else f"does not survive: {found[0][1]}: {found[0][2]}"
    told = ""
    for kind, name in bug.reported_by:
        words = [w for k, test, w in found if k == kind and (name in test if kind == "log" else name == test)]
        if not words:
            others = "; ".join(f"{k} {test}" for k, test, _ in found[:3]) or "nothing"
            return False, f"{kind} {name} did not report it; what did: {others}"
        told = told or f"{name}: {words[0]}"
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="only these bugs")
    parser.add_argument("--some", type=int, metavar="N", help="only N of those that a single suite reports, others each day")
    arguments = parser.parse_args()
    with reporting("seeded"), lock("seeded"):
        ensure_tree()
        every = read_all()
        if unknown := set(arguments.name) - {bug.name for bug in every}:
            raise Failure("no such bug: " + ", ".join(sorted(unknown)))
        bugs = [bug for bug in every if not arguments.name or bug.name in arguments.name]
        if arguments.some:
            bugs = [bug for bug in bugs if suites(bug) != ALL]
            bugs = random.Random(datetime.date.today().isoformat()).sample(bugs, min(arguments.some, len(bugs)))
        with step(f"one kernel with {len(every)} bugs"):
            build(every)
        with step("the same without any of them"):
            if found := reports(boot(0)):
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
