#!/usr/bin/env python3
"""Puts each bug of this directory into the series, and makes sure that a test reports it.

Each file is a diff against the patched tree, below lines that say which rule it breaks and which test
has to fail: `Caught-by: kunit suite.test`, `Caught-by: compile program.rs`, or
`Caught-by: log text` for a complaint in the kernel log. With names as arguments, only those run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE.parent / "compile")]

from common import BUILD, TREE, Failure, git, lock, paint, reporting, say, step, verdict  # noqa: E402
from kernel_log import complaints  # noqa: E402
from kunit import Uml  # noqa: E402
from kunit_results import PASSED, SKIPPED, read  # noqa: E402
from run import compile_all  # noqa: E402
from tree import ensure_tree  # noqa: E402

KERNEL = Uml(BUILD / "seeded-src", BUILD / "seeded", "seeded")


@dataclass(frozen=True)
class Bug:
    path: Path
    rule: str
    what: str
    catchers: list[tuple[str, str]]

    @staticmethod
    def read(path: Path) -> Bug:
        head = path.read_text().partition("\ndiff --git ")[0]
        fields = re.findall(r"^([\w-]+): (.+)$", head, re.M)
        named = dict(fields)
        catchers = [tuple(value.split(" ", 1)) for key, value in fields if key == "Caught-by"]
        if not catchers or any(len(c) != 2 or c[0] not in ("kunit", "compile", "log") for c in catchers):
            raise Failure(f"{path.name} does not say what catches it")
        return Bug(path, named["Rule"], named["Bug"], catchers)


def reports() -> dict[str, dict[str, str]]:
    """What every kind of test reports about the kernel as it is: what failed, and what it printed."""
    found: dict[str, dict[str, str]] = {"compile": {o.name: o.problem for o in compile_all(KERNEL) if o.problem}}
    KERNEL.run(limit=120)
    console = KERNEL.console.read_text(errors="replace")
    found["log"] = {line: line for line in complaints(console)}
    found["kunit"] = {}
    try:
        tests = read(KERNEL.result)
    except Failure:
        tests = []
    for name, status in tests:
        if status not in (PASSED, SKIPPED):
            case = re.escape(name.rpartition(".")[2])
            words = re.search(rf"# {case}: (ASSERTION FAILED at .*)\n\s*(Expected .*)", console)
            found["kunit"][name] = f"{words[1]}: {words[2]}" if words else f"status {status}"
    return found


def checked(bug: Bug) -> list[str]:
    """Applies, builds, tests; returns what is wrong with the tests."""
    git(KERNEL.source, "apply", str(bug.path))
    try:
        KERNEL.build()
        found = reports()
    finally:
        git(KERNEL.source, "checkout", "--quiet", "--force", ".")
    missed = []
    for kind, name in bug.catchers:
        words = [text for key, text in found[kind].items() if (name in key if kind == "log" else name == key)]
        if words:
            say(f"    {kind} {name}: {words[0]}")
        else:
            missed.append(f"{bug.path.name}: {kind} {name} did not report it")
    return missed


def prepare() -> None:
    """A place of its own, so that neither build/tree nor its objects are touched."""
    if not (KERNEL.source / ".git").exists():
        git(TREE, "worktree", "prune")
        git(TREE, "worktree", "add", "--quiet", "--force", "--detach", str(KERNEL.source), "series")
    git(KERNEL.source, "checkout", "--quiet", "--force", "--detach", "series")
    KERNEL.build()
    if wrong := [f"{kind} {name}" for kind, names in reports().items() for name in names]:
        raise Failure("without a bug, there are reports already: " + ", ".join(wrong))


def main() -> None:
    with reporting("seeded"), lock("seeded"):
        ensure_tree()
        wanted = set(sys.argv[1:])
        bugs = [Bug.read(p) for p in sorted(HERE.glob("*.patch")) if not wanted or p.stem in wanted]
        with step("the kernel without a bug"):
            prepare()
        missed: list[str] = []
        for bug in bugs:
            with step(f"{bug.path.stem}, {bug.rule}: {bug.what}"):
                try:
                    missed += checked(bug)
                except (Failure, subprocess.SubprocessError) as e:
                    missed.append(f"{bug.path.name}: {str(e).splitlines()[-1]}")
        for problem in missed:
            say("    " + paint(problem, "31"))
        bad = len({m.partition(":")[0] for m in missed})
        verdict("seeded", not missed, f"{len(bugs) - bad} passed, {bad} failed (bugs that were reported, and that were not)")


if __name__ == "__main__":
    main()
