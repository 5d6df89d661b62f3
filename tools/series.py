#!/usr/bin/env python3
"""make series: each series on the base with only what it depends on builds without a new warning, and its suites pass.

It is built where make bisect builds, and what either of them has seen pass is not built again. With BUILD=no
there is only the table.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

import bases
from bisect_series import Trials
from lib.common import TREE, Failure, duration, git, lock, paint, parser, reporting, say, step, verdict
from lib.stack import LARGEST, Series, closure, lines_added, read
from tree import applied, committed, ensure_tree, local_work, read_state

HEAD: tuple[str, ...] = ("series", "patches", "lines", "in C", "depends on", "applies to", "passed")


def kernel_version(makefile: str) -> str:
    """As people write it: 7.3.4, 7.4-rc1."""
    found: dict[str, str] = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) = *(.*)$", makefile, re.M))
    numbers = [found.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    return ".".join(numbers if numbers[2] not in ("", "0") else numbers[:2]) + found.get("EXTRAVERSION", "")


def kernels() -> dict[str, Path]:
    """The base of build/tree, and what make bases has."""
    return {kernel_version(git(repo, "show", "base:Makefile")): repo for repo in [*bases.made(), TREE]}


def why_not(stack: list[Series], series: Series, repo: Path = TREE) -> str:
    """Why a series does not apply with only what it depends on."""
    try:
        applied(repo, closure(stack, series))
    except Failure as e:
        return f"series {series.name}, with only what it depends on: {e}"
    return ""


def problems() -> list[str]:
    """For make check."""
    stack = read()
    found = [f"series {series.name} has {len(series.patches)} patches; at most {LARGEST} are reviewed" for series in stack
             if len(series.patches) > LARGEST]
    return found + [why for series in stack if (why := why_not(stack, series))]


def commit_of(stack: list[Series], series: Series) -> str:
    """A commit that has the series and what it depends on: of the branch, if that has nothing else there."""
    below = closure(stack, series)
    if list(below) == stack[:len(below)]:
        return git(TREE, "rev-parse", series.branch).strip()
    return committed(TREE, below)


def row(stack: list[Series], series: Series, repos: dict[str, Path], passed: str) -> tuple[str, ...]:
    added = [lines_added(path) for path in series.patches]
    good = [name for name, repo in repos.items() if not why_not(stack, series, repo)]
    bad = [f"not {name}" for name in repos if name not in good]
    return (series.name + "".join(f" ({prefix})" for prefix in series.prefixes), str(len(added)),
            *(str(sum(column)) for column in zip(*added)), ", ".join(series.needs) or "-", ", ".join(good + bad), passed)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Numbers to the right, words to the left."""
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(HEAD))]
    return ["  ".join(cell.rjust(width) if 1 <= column <= 3 else cell.ljust(width)
                      for column, (cell, width) in enumerate(zip(cells, widths))).rstrip() for cells in rows]


def shown(done: dict[str, str] | None) -> str:
    if not done:
        return "-"
    everything, ours = (re.match(r"\d+", done[which]) for which in ("all", "ours"))
    return f"{everything and everything[0]}, ours {ours and ours[0]}"


def trial(trials: Trials, stack: list[Series], series: Series) -> dict[str, str]:
    start = time.monotonic()
    done, before = trials.passes(commit_of(stack, series), f"series-{series.name}")
    say(f"    pass {series.name}: {done['all']}; ours: {done['ours']}; "
        + ("before" if before else duration(time.monotonic() - start)))
    return done


def main() -> None:
    parser(__doc__).parse_args()
    building = os.environ.get("BUILD") != "no"
    with reporting("series"), lock("bisect") if building else contextlib.nullcontext():
        ensure_tree()
        if work := local_work(read_state(TREE)):
            raise Failure(f"build/tree has {work}: commit, and run 'make export'")
        stack, repos, trials = read(), kernels(), Trials()
        rows, failed = [HEAD], list[str]()
        with step(f"{len(stack)} series" + ("" if building else ", not built")):
            if building:
                trials.passes(git(TREE, "rev-parse", "base").strip(), "series-base")
            for series in stack:
                try:
                    if why := why_not(stack, series):
                        raise Failure(why)
                    if len(series.patches) > LARGEST:
                        raise Failure(f"{len(series.patches)} patches; at most {LARGEST} are reviewed")
                    passed = shown(trial(trials, stack, series) if building else trials.remembered(commit_of(stack, series)))
                except Failure as e:
                    failed.append(series.name)
                    say("\n".join([paint(f"    FAIL {series.name}", "31"), *(f"        {x}" for x in str(e).splitlines())]))
                    passed = "FAIL"
                rows.append(row(stack, series, repos, passed))
        for line in table(rows):
            say(f"    {line}")
        verdict("series", not failed, f"{len(stack) - len(failed)} passed, {len(failed)} failed"
                + ("" if building else "; applied with only what they depend on, not built")
                + (f"; failed: {', '.join(failed)}" if failed else ""))


if __name__ == "__main__":
    main()
