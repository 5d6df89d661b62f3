#!/usr/bin/env python3
"""make check: what a reviewer's tools say about the patches, before a reviewer does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import maintainers
import series
from common import (BUILD, LOGS, MAKE_OPTIONS, ROOT, TREE, environment, git, lock, must, paint, rel, reporting, run_logged,
                    say, step, verdict)
from kunit import SERIES
from send import rehearsal
from stack import label, patch_files, read
from tree import ensure_tree

OBJECTS = BUILD / "clippy"

# What checkpatch cannot know here, and what answers its question instead.
IGNORED = {
    "MISSING_SIGN_OFF": "whoever sends the patch signs it off",
    "NO_AUTHOR_SIGN_OFF": "whoever sends the patch signs it off",
    "FILE_PATH_CHANGES": "asks for MAINTAINERS; the step 'maintainers' answers",
}
WITHOUT_HISTORY = {"UNKNOWN_COMMIT_ID": "the tree has no history to look the commit up in"}


def checkpatch() -> list[str]:
    ignored = dict(IGNORED)
    if git(TREE, "rev-list", "--count", "base").strip() in ("1", "2"):
        ignored |= WITHOUT_HISTORY
    for name, why in ignored.items():
        say(f"    not counted: {name} ({why})")
    problems = []
    for path in (path for each in read() for path in each.patches):
        done = subprocess.run(["perl", "scripts/checkpatch.pl", "--strict", "--codespell", "--show-types",
                               "--no-summary", "--ignore", ",".join(ignored), str(path)],
                              cwd=TREE, env=environment(), text=True, capture_output=True)
        text = (done.stdout + done.stderr).strip()
        with (LOGS / "checkpatch.log").open("a") as log:
            log.write(f"{label(path)}\n{text}\n")
        if done.returncode or re.search(r"^(ERROR|WARNING|CHECK|Traceback)", text, re.M):
            problems += [f"checkpatch on {label(path)}:", *text.splitlines()[:20]]
    return problems


def rules_of_patches() -> list[str]:
    problems = []
    for path in patch_files():
        text = path.read_text()
        message = text.partition("\n---\n")[0]
        if m := re.search(r"^((Signed-off|Reviewed|Acked|Tested|Reported|Suggested|Co-developed)-by): ", message, re.M):
            problems.append(f"{label(path)}: {m[1]} is for the person it names to add")
        if "*** SUBJECT HERE ***" in text or "*** BLURB HERE ***" in text:
            problems.append(f"{label(path)}: the cover letter is not written")
        if not path.name.startswith("0000-") and not re.search(r"^Subject: .*\n(?: .*\n)*(?:[\w-]+: .*\n)*\n\S", message, re.M):
            problems.append(f"{label(path)}: no commit message")
        for line in re.findall(r"^\+(.*)$", text, re.M):
            if re.search(r"\b(TODO|FIXME|XXX)\b|\.unwrap\(\)|\.expect\(|unimplemented!|todo!\(", line):
                problems.append(f"{label(path)}: {line.strip()}")
    return problems


def rustfmt() -> list[str]:
    status = run_logged(["make", *MAKE_OPTIONS, "rustfmtcheck"], LOGS / "rustfmt.log", cwd=TREE, env=environment())
    return [f"rustfmtcheck: status {status}, see {rel(LOGS / 'rustfmt.log')}"] if status else []


def clippy() -> list[str]:
    """Builds the Rust code of the kernel with clippy. The base is clean, so any warning is new."""
    make = ["make", *MAKE_OPTIONS, "ARCH=um", f"O={OBJECTS}", "CLIPPY=1"]
    OBJECTS.mkdir(parents=True, exist_ok=True)
    with lock("uml"):
        SERIES.configure()
    shutil.copy(SERIES.objects / ".config", OBJECTS / ".config")
    log = LOGS / "clippy.log"
    must([*make, "olddefconfig"], LOGS / "clippy-config.log", "configuring", cwd=TREE, env=environment())
    # A warning is printed when a crate is compiled, not when it is up to date.
    for crate in ("rust/kernel.o", "rust/doctests_kernel_generated.o", "drivers/android/binder/rust_binder_main.o",
                  "samples/rust/rust_workqueue.o"):
        (OBJECTS / crate).unlink(missing_ok=True)
    must([*make, f"-j{os.cpu_count()}", "prepare", "rust/", "drivers/android/", "samples/rust/"], log, "building with clippy",
         cwd=TREE, env=environment(), objects=OBJECTS)
    lines = log.read_text(errors="replace").splitlines()
    return [f"clippy: {line} {lines[i + 1].strip() if i + 1 < len(lines) else ''}" for i, line in enumerate(lines)
            if re.match(r"(warning|error)(\[\w+\])?: ", line) and i + 1 < len(lines) and "-->" in lines[i + 1]]


def export() -> list[str]:
    done = subprocess.run([sys.executable, str(ROOT / "tools/export.py"), "--check"], text=True, capture_output=True)
    return [] if done.returncode == 0 else done.stdout.splitlines()


def tests() -> list[str]:
    done = subprocess.run([sys.executable, "-m", "unittest", "discover", "tests/tools"], cwd=ROOT, text=True, capture_output=True)
    return done.stderr.splitlines()[-40:] if done.returncode else []


def scripts() -> list[str]:
    """Our own shell scripts."""
    done = subprocess.run(["shellcheck", str(ROOT / "tools/toolchain"), str(ROOT / ".ci/run")], text=True, capture_output=True, env=environment())
    return done.stdout.splitlines() if done.returncode else []


def main() -> None:
    with reporting("check"), lock("check"):
        ensure_tree()
        LOGS.mkdir(parents=True, exist_ok=True)
        (LOGS / "checkpatch.log").unlink(missing_ok=True)
        steps = {"checkpatch": checkpatch, "maintainers": maintainers.problems, "rules of the patches": rules_of_patches,
                 "export": export, "each series alone": series.problems, "mails": rehearsal, "rustfmt": rustfmt, "clippy": clippy,
                 "shellcheck": scripts, "tests of the tools": tests}
        failed = []
        for name, check in steps.items():
            with step(name):
                problems = check()
            for problem in problems:
                say("    " + paint(problem, "31"))
            if problems:
                failed.append(name)
        verdict("check", not failed, f"{len(steps) - len(failed)} passed, {len(failed)} failed"
                + (f" ({', '.join(failed)})" if failed else ""))


if __name__ == "__main__":
    main()
