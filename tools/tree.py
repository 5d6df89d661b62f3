#!/usr/bin/env python3
"""make tree: build/tree is a git tree with one commit per patch, on top of branch `base`.

All series of patches/ follow each other on branch `series`; stack/<name> is the last commit of each, and
its description is their cover letter.

The tree is complete or absent: it is made beside its place and moved there when it is done. A tree
that somebody has worked in is left as it is, unless patches/ has changed as well: then both cannot
be right, and a person has to say which.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from lib.common import (
    BASE, BUILD, PATCHES, TREE, Failure, captured, git, git_environment, lock, output, parser, rel, reporting, say, step,
    uninterrupted, verdict, worktree,
)
from lib.source import Source, candidates, given_source
from lib.stack import STACK, Series, label, patch_files, read

BRANCH = "series"


def patches_hash() -> str:
    digest = hashlib.sha256()
    for path in patch_files():
        digest.update(label(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def branches_hash(repo: Path) -> str:
    """Of where the stack/ branches are, and of what is said about them."""
    found = refs(repo, "stack/")
    texts = [f"{key}\0{value}" for key, value in sorted(branch_config(repo).items())]
    return hashlib.sha256("\0".join([*(f"{name} {found[name]}" for name in sorted(found)), *texts]).encode()).hexdigest()


def refs(repo: Path, prefix: str) -> dict[str, str]:
    """The branches below `prefix`, and their commits."""
    lines = git(repo, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", f"refs/heads/{prefix}").splitlines()
    return dict(line.split(" ") for line in lines)


def branch_config(repo: Path) -> dict[str, str]:
    """Description and version of our branches, under their keys in git's configuration."""
    config = git(repo, "config", "--local", "--list", "-z")
    items = [item.partition("\n") for item in config.split("\0")]
    return {key: value for key, _, value in items if re.fullmatch(rf"branch\.({BRANCH}|stack/.*)\.(description|version)", key)}


def state_file(repo: Path) -> Path:
    return repo / ".git" / "series.json"


def read_state(repo: Path) -> dict[str, str]:
    try:
        return json.loads(state_file(repo).read_text())
    except (OSError, ValueError):
        return {}


def write_state(repo: Path, source: str) -> None:
    """Records what the tree was made of; written last, so that an unfinished tree has none."""
    state = {"source": source, "patches": patches_hash(), "head": git(repo, "rev-parse", BRANCH).strip(),
             "branches": branches_hash(repo)}
    part = state_file(repo).with_suffix(".new")
    part.write_text(json.dumps(state, indent=1) + "\n")
    part.rename(state_file(repo))


def cover_description(text: str) -> str:
    """Subject and body of a cover letter as git keeps them, without what git adds: the shortlog
    and the diffstat."""
    head, _, body = text.partition("\n\n")
    subject = re.search(r"^Subject: (.*(?:\n .*)*)", head, re.M)
    if not subject:
        raise Failure("a cover letter has no Subject")
    title = re.sub(r"^\[.*?\] ", "", subject[1].replace("\n ", " "))
    body = re.split(r"^\S.* \(\d+\):\n  \S", body, maxsplit=1, flags=re.M)[0]
    return f"{title}\n\n{body.strip()}\n"


def version_of(series: Series) -> str:
    """1, or what stands behind PATCH in the cover letter's subject."""
    found = re.search(r"^Subject: \[PATCH v(\d+) ", series.cover.read_text(), re.M)
    return found[1] if found else "1"


def must_be_complete(stack: list[Series]) -> None:
    """Every series has its files, and every file has its series."""
    for series in stack:
        if not series.cover.exists() or not series.patches:
            raise Failure(f"{rel(series.folder)} needs a cover letter and patches, as {rel(STACK)} names this series")
    if stray := set(PATCHES.rglob("*.patch")) - set(patch_files(stack)):
        raise Failure(f"{rel(min(stray))} belongs to no series of {rel(STACK)}")


