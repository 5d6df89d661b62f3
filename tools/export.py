#!/usr/bin/env python3
"""make export: writes the commits of build/tree to patches/, the same bytes for the same commits.

Each series of patches/stack gets its folder: the commits up to its branch stack/<name>, and the description
of that branch as cover letter. With --check nothing is written: the status says whether an export would
change anything.
"""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from lib.common import BUILD, PATCHES, TREE, Failure, git, git_environment, lock, output, parser, reporting, say, verdict
from lib.stack import Series, read
from tree import BRANCH, branch_config, ensure_tree, local_work, read_state, refs, unfinished, write_state


def is_ancestor(old: str, new: str) -> bool:
    return subprocess.run(["git", "-C", str(TREE), "merge-base", "--is-ancestor", old, new], env=git_environment(),
                          capture_output=True).returncode == 0


def how_to_move(branch: str) -> str:
    """The command for a branch that a rebase has left behind."""
    title = git(TREE, "show", "-s", "--format=%s", branch).strip()
    log = git(TREE, "log", "--format=%h %s", f"base..{BRANCH}").splitlines()
    found = [line.split(" ")[0] for line in log if line.split(" ", 1)[1] == title]
    return f"git -C build/tree branch --force {branch} {found[0] if len(found) == 1 else '<its last commit>'}"


def ranges(stack: list[Series]) -> dict[Series, str]:
    """The commits of each series, as format-patch wants them."""
    known = refs(TREE, "stack/")
    if stray := known.keys() - {series.branch for series in stack}:
        raise Failure(f"build/tree has a branch {min(stray)}, and patches/stack has no line for it")
    found, before = {}, "base"
    for series in stack:
        branch = series.branch
        if branch not in known:
            raise Failure(f"build/tree has no branch {branch}, which ends the series {series.name} of patches/stack: "
                          f"git -C build/tree branch {branch} <its last commit>")
        if not is_ancestor(branch, BRANCH):
            raise Failure(f"{branch} is not a commit of branch {BRANCH} any more. Say where it ends: {how_to_move(branch)}")
        if not is_ancestor(before, branch):
            raise Failure(f"{branch} ends before {before}, which patches/stack names before it: move one of them, or the line")
        if known[branch] == git(TREE, "rev-parse", before).strip():
            raise Failure(f"{branch} has no commits after {before}")
        if f"branch.{branch}.description" not in branch_config(TREE):
            raise Failure(f"{series.name} has no cover letter: git -C build/tree branch --edit-description {branch}")
        found[series], before = f"{before}..{branch}", branch
    if behind := git(TREE, "log", "--format=%h %s", f"{before}..{BRANCH}").splitlines():
        what = ("run 'make fold' first" if any(re.match(r"\w+ (fixup|squash|amend)! ", line) for line in behind)
                else f"if they belong to its end: git -C build/tree branch --force {before} {BRANCH}")
        raise Failure("\n".join([*(f"    {line}" for line in behind), f"these commits are behind {before}, so in no series; {what}"]))
    return found


def format_patches(to: Path) -> None:
    """format-patch without anything that depends on who runs it, when, or with which git."""
    for series, commits in ranges(read()).items():
        date = git(TREE, "log", "-1", "--format=%aI", series.branch).strip()
        author = git(TREE, "log", "-1", "--format=%an%n%ae", series.branch).splitlines()
        version = branch_config(TREE).get(f"branch.{series.branch}.version", "1")
        prefix = "PATCH" if version == "1" else f"PATCH v{version}"
        env = git_environment() | {"GIT_COMMITTER_DATE": date, "GIT_COMMITTER_NAME": author[0], "GIT_COMMITTER_EMAIL": author[1]}
        output(["git", "-C", str(TREE), "-c", "core.abbrev=12", "-c", "diff.algorithm=histogram", "format-patch",
                "--quiet", "--zero-commit", "--no-signature", "--full-index", "--no-renames", "--numbered",
                f"--subject-prefix={prefix}", "--cover-letter", "--cover-from-description=subject",
                "--stat=72", "-o", str(to / series.name), commits], env=env)


def files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.patch"))}


def differences(new: Path) -> list[str]:
    ours = {name: path.read_text() for name, path in files(PATCHES).items()}
    theirs = {name: path.read_text() for name, path in files(new).items()}
    lines: list[str] = []
    for name in sorted(ours | theirs):
        lines += difflib.unified_diff(ours.get(name, "").splitlines(), theirs.get(name, "").splitlines(),
                                      f"patches/{name}", f"build/tree: {name}", lineterm="", n=1)
    return lines


def replace(new: Path) -> None:
    for old in files(PATCHES).values():
        old.unlink()
    for folder in PATCHES.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    shutil.copytree(new, PATCHES, dirs_exist_ok=True)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--check", action="store_true", help="writes nothing, and fails if there were something to write")
    check = arguments.parse_args().check
    with reporting("export"):
        state = read_state(TREE)
        # Without work in it, the tree follows patches/, which may have been pulled.
        if check or not (TREE / ".git").exists() or (state and not local_work(state)):
            ensure_tree()
        with lock("tree"), tempfile.TemporaryDirectory(dir=BUILD) as scratch:
            if work := unfinished():
                raise Failure(f"build/tree has {work}: commit first")
            if f"branch.{BRANCH}.description" in branch_config(TREE):
                say(f"    note: the description of branch {BRANCH} goes nowhere; cover letters are those of the stack/ branches")
            new = Path(scratch) / "patches"
            format_patches(new)
            changed = differences(new)
            if check:
                for line in changed[:40]:
                    say(line)
                verdict("export", not changed, "patches/ is what build/tree exports" if not changed
                        else "patches/ and build/tree differ: run 'make export'")
            if changed:
                replace(new)
            # A tree that somebody has made by hand says nothing of where it is from.
            write_state(TREE, read_state(TREE).get("source", "a tree made by hand"))
        stack = read()
        verdict("export", True, f"{sum(len(series.patches) for series in stack)} patches in {len(stack)} series in patches/, "
                + ("changed" if changed else "unchanged"))


if __name__ == "__main__":
    main()
