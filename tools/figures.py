#!/usr/bin/env python3
"""make figures: writes the figures of README.md anew, from patches/, tests/ and the last run of make bench.

They stand between `<!-- figures: name -->` and `<!-- end -->`. With --check, they must be what they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from lib.common import ROOT, Failure, parser, reporting, verdict
from lib.stack import Series, lines_added, read
from tests.drivers.table import table as ports
from tests.model import litmus
from tests.model.models import MODELS
from tests.seeded.bug_file import read_all
from tree import ensure_tree

README = ROOT / "README.md"
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


FIGURES = {"stack": stack, "ports": ports, "cost": cost, "bugs": bugs, "models": models}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, and fail if they differ")
    check = arguments.parse_args().check
    with reporting("figures"):
        ensure_tree()
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
