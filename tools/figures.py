#!/usr/bin/env python3
"""make figures: writes the figures of README.md anew, from patches/, tests/ and the last runs of make bench and test-all.

They stand between `<!-- figures: name -->` and `<!-- end -->`. With --check, they must be what they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from lib.common import ROOT, Failure, duration, parser, reporting, verdict
from lib.stack import Series, lines_added, read
from test import HOURS, PASSED, RECORD, load
from tests.drivers.table import table as ports
from tests.model import litmus
from tests.model.models import MODELS
from tests.seeded.bug_file import read_all
from tree import ensure_tree

README = ROOT / "README.md"
WHAT = {
    "sample": "the walk through the sample, with all loads of modules",
    "bases": "each kernel that Debian has, from 7.3 on: applies, builds, passes the suites",
    "seeded": "each bug of `tests/seeded/bugs/` is reported by the test that it names",
    "seeded-own": "so are those that need a kernel of their own",
    "random-finds": "programs that have found seeded bugs find them again",
    "prove": "without a bound of the API, the program that guards it compiles, and no other",
    "drivers-busy": "the ports, beside a module that takes the CPU away",
    "drivers-mutations": "changes to the ports, which their checks must notice",
    "cost": "C that enqueues, expires and cancels is compiled to what it is on the base with its fixes",
    "docs": "the pages of the API, without a warning, every link resolved",
    "kunit-gcc": "the suites in user mode Linux that gcc has compiled",
    "kunit-arm64": "the suites on arm64, emulated, without modules",
    "kunit-arm": "the suites on arm, which has 32 bits, emulated, without modules",
    "kunit-oldest": "the suites, made with rustc 1.85, bindgen 0.71 and clang 19 in a root of Debian 13",
    "model": "the protocols exhausted by a model checker, memory ordering by the kernel's memory model; mutations that they reject",
    "bh-drain": "work that is queued on a BH workqueue while that is drained or destroyed",
    "bh-drain-x86": "the same on emulated x86_64, with lockdep, and with a CPU that goes offline meanwhile",
    "kunit-hotplug": "the suites on one CPU of several, and random programs while CPUs go offline and come back",
    "random-smp": "random programs by several threads, with allocations that fail",
    "sample-smp": "the walk through the sample on several CPUs, with all loads of modules",
    "kunit-rt": "the suites on PREEMPT_RT, compared with the unpatched kernel",
    "kunit-kcsan": "the suites, without a data race in the series, in C or Rust, that KCSAN sees",
    "series": "each series, with only what it depends on, builds without a new warning and passes",
    "bisect": "so does the kernel after each patch",
}
PLACE = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.S)


def title(series: Series) -> str:
    head = series.cover.read_text() if series.cover.exists() else series.patches[0].read_text()
    found = re.search(r"^Subject: \[.*?\] (.*(?:\n .*)*)", head, re.M)
    if not found:
        raise Failure(f"{series.name} has no subject")
    return found[1].replace("\n ", " ")


def stack() -> list[str]:
    rows = ["| series | what | patches | lines | in `kernel`, `include`, `arch` | depends on |", "| --- | --- | ---: | ---: | ---: | --- |"]
    total = [0, 0, 0]
    for series in read():
        added = [lines_added(path) for path in series.patches]
        figures = [len(added), sum(lines for lines, _ in added), sum(core for _, core in added)]
        total = [a + b for a, b in zip(total, figures)]
        name = f"`{series.name}`" + "".join(f" ({prefix})" for prefix in series.prefixes)
        rows.append(f"| {name} | {title(series)} | {' | '.join(map(str, figures))} | {', '.join(series.needs) or 'the base'} |")
    rows.append(f"| | | {' | '.join(map(str, total))} | |")
    return rows


def cost() -> list[str]:
    boot = json.loads((ROOT / "bench/results.json").read_text())["boots"][0]
    rows = [f"| {boot['title']} | C, ns | Rust, ns | ratio | quartiles | at most |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for pair in boot["pairs"]:
        ours, theirs = pair["per_operation"][1], pair["per_operation"][0]
        low, high = pair["quartiles"]
        target = f"{pair['target']:.2f}: {pair['verdict']}" if pair["target"] else ""
        rows.append(f"| {pair['group']}: {pair['name']} | {theirs:,.0f} | {ours:,.0f} | {pair['ratio']:.2f} | {low:.2f} to {high:.2f} "
                    f"| {target} |")
    return rows


def bugs() -> list[str]:
    """By the file that a bug is in first."""
    counts: dict[str, list[int]] = {}
    for bug in read_all():
        count = counts.setdefault(bug.edits[0].file, [0, 0])
        count[bool(bug.survives)] += 1
    rows = ["| file | reported | survive, with the reason |", "| --- | ---: | ---: |"]
    rows += [f"| `{file}` | {reported} | {survive} |" for file, (reported, survive) in sorted(counts.items())]
    reported, survive = (sum(count[n] for count in counts.values()) for n in (0, 1))
    return [*rows, f"| | {reported} | {survive} |"]


def models() -> list[str]:
    rows = ["| model | configurations | mutations |", "| --- | ---: | ---: |"]
    rows += [f"| `{model.name}` | {len(model.configurations)} | {len(model.mutations)} |" for model in MODELS.values()]
    weaker = sum(len(list(litmus.weaker(test))) for test in litmus.TESTS)
    return [*rows, f"| litmus tests | {len(litmus.TESTS)} | {weaker} |"]


def hours() -> list[str]:
    passed = load(PASSED)
    rows = ["| part of `make test-all` | what passes | tests | time | kernel |", "| --- | --- | ---: | ---: | --- |"]
    for verb, *command in (verb for lane in HOURS for verb in lane):
        tests, seconds, kernel = passed.get(" ".join(command), ("-", 0.0, "-"))
        rows.append(f"| {verb} | {WHAT[verb]} | {tests} | {duration(round(seconds)) if seconds else '-'} | {kernel} |")
    return rows


def remember() -> None:
    """Takes over what has passed here."""
    passed = load(PASSED) | {key.split(" ", 1)[1]: result for key, result in load(RECORD).items()}
    commands = [" ".join(command) for lane in HOURS for _, *command in lane]
    PASSED.write_text(json.dumps({command: passed[command] for command in commands if command in passed}, indent=1) + "\n")


FIGURES = {"stack": stack, "ports": ports, "cost": cost, "bugs": bugs, "models": models, "hours": hours}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, and fail if they differ")
    check = arguments.parse_args().check
    with reporting("figures"):
        ensure_tree()
        if not check:
            remember()
        old = README.read_text()
        if missing := FIGURES.keys() - {name for _, name, _ in PLACE.findall(old)}:
            raise Failure(f"README.md has no place for the figures: {', '.join(sorted(missing))}")
        new = PLACE.sub(lambda place: place[1] + "\n".join(FIGURES[place[2]]()) + "\n" + place[3], old)
        if check:
            verdict("figures", new == old, "README.md has them as they are" if new == old else "README.md is stale: run 'make figures'")
        README.write_text(new)
        verdict("figures", True, "README.md " + ("is the same" if new == old else "has new ones"))


if __name__ == "__main__":
    main()
