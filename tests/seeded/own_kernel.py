#!/usr/bin/env python3
"""Puts each bug of own_kernel_bugs.py into the series, and makes sure that the tests that it names report it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import Failure, git, lock, paint, parser, reporting, say, step, verdict
from lib.kernel_log import complaints
from tests.compile.run import compile_all
from tests.sample import run as sample
from tests.seeded import run as seeded
from tests.seeded.own_kernel_bugs import BUGS, Bug
from tree import ensure_tree

KERNEL = seeded.KERNEL


def reports() -> list[seeded.Report]:
    """What every kind of test reports about the kernel as it is."""
    programs: list[seeded.Report] = [("compile", o.name, o.problem) for o in compile_all(KERNEL) if o.problem]
    return programs + seeded.reports(seeded.boot(0, "own"))


def sample_reports() -> list[seeded.Report]:
    """What the walk through the sample finds wrong, and what the kernel complains about meanwhile."""
    text, ended = sample.in_uml(KERNEL, KERNEL.log("sample"))
    walk = sample.sections(text)
    found = [f"{s.name}: {words}" for s in walk for _, who, words in s.lines if who == "walk" and words.startswith("FAIL")]
    found += [*sample.log_problems(walk), *complaints(text)]
    if not ended or "walk: end:" not in text:
        found.append("the walk did not get to its end")
    return [("sample", line, line) for line in found]


def put_in(bug: Bug) -> None:
    for name, old, new in bug.edits:
        path = KERNEL.source / name
        text = path.read_text()
        if old not in text:
            raise Failure(f"{bug.name}: what it replaces is not in {name} any more")
        path.write_text(text.replace(old, new, 1))


def checked(bug: Bug) -> list[str]:
    """Puts the bug in, builds, tests; returns what is wrong with the tests."""
    kinds = {kind for kind, _ in bug.catchers}
    found: list[seeded.Report] = []
    try:
        put_in(bug)
        KERNEL.build()
        if "sample" in kinds:
            found += sample_reports()
        if kinds - {"sample"}:
            found += reports()
    finally:
        git(KERNEL.source, "checkout", "--quiet", "--force", ".")
    missed = []
    for catcher in bug.catchers:
        if told := seeded.told_by(catcher, found):
            say(f"    {' '.join(catcher)}: {told[0]}")
        else:
            missed.append(f"{bug.name}: {' '.join(catcher)} did not report it")
    return missed


def prepare() -> None:
    """A place of its own, so that neither build/tree nor its objects are touched."""
    seeded.prepare()
    KERNEL.build()
    if wrong := [f"{kind} {name}" for kind, name, _ in reports()]:
        raise Failure("without a bug, there are reports already: " + ", ".join(wrong))


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("name", nargs="*", help="only these bugs")
    wanted = set(arguments.parse_args().name)
    with reporting("seeded-own"), lock("seeded"):
        ensure_tree()
        if unknown := wanted - {bug.name for bug in BUGS}:
            raise Failure("no such bug: " + ", ".join(sorted(unknown)))
        bugs = [bug for bug in BUGS if not wanted or bug.name in wanted]
        with step("the kernel without a bug"):
            prepare()
        missed: list[str] = []
        for bug in bugs:
            with step(f"{bug.name}: {bug.what}"):
                try:
                    missed += checked(bug)
                except (Failure, subprocess.SubprocessError) as e:
                    missed.append(f"{bug.name}: {str(e).splitlines()[-1]}")
        for problem in missed:
            say("    " + paint(problem, "31"))
        bad = len({m.partition(":")[0] for m in missed})
        verdict("seeded-own", not missed, f"{len(bugs) - bad} passed, {bad} failed (bugs that were reported, and that were not)")


if __name__ == "__main__":
    main()
