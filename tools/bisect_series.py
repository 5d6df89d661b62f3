#!/usr/bin/env python3
"""make bisect: after each patch, the kernel builds without a new warning and its suites pass.

A worktree moves through the patches, so that each build is incremental. As much of a build uses one
CPU only, there are two, each for one half of the patches. What has passed is remembered by its
content: an interrupted run goes on where it was, and after a change only the patches from there on
are built again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from lib.common import (
    BUILD, TREE, Failure, duration, environment, git, lock, output, paint, parser, rel, reporting, say, step, verdict,
    worktree,
)
from lib.kernel import CONFIGS, Kernel
from lib.kernel_log import complaints, must_be_silent
from lib.results import PASSED, SKIPPED, SUITES, count, matches, read, series_globs, summary
from tree import BRANCH, ensure_tree

RECORD = BUILD / "bisect.json"
JUDGES = [Path(__file__).with_name("lib") / f"{name}.py" for name in ("kernel_log", "results")]
SAVING = Lock()


def options_of(repo: Path, commit: str, configs: tuple[Path, ...] = CONFIGS) -> str:
    """The lines of the configurations whose option exists at `commit`."""
    lines = sorted({line for path in configs for line in path.read_text().splitlines()})
    known = set(re.findall(r"config (\w+)", git(repo, "grep", "-h", "-E", r"^\s*(menu)?config [A-Z0-9_]+", commit,
                                                "--", "*Kconfig*")))
    return "".join(f"{line}\n" for line in lines if (m := re.match(r"(?:# )?CONFIG_(\w+)(?:=| is not set$)", line)) and m[1] in known)


def warnings(uml: Kernel) -> set[str]:
    """What the build warned of, and in which file; numbers do not make a kind."""
    text = uml.log("build").read_text(errors="replace").replace(f"{uml.source}/", "")
    return {re.sub(r"\d+", "N", found) for found in re.findall(r"(?:\S+: )?\bwarning(?:\[\w+\])?: .*", text, re.I)}


def compilers() -> str:
    return "".join(output([program, "--version"], env=environment()) for program in ("clang", "rustc", "bindgen"))


def load() -> dict[str, dict]:
    try:
        return json.loads(RECORD.read_text())
    except (OSError, ValueError):
        return {}


def save(record: dict[str, dict], key: str, done: dict) -> None:
    with SAVING:
        record[key] = done
        part = RECORD.with_suffix(".new")
        part.write_text(json.dumps(record, indent=1) + "\n")
        part.rename(RECORD)


class Trials:
    """Builds and boots commits, in one place, and remembers by their content which have passed."""

    def __init__(self, beside: Trials | None = None) -> None:
        name = "bisect-2" if beside else "bisect"
        self.objects = BUILD / name
        self.config = self.objects / "bisect.config"
        # A compiler warns once: after a build that was interrupted or warned, everything is compiled again.
        self.unfinished = self.objects / "unfinished"
        self.uml = Kernel(BUILD / f"{name}-src", self.objects, name, configs=(self.config,))
        self.record: dict[str, dict] = beside.record if beside else load()
        self.tools = compilers() + SUITES.read_text() + "".join(judge.read_text() for judge in JUDGES)
        self.base: dict | None = beside.base if beside else None  # what the unpatched kernel has said

    def key(self, commit: str, config: str) -> str:
        trees = git(TREE, "rev-parse", "base^{tree}", f"{commit}^{{tree}}")
        return hashlib.sha256((trees + config + self.tools).encode()).hexdigest()

    def remembered(self, commit: str) -> dict | None:
        return self.record.get(self.key(commit, options_of(TREE, commit)))

    def passes(self, commit: str, name: str) -> tuple[dict, bool]:
        """What is known of a commit, and if it was known before. Raises a Failure if it does not pass. The
        first one must be the unpatched kernel, with which the others are compared."""
        config = options_of(TREE, commit)
        key = self.key(commit, config)
        if before := key in self.record:
            done = self.record[key]
        else:
            # Of the first one, all warnings must be known.
            if self.unfinished.exists() or not self.base:
                shutil.rmtree(self.objects, ignore_errors=True)
            done = self.build_and_boot(commit, name, config)
            save(self.record, key, done)
            self.unfinished.unlink()
        self.base = self.base or done
        return done, before

    def build_and_boot(self, commit: str, name: str, config: str) -> dict:
        start = time.monotonic()
        uml = dataclasses.replace(self.uml, name=name)
        worktree(uml.source, commit)
        self.objects.mkdir(exist_ok=True)
        self.unfinished.touch()
        self.config.write_text(config)
        uml.build()
        warned = warnings(uml)
        if self.base and (new := warned - set(self.base["warnings"])):
            raise Failure("\n".join([*sorted(new), f"the build has new warnings; the log: {rel(uml.log('build'))}"]))
        uml.run()
        tests = read(uml.result)
        if failed := [test for test, status in tests if status not in (PASSED, SKIPPED)]:
            raise Failure(f"tests fail: {', '.join(failed[:10])}; the log: {rel(uml.log('run'))}")
        if commit == git(TREE, "rev-parse", BRANCH).strip():
            summary(uml.result)  # in the end, every suite of ours has run
        console = uml.console.read_text(errors="replace")
        if self.base:
            must_be_silent(console, Counter(self.base["complaints"]), uml.console)
        ours = [t for t in tests if any(matches(t[0], g) for g in series_globs())]
        return {"seconds": time.monotonic() - start, "all": str(count(tests)), "ours": str(count(ours)),
                "complaints": complaints(console), "warnings": sorted(warned)}


def halves(trials: Trials, commits: list[str]) -> tuple[range, range]:
    """Of the numbers of the commits, with as many that have not passed before in each half."""
    unknown = [number for number, commit in enumerate(commits, 1) if not trials.remembered(commit)]
    border = unknown[len(unknown) // 2] if unknown else len(commits) + 1
    return range(1, border), range(border, len(commits) + 1)


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("bisect"), lock("bisect"):
        ensure_tree()
        commits = git(TREE, "rev-list", "--reverse", f"base..{BRANCH}").split()
        trials, failed, before, start = Trials(), list[int](), list[int](), time.monotonic()

        def one(here: Trials, number: int) -> None:
            commit = commits[number - 1]
            title = git(TREE, "show", "-s", "--format=%s", commit).strip()
            try:
                done, remembered = here.passes(commit, f"bisect-{number:04}")
            except Failure as e:
                failed.append(number)
                say("\n".join([paint(f"    FAIL {number:2}  {title}", "31"), *(f"        {x}" for x in str(e).splitlines())]))
                return
            if remembered:
                before.append(number)
            say(f"    pass {number:2}  {duration(done['seconds']) + (', before' if remembered else ''):20} "
                f"{done['all']}; ours: {done['ours']}  {title}")

        def some(here: Trials, numbers: range) -> None:
            for number in numbers:
                one(here, number)

        with step("the unpatched kernel"):
            done, _ = trials.passes(git(TREE, "rev-parse", "base").strip(), "bisect-0000")
            say(f"    {done['all']}")
        with step(f"{len(commits)} patches, in two halves"), ThreadPoolExecutor(2) as pool:
            first, second = halves(trials, commits)
            list(pool.map(some, (trials, Trials(trials)), (first, second)))
        failed.sort()
        verdict("bisect", not failed, f"{len(commits) - len(failed)} passed, {len(failed)} failed, {len(before)} of them before, "
                f"in {duration(time.monotonic() - start)}" + (f"; failed: {', '.join(map(str, failed))}" if failed else ""))


if __name__ == "__main__":
    main()
