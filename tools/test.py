#!/usr/bin/env python3
"""make test: what has to pass in user mode Linux, and the checks, two verbs at a time, with the totals at the end.
make test-smp: what has to pass on x86_64, which is emulated.
make test-landing: both, before a change lands.
make test-all: what takes hours, two verbs at a time. What has passed is remembered, so that an interrupted run goes on
where it was: as long as the kernel after each patch, clang and rustc, and the verb's own scripts and tests are the same,
and everything is committed. Change nothing in this repository or in build/tree while it runs. It begins with what the
README does not list as passed on this kernel."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from bisect_series import compilers
from lib.common import BUILD, INTERRUPTED, ROOT, TREE, duration, git, parser, say
from tree import ensure_tree, local_work, read_state

# Two at a time: while one compiles Rust, which takes a single CPU, or waits, the other one goes on. With three it all
# took longer.
UML = (
    ("kunit", "tools/kunit.py"),
    ("sample", "tests/sample/run.py", "--quick"),
    ("drivers", "tests/drivers/run.py"),
    ("compile", "tests/compile/run.py"),
    ("random", "tests/random/run.py"),
)
# The kernels of clippy, last in check, and of seeded begin as copies of the one of kunit, for which they wait.
CHECKS = (
    ("check", "tools/check.py"),
    ("seeded", "tests/seeded/run.py", "--some", "12"),
)
SMP = (
    ("kunit-smp", "tools/smp.py"),
    ("sample-smp", "tests/sample/run.py", "smp", "--quick"),
    ("drivers-smp", "tests/drivers/run.py", "smp"),
)
# What takes hours. The verbs of one lane wait for the kernels of user mode Linux, which they share; most of the others
# wait for emulated CPUs.
HOURS = (
    (
        ("sample", "tests/sample/run.py"),
        ("bases", "tools/bases.py"),
        ("seeded", "tests/seeded/run.py"),
        ("seeded-own", "tests/seeded/own_kernel.py"),
        ("random-finds", "tests/random/finds.py"),
        ("prove", "tests/compile/prove.py"),
        ("drivers-busy", "tests/drivers/run.py", "--busy", "1"),
        ("drivers-mutations", "tests/drivers/mutations.py"),
        ("cost", "tools/cost.py"),
        ("docs", "tools/docs.py"),
        ("kunit-gcc", "tools/kunit.py", "gcc"),
        ("kunit-arm64", "tools/kunit.py", "arm64"),
        ("kunit-arm", "tools/kunit.py", "arm"),
        ("kunit-oldest", "tools/oldest.py"),
    ),
    (
        ("model", "tests/model/run.py"),
        ("bh-drain", "tests/bh_drain/run.py"),
        ("bh-drain-x86", "tests/bh_drain/run.py", "--machine=x86"),
        ("kunit-hotplug", "tools/hotplug.py"),
        ("random-smp", "tests/random/run.py", "smp"),
        ("sample-smp", "tests/sample/run.py", "smp"),
        ("kunit-rt", "tools/smp.py", "rt"),
        ("kunit-kcsan", "tools/kcsan.py"),
        ("series", "tools/series.py"),
        ("bisect", "tools/bisect_series.py"),
    ),
)
LANES = {"uml": (UML, CHECKS), "smp": (SMP,), "landing": ((*UML, *CHECKS), SMP), "all": HOURS}
RUNNING: list[subprocess.Popen[str]] = []


RECORD = BUILD / "test-all.json"
# What make figures has taken over from it: by the command, how many tests, in how many seconds, and the tree of the kernel.
PASSED = ROOT / "tests/test-all.json"
PROSE = ("README.md", "docs")
OWN = ("tests", "bench")  # have a folder for each verb or two
ALWAYS = Path("tests/smp")  # starts the suites
RECORDING = threading.Lock()
FROM_ENVIRONMENT = re.compile(r'os\.environ\.get\("(\w+)"')


@dataclass
class Result:
    """What came of a verb."""

    verb: str
    passed: int
    failed: int
    seconds: float
    before: bool = False

    def __str__(self) -> str:
        return (f"  {'FAIL' if self.failed else 'pass'}  {self.verb:17} {self.passed} passed, {self.failed} failed  "
                f"{duration(self.seconds)}{', before' if self.before else ''}")


def judge(status: int, last: str) -> tuple[int, int]:
    """The counts in the last line of a verb. One that tests nothing has not passed."""
    counts = re.search(r"(\d+) passed, (\d+) failed", last)
    passed, failed = (int(counts[1]), int(counts[2])) if counts else (0, 0)
    return passed, failed or int(status != 0 or passed == 0)


def run(verb: str, script: str, *args: str, prefix: str) -> Result:
    """Runs a verb, and passes its output through."""
    start, last = time.monotonic(), ""
    # Of another group than this, whose interrupts from the keyboard reach only this, which then ends the verbs.
    proc = subprocess.Popen([sys.executable, str(ROOT / script), *args], stdout=subprocess.PIPE, text=True, bufsize=1,
                            process_group=0)
    RUNNING.append(proc)
    if INTERRUPTED.is_set():
        proc.terminate()
    assert proc.stdout is not None
    for line in proc.stdout:
        print(prefix + line, end="", flush=True)
        last = line.strip() or last
    passed, failed = judge(proc.wait(), last)
    return Result(verb, passed, failed, time.monotonic() - start)


def end(number: int, frame: object) -> NoReturn:
    """No other verb begins, and those that run end."""
    INTERRUPTED.set()
    for proc in RUNNING:
        proc.terminate()
    raise KeyboardInterrupt


def mentions(file: Path) -> set[Path]:
    """The scripts of this repository that one imports or starts."""
    names, started = set(), set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w/]+\.py", node.value):
            started.add(ROOT / node.value)
    imported = {top / f"{name.replace('.', '/')}.py" for name in names for top in (ROOT, ROOT / "tools")}
    return {path for path in started | imported if path.exists()}


def needed(script: str) -> set[Path]:
    """The script and all that it imports or starts."""
    files, more = set[Path](), {ROOT / script}
    while more:
        files |= more
        more = set().union(*map(mentions, more)) - files
    return {file.relative_to(ROOT) for file in files}


def used(path: Path, scripts: set[Path]) -> bool:
    """Whether a verb with these scripts depends on a file of this repository: not on prose, on the tests of others, or
    on scripts that it does not use. Of the patches, what counts is what they make of the kernel."""
    if path.suffix == ".py":
        return path in scripts
    top = path.parts[0]
    if top in OWN:
        return any(path.is_relative_to(folder) for folder in {ALWAYS} | {script.parent for script in scripts})
    if top == "patches":
        return str(path) == "patches/stack"
    return top not in PROSE


def content(script: str) -> str:
    """Of the repository as far as the verb uses it, of the kernel after each patch, of the compilers, and of what says
    how to test. Empty if it or the tree has changes that are not committed, for which nothing is remembered."""
    if git(ROOT, "status", "--porcelain"):
        return ""
    # What is tested is the tree.
    ensure_tree()
    state = read_state(TREE)
    if local_work(state):
        return ""
    scripts = needed(script)
    files = [state["source"], git(TREE, "rev-parse", "base^{tree}"), git(TREE, "log", "--format=%T", "base..HEAD")]
    files += [line for line in git(ROOT, "ls-tree", "-r", "HEAD").splitlines() if used(Path(line.split("\t")[1]), scripts)]
    asked = {name for path in scripts for name in FROM_ENVIRONMENT.findall((ROOT / path).read_text())}
    how = [f"{name}={os.environ.get(name, '')}" for name in sorted(asked)]
    return hashlib.sha256("\n".join([*files, *how, compilers()]).encode()).hexdigest()


def kernel() -> str:
    return git(TREE, "rev-parse", "--short", "HEAD^{tree}").strip()


def load(path: Path) -> dict[str, tuple[int, float, str]]:
    """What has passed: how many tests, in how many seconds, and the tree of the kernel. The last one is the newest."""
    try:
        record: dict[str, tuple[int, float, str]] = json.loads(path.read_text())
    except FileNotFoundError:
        record = {}
    return record


def remembered(verb: str, *command: str, prefix: str) -> Result:
    """Runs a verb, unless it has passed before."""
    state = content(command[0])
    key = f"{state} {' '.join(command)}"
    with RECORDING:
        if before := load(RECORD).get(key):
            return Result(verb, before[0], 0, before[1], before=True)
    result = run(verb, *command, prefix=prefix)
    if state and not result.failed and state == content(command[0]):
        with RECORDING:
            part = RECORD.with_suffix(".new")
            passed = load(RECORD) | {key: (result.passed, result.seconds, kernel())}
            part.write_text(json.dumps(passed, indent=1) + "\n")
            part.rename(RECORD)
    return result


def new_first(lane: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """What is not on record for this kernel, so that the record gets complete even if no run ends."""
    passed, tree = load(PASSED), kernel()
    return sorted(lane, key=lambda verb: passed.get(" ".join(verb[1:]), (0, 0, ""))[2] == tree)


def side_by_side(which: str) -> list[Result]:
    lanes: Sequence[Sequence[tuple[str, ...]]] = LANES[which]
    if which == "all":
        ensure_tree()
        lanes = [new_first(lane) for lane in lanes]
    width = max(len(verb) for lane in lanes for verb, *_ in lane)
    execute = remembered if which == "all" else run

    def one_by_one(lane: Sequence[tuple[str, ...]]) -> list[Result]:
        return [execute(verb, *command, prefix=f"{verb:{width}} | ") for verb, *command in lane if not INTERRUPTED.is_set()]

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for results in pool.map(one_by_one, lanes) for result in results]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("which", nargs="?", choices=("uml", "smp", "landing", "all"), default="uml", help="default: %(default)s")
    which = arguments.parse_args().which
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    start = time.monotonic()
    results = side_by_side(which)
    say(f"\nmake test{'' if which == 'uml' else '-' + which}, {duration(time.monotonic() - start)}; the logs: build/logs")
    for result in results:
        say(str(result))
    failed = sum(result.failed for result in results)
    say(f"{sum(result.passed for result in results)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command starts over, with what is built")
