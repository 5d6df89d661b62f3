#!/usr/bin/env python3
"""make bisect: after each patch, the kernel builds without a new warning and its suites pass.

One worktree moves from the base through the patches, so that each build is incremental. What has
passed is remembered by its content: an interrupted run goes on where it was, and after a change only
the patches from there on are built again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

from lib.common import (
    BUILD, TREE, Failure, duration, environment, git, lock, output, paint, parser, rel, reporting, say, step, verdict,
    worktree,
)
from lib.kernel import CONFIGS, Kernel
from lib.kernel_log import complaints, new_complaints
from lib.results import PASSED, SKIPPED, SUITES, count, matches, read, series_globs, summary
from tree import BRANCH, ensure_tree

OBJECTS = BUILD / "bisect"
CONFIG = OBJECTS / "bisect.config"
# A compiler warns once: after a build that was interrupted or warned, everything is compiled again.
UNFINISHED = OBJECTS / "unfinished"
RECORD = BUILD / "bisect.json"
UML = Kernel(BUILD / "bisect-src", OBJECTS, "bisect", configs=(CONFIG,))


def options_of(repo: Path, commit: str, configs: tuple[Path, ...] = CONFIGS) -> str:
    """The lines of the configurations whose option exists at `commit`."""
    lines = "".join(path.read_text() for path in configs).splitlines()
    known = set(re.findall(r"config (\w+)", git(repo, "grep", "-h", "-E", r"^\s*(menu)?config [A-Z0-9_]+", commit,
                                                "--", "*Kconfig*")))
    return "".join(f"{line}\n" for line in lines if (m := re.match(r"CONFIG_(\w+)=", line)) and m[1] in known)


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


def save(record: dict[str, dict]) -> None:
    part = RECORD.with_suffix(".new")
    part.write_text(json.dumps(record, indent=1) + "\n")
    part.rename(RECORD)


class Trials:
    """Builds and boots commits, in one place, and remembers by their content which have passed."""

    def __init__(self) -> None:
        self.record = load()
        self.tools = compilers() + SUITES.read_text()
        self.base: dict | None = None  # what the unpatched kernel has said

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
            if UNFINISHED.exists():
                shutil.rmtree(OBJECTS)
            done = self.record[key] = self.build_and_boot(commit, name, config)
            save(self.record)
            UNFINISHED.unlink()
        self.base = self.base or done
        return done, before

    def build_and_boot(self, commit: str, name: str, config: str) -> dict:
        start = time.monotonic()
        uml = dataclasses.replace(UML, name=name)
        worktree(uml.source, commit)
        OBJECTS.mkdir(exist_ok=True)
        UNFINISHED.touch()
        CONFIG.write_text(config)
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
        if self.base and (noise := new_complaints(console, Counter(self.base["complaints"]))):
            raise Failure("\n".join([*noise, f"the kernel log has new complaints; the log: {rel(uml.console)}"]))
        ours = [t for t in tests if any(matches(t[0], g) for g in series_globs())]
        return {"seconds": time.monotonic() - start, "all": str(count(tests)), "ours": str(count(ours)),
                "complaints": complaints(console), "warnings": sorted(warned)}


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("bisect"), lock("bisect"):
        ensure_tree()
        commits = git(TREE, "rev-list", "--reverse", f"base..{BRANCH}").split()
        trials, failed, before, start = Trials(), [], 0, time.monotonic()
        with step(f"{len(commits)} patches, one after the other"):
            for number, commit in enumerate([git(TREE, "rev-parse", "base").strip(), *commits]):
                title = git(TREE, "show", "-s", "--format=%s", commit).strip() if number else "(the unpatched kernel)"
                try:
                    done, remembered = trials.passes(commit, f"bisect-{number:04}")
                except Failure as e:
                    if trials.base is None:
                        raise
                    failed.append(number)
                    say("\n".join([paint(f"    FAIL {number:2}  {title}", "31"), *(f"        {x}" for x in str(e).splitlines())]))
                    continue
                before += remembered and number > 0
                say(f"    pass {number:2}  {duration(done['seconds']) + (', before' if remembered else ''):20} "
                    f"{done['all']}; ours: {done['ours']}  {title}")
        verdict("bisect", not failed, f"{len(commits) - len(failed)} passed, {len(failed)} failed, {before} of them before, "
                f"in {duration(time.monotonic() - start)}" + (f"; failed: {', '.join(map(str, failed))}" if failed else ""))


if __name__ == "__main__":
    main()
