#!/usr/bin/env python3
"""make docs: the pages of the kernel crate with the series, and no warning that the base does not have."""

from __future__ import annotations

import hashlib
import json
import re

from lib.common import BASE, BUILD, TREE, Failure, environment, git, lock, output, parser, rel, reporting, say, step, verdict, worktree
from lib.kernel import SERIES, Kernel
from tree import ensure_tree

KERNEL = Kernel(TREE, BUILD / "docs", "docs")
PAGES = "Documentation/output/rust/rustdoc/kernel"
MODULES = ("workqueue", "task_work")


def rustdoc(kernel: Kernel) -> set[tuple[str, str]]:
    """Makes all pages; returns the warnings, as pairs of text and file."""
    kernel.complete((SERIES.objects / ".config").read_text())
    kernel.make("pages", "rustdoc")
    found = re.findall(r"^(?:warning|error)(?:\[\w+\])?: (.+)\n(?: *--> (\S+?):\d+)?",
                       kernel.log("pages").read_text(errors="replace"), re.M)
    return {(text, file.removeprefix(f"{kernel.source}/")) for text, file in found if not re.match(r"\d+ warnings? emitted", text)}


def of_base() -> set[tuple[str, str]]:
    """What rustdoc says of the unpatched kernel; measured again when the base, its options or rustdoc change."""
    key = git(TREE, "rev-parse", "base") + (SERIES.objects / ".config").read_text() + output(["rustdoc", "--version"], env=environment())
    record = BUILD / f"docs-base-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    if not record.exists():
        worktree(BASE, "base")
        with step("the unpatched kernel's pages, to compare"):
            part = record.with_suffix(".new")
            part.write_text(json.dumps(sorted(rustdoc(Kernel(BASE, BUILD / "docs-base", "docs-base")))))
            part.rename(record)
    return {(text, file) for text, file in json.loads(record.read_text())}


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("docs"), lock("docs"):
        ensure_tree()
        with lock("uml"):
            SERIES.configure()
        log = KERNEL.log("pages")
        with step("pages"):
            warnings = rustdoc(KERNEL)
        pages = [KERNEL.objects / PAGES / module / "index.html" for module in MODULES]
        if absent := [page for page in pages if not page.exists()]:
            raise Failure(f"rustdoc wrote no {rel(absent[0])}; the log: {rel(log)}")
        ours = set(git(TREE, "diff", "--name-only", "base").split())
        # A warning in a file of ours counts in any case.
        bad = {w for w in warnings if w[1] in ours}
        if others := warnings - bad:
            bad |= others - of_base()
        if bad:
            raise Failure("\n".join([*sorted(f"{file or '(no file)'}: {text}" for text, file in bad),
                                     f"rustdoc has {len(bad)} new warnings; the log: {rel(log)}"]))
        for page in pages:
            say(f"    {rel(page)}")
        verdict("docs", True, f"{len(pages)} passed, 0 failed; {len(warnings)} warnings, as in the unpatched kernel; "
                f"the log: {rel(log)}")


if __name__ == "__main__":
    main()