def apply_stack(repo: Path, branch: str = BRANCH) -> dict[str, str]:
    """One commit per patch on a fresh branch. Returns the last commit of each series."""
    stack = read()
    must_be_complete(stack)
    git(repo, "checkout", "--quiet", "-B", branch, "base")
    return {series.name: apply_patches(repo, series.patches) for series in stack}


def apply_patches(repo: Path, patches: list[Path]) -> str:
    """Commits with dates that make their ids repeatable. Returns the last one."""
    status, _, error = captured(["git", "-C", str(repo), "am", "--quiet", "--committer-date-is-author-date", *map(str, patches)],
                                env=git_environment())
    if status:
        path = patches[int((repo / git(repo, "rev-parse", "--git-path", "rebase-apply/next").strip()).read_text()) - 1]
        check = subprocess.run(["git", "-C", str(repo), "apply", "--check", "--verbose", str(path)],
                               env=git_environment(), text=True, capture_output=True)
        git(repo, "am", "--abort")
        raise Failure(explain(path, check.stderr) or f"{label(path)} does not apply: {error.strip()}")
    return git(repo, "rev-parse", "HEAD").strip()


@functools.cache
def applied(repo: Path, stack: tuple[Series, ...]) -> str:
    """The tree that some series make of branch `base`, as strict as git am, without touching a file."""
    if not stack:
        return git(repo, "rev-parse", "base^{tree}").strip()
    below = applied(repo, stack[:-1])
    with tempfile.TemporaryDirectory() as scratch:
        env = git_environment() | {"GIT_INDEX_FILE": f"{scratch}/index"}
        output(["git", "-C", str(repo), "read-tree", below], env=env)
        for path in stack[-1].patches:
            done = subprocess.run(["git", "-C", str(repo), "apply", "--cached", "--verbose", str(path)], env=env, text=True,
                                  capture_output=True)
            if done.returncode:
                raise Failure(explain(path, done.stderr) or f"{label(path)} does not apply: {done.stderr.strip()}")
        return output(["git", "-C", str(repo), "write-tree"], env=env).strip()


def committed(repo: Path, stack: tuple[Series, ...]) -> str:
    """One commit on `base` that has some series, with an id that says only what is in it."""
    if not stack:
        return git(repo, "rev-parse", "base").strip()
    env = git_environment() | {"GIT_AUTHOR_NAME": "series", "GIT_AUTHOR_EMAIL": "series@tree.invalid",
                               "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z"}
    return output(["git", "-C", str(repo), "commit-tree", applied(repo, stack), "-p", "base", "-m",
                   ", ".join(series.name for series in stack)], env=env).strip()


def set_branches(repo: Path, ends: dict[str, str]) -> None:
    """The stack/ branches are those of patches/, and say what its cover letters say."""
    stack = read()
    old = refs(repo, "stack/")
    lines = [f"update refs/heads/{series.branch} {ends[series.name]}" for series in stack]
    lines += [f"delete refs/heads/{name}" for name in old.keys() - {series.branch for series in stack}]
    subprocess.run(["git", "-C", str(repo), "update-ref", "--stdin"], input="\n".join(lines) + "\n", text=True, check=True,
                   env=git_environment())
    for key in branch_config(repo):
        git(repo, "config", "--unset-all", key)
    for series in stack:
        git(repo, "config", f"branch.{series.branch}.description", cover_description(series.cover.read_text()))
        git(repo, "config", f"branch.{series.branch}.version", version_of(series))
    # A rebase by hand takes the stack/ branches along.
    git(repo, "config", "rebase.updateRefs", "true")


def explain(path: Path, errors: str) -> str:
    """Patch, file and hunk of the first thing that did not apply, from `git apply`'s words."""
    if m := re.search(r"^error: patch failed: (.+):(\d+)$", errors, re.M):
        section = path.read_text().split(f"\n+++ b/{m[1]}\n", 1)[-1]
        hunk = re.search(rf"^@@ -{m[2]}[ ,].*$", section, re.M)
        return f"{label(path)} does not apply: file {m[1]}, hunk {hunk[0] if hunk else 'at line ' + m[2]}"
    if m := re.search(r"^error: (.+)$", errors, re.M):
        return f"{label(path)} does not apply: {m[1]}"
    return ""


