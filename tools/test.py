#!/usr/bin/env python3
"""make test: everything that has to pass, one verb after the other, with the totals at the end.
make test-all: what takes hours."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from lib.common import ROOT, duration, paint, parser, say

VERBS = (
    ("kunit", "tools/kunit.py"),
    ("sample", "tests/sample/run.py"),
    ("drivers", "tests/drivers/run.py"),
    ("compile", "tests/compile/run.py"),
    ("check", "tools/check.py"),
    ("kunit-smp", "tools/smp.py"),
    ("sample-smp", "tests/sample/run.py", "smp", "--quick"),
    ("drivers-smp", "tests/drivers/run.py", "smp"),
)
ALL = (
    ("model", "tests/model/run.py"),
    ("bh-drain", "tests/bh_drain/run.py"),
    ("seeded", "tests/seeded/run.py"),
    ("kunit-hotplug", "tools/hotplug.py"),
    ("kunit-rt", "tools/smp.py", "rt"),
    ("kunit-kcsan", "tools/kcsan.py"),
    ("random", "tests/random/run.py"),
    ("random-finds", "tests/random/run.py", "finds"),
    ("random-smp", "tests/random/run.py", "smp"),
    ("sample-smp", "tests/sample/run.py", "smp"),
    ("series", "tools/series.py"),
    ("bisect", "tools/bisect_series.py"),
    ("bases", "tools/bases.py"),
    ("docs", "tools/docs.py"),
    ("kunit-gcc", "tools/kunit.py", "gcc"),
    ("kunit-arm64", "tools/kunit.py", "arm64"),
    ("kunit-arm", "tools/kunit.py", "arm"),
    ("kunit-oldest", "tools/oldest.py"),
)


def run(script: str, *args: str) -> tuple[int, str]:
    """Passes the verb's output through; returns its status and its last line."""
    last = ""
    proc = subprocess.Popen([sys.executable, str(ROOT / script), *args], stdout=subprocess.PIPE, text=True, bufsize=1)
    assert proc.stdout is not None
    for line in proc.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    return proc.wait(), last


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("which", nargs="?", choices=("all",), help="what takes hours")
    hours = arguments.parse_args().which == "all"
    start = time.monotonic()
    passed = failed = 0
    rows = []
    for verb, *command in ALL if hours else VERBS:
        say(paint(f"make {verb}", "1"))
        began = time.monotonic()
        status, last = run(*command)
        counts = re.search(r"(\d+) passed, (\d+) failed", last)
        good, bad = (int(counts[1]), int(counts[2])) if counts else (0, 0)
        if status and not bad:
            bad = 1  # the verb itself
        if status == 0 and good == 0:
            bad = 1  # a verb that tests nothing has not passed
        passed, failed = passed + good, failed + bad
        rows.append(f"  {'pass' if not bad else 'FAIL'}  {verb:13} {good} passed, {bad} failed  {duration(time.monotonic() - began)}")
    say(f"\nmake {'test-all' if hours else 'test'}, {duration(time.monotonic() - start)}; the logs: build/logs")
    for row in rows:
        say(row)
    say(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; make test starts over, with what is built")
