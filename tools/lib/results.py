"""What suites have found, by kunit.py's --json or a kernel log, and which of their tests belong to the series."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from lib.common import ROOT, Failure, paint, say

PASSED, FAILED, SKIPPED = "PASS", "FAIL", "SKIP"

SUITES = ROOT / "kunit" / "suites"


class Counts(NamedTuple):
    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def walk(group: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every test case as ("suite.test", status)."""
    for sub in group.get("sub_groups", []):
        yield from walk(sub, (*path, sub["name"]))
    for case in group.get("test_cases", []):
        yield ".".join((*path, case["name"])), case["status"]


def series_globs() -> list[str]:
    lines = SUITES.read_text().splitlines()
    return [x.strip() for x in lines if x.strip() and not x.startswith("#")]


def matches(name: str, glob: str) -> bool:
    return fnmatchcase(name, glob if "." in glob else glob + ".*")


def read(result: Path) -> list[tuple[str, str]]:
    """Every test that ran, with its status."""
    try:
        tests = list(walk(json.loads(result.read_text())))
    except (OSError, ValueError) as e:
        raise Failure(f"kunit.py left no result ({e}): the kernel did not boot or did not finish") from e
    if not tests:
        raise Failure("the kernel ran no test")
    return tests


def ktap(log: str) -> list[tuple[str, str]]:
    """Every test that a kernel log tells of, with its status."""
    tests, suite = [], ""
    for line in log.splitlines():
        if m := re.match(r" {4}# Subtest: (\S+)", line):
            suite = m[1]
        elif m := re.match(r" {4}(ok|not ok) \d+ (\S+)(?: # (SKIP))?", line):
            tests.append((f"{suite}.{m[2]}", FAILED if m[1] == "not ok" else SKIPPED if m[3] else PASSED))
    return tests


def summary(result: Path) -> tuple[Counts, Counts]:
    """Prints the failures; returns the totals of all tests that ran, and of the series' own."""
    tests = read(result)
    globs = series_globs()
    if unmatched := [g for g in globs if not any(matches(name, g) for name, _ in tests)]:
        raise Failure("these lines of kunit/suites match no test that ran: " + ", ".join(unmatched))
    for name, status in tests:
        if status not in (PASSED, SKIPPED):
            say(paint(f"    {status}: {name}", "31"))
    return count(tests), count([t for t in tests if any(matches(t[0], g) for g in globs)])


def count(tests: list[tuple[str, str]]) -> Counts:
    by = Counter(status for _, status in tests)
    return Counts(by[PASSED], len(tests) - by[PASSED] - by[SKIPPED], by[SKIPPED])
