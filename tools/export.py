#!/usr/bin/env python3
"""make export: writes the commits of build/tree to patches/, the same bytes for the same commits.

With --check nothing is written: the status says whether an export would change anything.
"""

from __future__ import annotations

import argparse
import difflib
import shutil
import tempfile
from pathlib import Path

from lib.common import BUILD, PATCHES, TREE, Failure, git, git_environment, output, reporting, say, verdict
from tree import BRANCH, ensure_tree, local_work, patch_files, read_state, write_state


def format_patches(to: Path) -> None:
    """format-patch without anything that depends on who runs it, when, or with which git."""
    date = git(TREE, "log", "-1", "--format=%aI", "series").strip()
    author = git(TREE, "log", "-1", "--format=%an%n%ae", "series").splitlines()
    version = git(TREE, "config", "--default", "1", "--get", f"branch.{BRANCH}.version").strip()
    prefix = "PATCH" if version == "1" else f"PATCH v{version}"
    env = git_environment() | {"GIT_COMMITTER_DATE": date, "GIT_COMMITTER_NAME": author[0], "GIT_COMMITTER_EMAIL": author[1]}
    output(["git", "-C", str(TREE), "-c", "core.abbrev=12", "-c", "diff.algorithm=histogram", "format-patch",
            "--quiet", "--zero-commit", "--no-signature", "--full-index", "--no-renames", "--numbered",
            f"--subject-prefix={prefix}", "--cover-letter", "--cover-from-description=subject",
            "--stat=72", "-o", str(to), "base..series"], env=env)


def differences(new: Path) -> list[str]:
    ours = {p.name: p.read_text() for p in patch_files()}
    theirs = {p.name: p.read_text() for p in new.glob("*.patch")}
    lines: list[str] = []
    for name in sorted(ours | theirs):
        lines += difflib.unified_diff(ours.get(name, "").splitlines(), theirs.get(name, "").splitlines(),
                                      f"patches/{name}", f"build/tree: {name}", lineterm="", n=1)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    with reporting("export"):
        if not read_state(TREE):
            ensure_tree()
        if check:
            ensure_tree()
        work = local_work(read_state(TREE) | {"head": git(TREE, "rev-parse", "HEAD").strip()})
        if work:
            raise Failure(f"build/tree has {work}: commit first")
        with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
            format_patches(Path(scratch))
            changed = differences(Path(scratch))
            if check:
                for line in changed[:40]:
                    say(line)
                verdict("export", not changed, "patches/ is what build/tree exports" if not changed
                        else "patches/ and build/tree differ: run 'make export'")
            if changed:
                for old in patch_files():
                    old.unlink()
                for new in sorted(Path(scratch).glob("*.patch")):
                    shutil.copy(new, PATCHES / new.name)
            write_state(TREE, read_state(TREE)["source"])
        verdict("export", True, f"{len(patch_files())} files in patches/, " + ("changed" if changed else "unchanged"))


if __name__ == "__main__":
    main()