def make_tree(sources: list[Source]) -> None:
    new = BUILD / "tree.new"
    problems = []
    for source in sources:
        say(f"    from {source.name}")
        source.create(new)
        try:
            set_branches(new, apply_stack(new))
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


def unfinished() -> str:
    """What is in build/tree that is not committed, in words; empty when there is nothing."""
    if any((TREE / ".git" / name).exists() for name in ("rebase-merge", "rebase-apply")):
        return "a rebase in progress"
    if git(TREE, "status", "--porcelain").strip():
        return "uncommitted changes"
    return ""


def local_work(state: dict[str, str]) -> str:
    """What is in build/tree that did not come from patches/, in words; empty when there is nothing."""
    if work := unfinished():
        return work
    if git(TREE, "rev-parse", "HEAD").strip() != state["head"]:
        return "commits that are not in patches/"
    if "branches" in state and branches_hash(TREE) != state["branches"]:
        return "stack/ branches or cover letters that are not in patches/"
    return ""


def own_branches() -> str:
    """What is in the repository of build/tree beside the series, in words; empty when there is nothing."""
    if others := [name for name in refs(TREE, "") if name not in ("base", BRANCH) and not name.startswith("stack/")]:
        return f"a branch {others[0]}"
    return "stashed changes" if git(TREE, "stash", "list").strip() else ""


def refresh(state: dict[str, str]) -> None:
    """patches/ has changed: apply it again beside the tree, then move only the files that differ, so
    that builds stay incremental."""
    if work := local_work(state):
        raise Failure(f"patches/ has changed and build/tree has {work}.\n"
                      "Keep the tree: 'make export'. Keep the patches: remove build/tree and run 'make tree'.")
    scratch, branch = BUILD / "apply", "applying"
    worktree(scratch, "base")
    try:
        ends = apply_stack(scratch, branch)
        git(scratch, "checkout", "--quiet", "--detach")
        # build/tree has the old series or the whole new one.
        with uninterrupted():
            git(TREE, "reset", "--quiet", "--hard", branch)
            set_branches(TREE, ends)
            write_state(TREE, state["source"])
    finally:
        git(TREE, "worktree", "remove", "--force", str(scratch))
        git(TREE, "update-ref", "-d", f"refs/heads/{branch}")


def another_source(state: dict[str, str]) -> Source | None:
    """The kernel that LINUX=dir or linux/ give, if build/tree is not made of it."""
    given = given_source()
    return given if given and given.name != state["source"] else None


def ensure_tree() -> None:
    """build/tree holds the series, or this raises a Failure."""
    with lock("tree"):
        state = read_state(TREE)
        if not state and (TREE / ".git").exists():
            raise Failure("build/tree has been made by hand: 'make export' puts it into patches/, or remove it")
        if not state:
            with step("kernel tree"):
                make_tree(candidates())
        elif source := another_source(state):
            if work := local_work(state) or own_branches():
                raise Failure(f"build/tree is made of {state['source']}, not of {source.name}, and has {work}.\n"
                              "Keep that: run without LINUX=, and with linux/ as it was. Else: remove build/tree.")
            with step("kernel tree, of another kernel than before"):
                make_tree([source])
        elif state["patches"] != patches_hash():
            with step("applying the changed patches"):
                refresh(state)
        shutil.rmtree(BUILD / "tree.new", ignore_errors=True)


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("tree"):
        ensure_tree()
        count = git(TREE, "rev-list", "--count", "base..HEAD").strip()
        verdict("tree", True, f"{rel(TREE)}: {count} commits, {len(read())} series, on {read_state(TREE)['source']}")


if __name__ == "__main__":
    main()
