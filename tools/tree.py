#!/usr/bin/env python3
"""make tree: build/tree is a git tree with one commit per patch, on top of branch `base`.

The tree is complete or absent: it is made beside its place and moved there when it is done. A tree
that somebody has worked in is left as it is, unless patches/ has changed as well: then both cannot
be right, and a person has to say which.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from lib.common import BASE, BUILD, PATCHES, TREE, Failure, git, git_environment, lock, rel, reporting, say, step, verdict, worktree
from lib.source import Source, candidates, given_source

BRANCH = "series"


def patch_files() -> list[Path]:
    return sorted(PATCHES.glob("*.patch"))


def patches_hash() -> str:
    digest = hashlib.sha256()
    for path in patch_files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def state_file(repo: Path) -> Path:
    return repo / ".git" / "series.json"


def read_state(repo: Path) -> dict[str, str]:
    try:
        return json.loads(state_file(repo).read_text())
    except (OSError, ValueError):
        return {}


def write_state(repo: Path, source: str) -> None:
    """Records what the tree was made of; written last, so that an unfinished tree has none."""
    state = {"source": source, "patches": patches_hash(), "head": git(repo, "rev-parse", BRANCH).strip()}
    part = state_file(repo).with_suffix(".new")
    part.write_text(json.dumps(state, indent=1) + "\n")
    part.rename(state_file(repo))


def cover_description(text: str) -> str:
    """Subject and body of the cover letter as git keeps them, without what git adds: the shortlog
    and the diffstat."""
    head, _, body = text.partition("\n\n")
    subject = re.search(r"^Subject: (.*(?:\n .*)*)", head, re.M)
    if not subject:
        raise Failure("patches/0000-cover-letter.patch has no Subject")
    title = re.sub(r"^\[.*?\] ", "", subject[1].replace("\n ", " "))
    body = re.split(r"^\S.* \(\d+\):\n  \S", body, maxsplit=1, flags=re.M)[0]
    return f"{title}\n\n{body.strip()}\n"


def version_of(cover: str) -> str:
    """Of the series: 1, or what stands behind PATCH in the cover letter's subject."""
    found = re.search(r"^Subject: \[PATCH v(\d+) ", cover, re.M)
    return found[1] if found else "1"


def apply_patches(repo: Path, branch: str = BRANCH) -> None:
    """One commit per patch on a fresh branch, with dates that make the ids repeatable."""
    git(repo, "checkout", "--quiet", "-B", branch, "base")
    for path in patch_files():
        if path.name.startswith("0000-"):
            continue
        done = subprocess.run(["git", "-C", str(repo), "am", "--quiet", "--committer-date-is-author-date", str(path)],
                              env=git_environment(), text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            check = subprocess.run(["git", "-C", str(repo), "apply", "--check", "--verbose", str(path)],
                                   env=git_environment(), text=True, capture_output=True)
            git(repo, "am", "--abort")
            raise Failure(explain(path, check.stderr) or f"{path.name} does not apply: {done.stderr.strip()}")
    cover = (PATCHES / "0000-cover-letter.patch").read_text()
    git(repo, "config", f"branch.{BRANCH}.description", cover_description(cover))
    git(repo, "config", f"branch.{BRANCH}.version", version_of(cover))


def explain(path: Path, errors: str) -> str:
    """Patch, file and hunk of the first thing that did not apply, from `git apply`'s words."""
    if m := re.search(r"^error: patch failed: (.+):(\d+)$", errors, re.M):
        section = path.read_text().split(f"\n+++ b/{m[1]}\n", 1)[-1]
        hunk = re.search(rf"^@@ -{m[2]}[ ,].*$", section, re.M)
        return f"{path.name} does not apply: file {m[1]}, hunk {hunk[0] if hunk else 'at line ' + m[2]}"
    if m := re.search(r"^error: (.+)$", errors, re.M):
        return f"{path.name} does not apply: {m[1]}"
    return ""


def make_tree(sources: list[Source]) -> None:
    new = BUILD / "tree.new"
    problems = []
    for source in sources:
        say(f"    from {source.name}")
        source.create(new)
        try:
            apply_patches(new)
        except Failure as e:
            if len(sources) == 1:
                raise
            say(f"    the series does not apply to {source.name}:\n    {e}")
            problems.append(f"{source.name}: {e}")
            continue
        write_state(new, source.name)
        shutil.rmtree(TREE, ignore_errors=True)
        shutil.rmtree(BASE, ignore_errors=True)
        new.rename(TREE)
        return
    raise Failure("\n".join(["the series applies to no kernel source that can be had:", *problems]))


def local_work(state: dict[str, str]) -> str:
    """What is in build/tree that did not come from patches/, in words; empty when there is nothing."""
    if any((TREE / ".git" / name).exists() for name in ("rebase-merge", "rebase-apply")):
        return "a rebase in progress"
    if git(TREE, "status", "--porcelain").strip():
        return "uncommitted changes"
    if git(TREE, "rev-parse", "HEAD").strip() != state["head"]:
        return "commits that are not in patches/"
    return ""


def refresh(state: dict[str, str]) -> None:
    """patches/ has changed: apply it again beside the tree, then move only the files that differ, so
    that builds stay incremental."""
    if work := local_work(state):
        raise Failure(f"patches/ has changed and build/tree has {work}.\n"
                      "Keep the tree: 'make export'. Keep the patches: remove build/tree and run 'make tree'.")
    scratch, branch = BUILD / "apply", "applying"
    worktree(scratch, "base")
    try:
        apply_patches(scratch, branch)
        git(scratch, "checkout", "--quiet", "--detach")
        # The branch of build/tree has the old series or the whole new one.
        git(TREE, "reset", "--quiet", "--hard", branch)
    finally:
        git(TREE, "worktree", "remove", "--force", str(scratch))
        git(TREE, "update-ref", "-d", f"refs/heads/{branch}")
    write_state(TREE, state["source"])


def another_source(state: dict[str, str]) -> Source | None:
    """The kernel that LINUX=dir or linux/ give, if build/tree is not made of it."""
    given = given_source()
    return given if given and given.name != state["source"] else None


def ensure_tree() -> None:
    """build/tree holds the series, or this raises a Failure."""
    with lock("tree"):
        state = read_state(TREE)
        if not state:
            with step("kernel tree"):
                make_tree(candidates())
        elif source := another_source(state):
            if work := local_work(state):
                raise Failure(f"build/tree is made of {state['source']}, not of {source.name}, and has {work}.\n"
                              "Keep that: run without LINUX=, and with linux/ as it was. Else: remove build/tree.")
            with step("kernel tree, of another kernel than before"):
                make_tree([source])
        elif state["patches"] != patches_hash():
            with step("applying the changed patches"):
                refresh(state)
        shutil.rmtree(BUILD / "tree.new", ignore_errors=True)


def main() -> None:
    with reporting("tree"):
        ensure_tree()
        count = git(TREE, "rev-list", "--count", "base..HEAD").strip()
        verdict("tree", True, f"{rel(TREE)}: {count} commits on {read_state(TREE)['source']}")


if __name__ == "__main__":
    main()
