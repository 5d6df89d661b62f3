#!/usr/bin/env python3
"""make fold: puts `git commit --fixup` commits of build/tree into the patches that they belong to.

The same as `git rebase --autosquash --update-refs`, but away from build/tree: a rebase there touches every
file of the series, and the next build would compile most of the kernel again.
"""

from __future__ import annotations

import subprocess

from lib.common import (
    BUILD, TREE, Failure, git, git_environment, lock, parser, rel, reporting, uninterrupted, verdict, worktree,
)
from tree import BRANCH, refs, unfinished

SCRATCH = BUILD / "fold"


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("fold"), lock("tree"):
        if work := unfinished():
            raise Failure(f"build/tree has {work}: commit first")
        head = git(TREE, "rev-parse", BRANCH).strip()
        old = refs(TREE, "stack/")
        worktree(SCRATCH, BRANCH)
        try:
            done = subprocess.run(["git", "-C", str(SCRATCH), "rebase", "--quiet", "--interactive", "--autosquash", "--update-refs",
                                   "base"], env=git_environment() | {"GIT_SEQUENCE_EDITOR": ":", "GIT_EDITOR": ":"})
            if done.returncode:
                raise Failure("a fixup does not apply to the patch it names; nothing is changed. Fold it by hand "
                              "with 'git rebase' in build/tree.")
            new = git(SCRATCH, "rev-parse", "HEAD").strip()
            if git(TREE, "diff", "--name-only", head, new).strip():
                raise Failure("the result differs from build/tree; nothing is changed")
            with uninterrupted():
                git(TREE, "reset", "--quiet", "--soft", new)
        except BaseException:
            # The rebase has moved them.
            with uninterrupted():
                for name, commit in old.items():
                    git(TREE, "update-ref", f"refs/heads/{name}", commit)
            raise
        finally:
            git(TREE, "worktree", "remove", "--force", str(SCRATCH))
        count = git(TREE, "rev-list", "--count", f"base..{BRANCH}").strip()
        verdict("fold", True, f"{rel(TREE)}: {count} commits in {len(old)} series")


if __name__ == "__main__":
    main()
