#!/usr/bin/env python3
"""make check: what a reviewer's tools say about the patches, before a reviewer does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import series
from lib import maintainers
from lib.common import (
    BUILD, LOGS, ROOT, TREE, Failure, environment, git, lock, paint, parser, rel, reporting, run_logged, say, step, verdict,
)
from lib.kernel import SERIES, Kernel
from lib.stack import Series, label, patch_files, read
from send import rehearsal
from tree import ensure_tree

CLIPPY = Kernel(TREE, BUILD / "clippy", "clippy", SERIES.configs)

# What checkpatch cannot know here, and what answers its question instead.
IGNORED = {
    "MISSING_SIGN_OFF": "whoever sends the patch signs it off",
    "NO_AUTHOR_SIGN_OFF": "whoever sends the patch signs it off",
    "FILE_PATH_CHANGES": "asks for MAINTAINERS; the step 'maintainers' answers",
}
WORDS = ("crate", "statics")  # that codespell does not know
WITHOUT_HISTORY = {"UNKNOWN_COMMIT_ID": "the tree has no history to look the commit up in"}


def checkpatch() -> list[str]:
    ignored = dict(IGNORED)
    if git(TREE, "rev-list", "--count", "base").strip() in ("1", "2"):
        ignored |= WITHOUT_HISTORY
    for name, why in ignored.items():
        say(f"    not counted: {name} ({why})")

    # One run for several patches, since what it begins with takes half of the time.
    def one(each: Series) -> tuple[int, str]:
        done = subprocess.run(["perl", "scripts/checkpatch.pl", "--strict", "--show-types", "--no-summary", "--terse",
                               "--ignore", ",".join(ignored), *map(str, each.patches)],
                              cwd=TREE, env=environment(), text=True, capture_output=True)
        return done.returncode, (done.stdout + done.stderr).replace(f"{ROOT}/", "")

    problems = []
    stack = read()
    with ThreadPoolExecutor(os.cpu_count()) as pool, (LOGS / "checkpatch.log").open("w") as log:
        for each, (status, text) in zip(stack, pool.map(one, stack)):
            log.write(f"{each.name}\n{text}\n")
            if status or text.strip():
                problems += [f"checkpatch on {each.name}:", *text.splitlines()[:20]]
    return problems


def spelling() -> list[str]:
    """Of what the patches say and add. The --codespell of checkpatch does the same in two minutes."""
    lines = [(label(path), line.removeprefix("+")) for path in patch_files()
             for message, _, diff in [path.read_text().partition("\n---\n")]
             for line in [*message.splitlines(), *re.findall(r"^\+.*", diff, re.M)]]
    done = subprocess.run(["codespell", f"--ignore-words-list={','.join(WORDS)}", "-"], text=True, capture_output=True,
                          env=environment(), input="\n".join(line for _, line in lines))
    if done.stderr or done.returncode not in (0, 65):  # 65: it has found something
        return done.stderr.splitlines() or [f"codespell: status {done.returncode}"]
    # In turns: its number, with the line, and the word.
    found = re.findall(r"^(\d+): .*\n\s*(.*==>.*)", done.stdout, re.M)
    return [f"{lines[int(number) - 1][0]}: {words}" for number, words in found]


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
    status = run_logged(["make", "LLVM=1", "rustfmtcheck"], LOGS / "rustfmt.log", cwd=TREE, env=environment())
    return [f"rustfmtcheck: status {status}, see {rel(LOGS / 'rustfmt.log')}"] if status else []


def clippy() -> list[str]:
    """Builds the Rust code of the kernel with clippy. The base is clean, so any warning is new."""
    if not CLIPPY.objects.exists():
        with lock("uml"):  # what `make kunit` has compiled is not compiled again
            if SERIES.objects.exists():
                CLIPPY.begin_as(SERIES)
    CLIPPY.configure()
    # A warning is printed when a crate is compiled, not when it is up to date.
    for crate in ("rust/kernel.o", "rust/doctests_kernel_generated.o", "drivers/android/binder/rust_binder_main.o",
                  "samples/rust/rust_workqueue.o", "rust/libmacros.so"):
        (CLIPPY.objects / crate).unlink(missing_ok=True)
    CLIPPY.make("build", "CLIPPY=1", "prepare", "rust/", "drivers/android/", "samples/rust/")
    lines = CLIPPY.log("build").read_text(errors="replace").splitlines()
    return [f"clippy: {line} {lines[i + 1].strip() if i + 1 < len(lines) else ''}" for i, line in enumerate(lines)
            if re.match(r"(warning|error)(\[\w+\])?: ", line) and i + 1 < len(lines) and "-->" in lines[i + 1]]


def objections(*command: str, env: dict[str, str] | None = None) -> tuple[list[str], list[str]]:
    """What a program has printed if it failed, and what if not. One that crashes has objections, too."""
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.splitlines()
    return (lines or [f"{command[0]}: status {done.returncode}"], []) if done.returncode else ([], lines)


def export() -> list[str]:
    return objections(sys.executable, "tools/export.py", "--check")[0]


def figures() -> list[str]:
    return objections(sys.executable, "tools/figures.py", "--check")[0]


def scripts() -> list[str]:
    """Our own shell scripts."""
    return objections("shellcheck", "tools/toolchain", ".ci/run", env=environment())[0]


def python() -> list[str]:
    """Our own Python: linters, types, unit tests."""
    programs = BUILD / "toolchain/linters/bin"
    if not (programs / "mypy").exists():
        return ["ruff and mypy are not installed: run 'tools/toolchain --linters'"]
    problems = objections(str(programs / "ruff"), "check", "--quiet", "--no-cache", "--output-format=concise")[0]
    problems += objections(str(programs / "mypy"), f"--cache-dir={BUILD / 'mypy'}", "--no-error-summary", ".")[0]
    failed, passed = objections(sys.executable, "-m", "unittest", "discover", "--buffer", "-s", "tests/tools")
    say("".join(f"    {line}" for line in passed if line.startswith("Ran ")))
    return problems + failed


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("check"), lock("check"):
        ensure_tree()
        LOGS.mkdir(parents=True, exist_ok=True)
        steps = {"checkpatch": checkpatch, "spelling": spelling, "maintainers": maintainers.problems,
                 "rules of the patches": rules_of_patches, "export": export, "each series alone": series.problems,
                 "mails": rehearsal, "rustfmt": rustfmt, "shellcheck": scripts, "python": python, "figures": figures,
                 "clippy": clippy}
        failed = []
        for name, check in steps.items():
            with step(name):
                try:
                    problems = check()
                except Failure as e:  # the other steps have something to say as well
                    problems = str(e).splitlines()
            for problem in problems:
                say("    " + paint(problem, "31"))
            if problems:
                failed.append(name)
        verdict("check", not failed, f"{len(steps) - len(failed)} passed, {len(failed)} failed"
                + (f" ({', '.join(failed)})" if failed else ""))


if __name__ == "__main__":
    main()
