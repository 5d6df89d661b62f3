#!/usr/bin/env python3
"""make bases: which kernels the series applies to, with git am, without fuzz or merging.

Of each series of kernels that Debian has, the newest release and the newest release candidate; or the
one tree that LINUX=dir or linux/ give. With RUN=yes, each kernel to which the series applies is built,
and its suites run.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from lib.common import BUILD, Failure, git, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import Kernel
from lib.results import summary
from lib.source import PREFERRED, Source, candidates
from lib.stack import read
from tree import apply_stack

BASES = BUILD / "bases"


def newest(sources: list[Source]) -> list[Source]:
    """Of the sorted packages, the first release and the first candidate of each series."""
    found: dict[tuple[str, bool], Source] = {}
    for source in sources:
        found.setdefault((source.package, "~rc" in source.version), source)
    return list(found.values())


def series(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def uml(source: Source) -> Kernel:
    name = re.sub(r"[^\w.]+", "-", f"{source.package}-{source.version}" if source.package else "given").strip("-")
    return Kernel(BASES / name, BASES / f"{name}-uml", f"bases-{name}")


def made() -> list[Path]:
    """The kernels that are here from the last time."""
    return [path.parent.parent for path in sorted(BASES.glob("*/.git/made-of"))]


def applies(source: Source, kernel: Kernel) -> str:
    """Applies the series; returns why that is not possible, or nothing."""
    made = kernel.source / ".git/made-of"
    if not made.exists() or made.read_text() != source.name:
        new = BASES / "new"
        BASES.mkdir(exist_ok=True)
        source.create(new)
        shutil.rmtree(kernel.source, ignore_errors=True)
        new.rename(kernel.source)
        made.write_text(source.name)
    if (kernel.source / ".git/rebase-apply").exists():
        git(kernel.source, "am", "--abort")
    git(kernel.source, "reset", "--quiet", "--hard")
    try:
        apply_stack(kernel.source)
    except Failure as e:
        return str(e)
    return ""


def suites(kernel: Kernel) -> str:
    kernel.build()
    kernel.run()
    everything, ours = summary(kernel.result)
    if everything.failed:
        raise Failure(f"{everything}; the log: {rel(kernel.log('run'))}")
    kernel.must_be_silent()
    return f"{everything}; ours: {ours}"


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("bases"), lock("bases"):
        sources = newest(candidates())
        rows, good, bad = [], 0, 0
        for source in sources:
            kernel = uml(source)
            required = not source.package or series(source.package) >= series(PREFERRED)
            with step(source.name):
                problem = applies(source, kernel)
                result = f"all {sum(len(series.patches) for series in read())} patches apply"
                if not problem and os.environ.get("RUN") == "yes":
                    try:
                        result += f"; {suites(kernel)}"
                    except Failure as e:
                        problem = str(e)
            good += not problem
            bad += bool(problem and required)
            say(f"    {problem or result}")
            mark = paint("yes", "32") if not problem else paint("NO ", "31") if required else "no "
            rows.append(f"    {mark}  {source.name}: {(problem or result).splitlines()[-1]}")
        for row in rows:
            say(row)
        verdict("bases", good > 0 and not bad, f"{good} passed, {bad} failed"
                + (f"; {len(rows) - good - bad} older than {PREFERRED}, which need not pass" if good + bad < len(rows) else ""))


if __name__ == "__main__":
    main()
