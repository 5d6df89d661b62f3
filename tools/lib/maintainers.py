"""Who gets the patches: for make check."""

from __future__ import annotations

import re

from lib.common import ROOT, TREE, environment, git, output
from tree import BRANCH

SNIPPET = ROOT / "MAINTAINERS-snippet"
# Whose files these are, beside others. get_maintainer.pl has to name them.
PEOPLE = {
    r"(^|/)(rust_)?workqueue[./_]": "WORKQUEUE",
    r"^drivers/android/": "ANDROID DRIVERS",
    r"^(rust|samples/rust)/": "RUST",
}
LAST_RESORT = "THE REST"


def entries(revision: str) -> dict[str, list[str]]:
    """The entries of MAINTAINERS, by their titles."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n{2,}", git(TREE, "show", f"{revision}:MAINTAINERS")):
        title, *lines = block.strip("\n").splitlines() or [""]
        if any(re.match(r"[A-Z]:\t", line) for line in lines):
            found[title] = lines
    return found


def added() -> str:
    """What the series adds to MAINTAINERS: the lines, under the titles of their entries."""
    before, after = entries("base"), entries(BRANCH)
    new = {title: [line for line in lines if line not in before.get(title, [])] for title, lines in after.items()}
    return "\n".join("".join(f"{line}\n" for line in [title, *lines]) for title, lines in new.items() if lines)


def problems() -> list[str]:
    found = []
    if not SNIPPET.exists() or SNIPPET.read_text() != added():
        found += [f"{SNIPPET.name} is not what the series adds to MAINTAINERS, which is:", *added().splitlines()]
    found += [f"the series signs somebody up: {line}" for line in added().splitlines() if re.match(r"[MR]:", line)]
    for name in git(TREE, "diff", "--name-only", "base", BRANCH).split():
        said = output(["perl", "scripts/get_maintainer.pl", "--sections", "--nogit", "--nogit-fallback", "-f", name],
                      cwd=TREE, env=environment())
        titles = {block.strip().splitlines()[0] for block in said.split("\n\n") if block.strip()} - {LAST_RESORT}
        wanted = {title for pattern, title in PEOPLE.items() if re.search(pattern, name)}
        if name != "MAINTAINERS" and not titles:
            found.append(f"MAINTAINERS has no entry for {name}")
        found += [f"{name} is not shown to {title}" for title in sorted(wanted - titles)]
    return found
