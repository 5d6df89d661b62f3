"""The kernel for x86_64 with several CPUs, lockdep, KASAN, debug objects and kmemleak.

What the unpatched base complains about, with the same configuration, is known noise. If that has to be measured, both
are built in one place, a worktree that is moved from the base to the series.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from lib import boot
from lib.common import BUILD, ROOT, Failure, edited_tree, need_space, rel, step, worktree
from lib.kernel import Kernel, configs
from lib.known import known

CPUS = max(2, min(4, os.cpu_count() or 2))
LIMIT = 15 * 60  # seconds for one boot; an emulated run takes well under two minutes


def kernel(name: str, *names: str) -> Kernel:
    return Kernel(BUILD / "smp-src", BUILD / "smp", f"smp-{name}", configs("x86", "instruments", "smp", *names), arch="x86_64")


BASE = kernel("base")
SERIES = kernel("series", "series", "sample")


def build(which: Kernel, revision: str) -> None:
    worktree(which.source, revision)
    need_space(6, "the SMP kernel")
    which.build()


def build_series() -> None:
    with step("SMP kernel"):
        build(SERIES, edited_tree())


def emulate(log: Path, root: Path, options: str) -> str:
    text, ended = boot.x86(SERIES, root, options, log, LIMIT, cpus=CPUS, memory="2G")
    if not ended:
        raise boot.hang(LIMIT, log)
    return text


def run(log: Path) -> str:
    """Boots the kernel, which runs its tests; returns what it says."""
    root = BUILD / "smp-root"
    boot.make_root(root, ROOT / "tests/smp/init.c")
    text = emulate(log, root, "kunit.enable=1 printk.devkmsg=on -- reboot")
    if "init: kmemleak scanned" not in text:
        raise Failure(f"the kernel did not get through its tests and the leak scan; the log: {rel(log)}")
    return text


def measure() -> list[str]:
    with step("SMP kernel, unpatched"):
        build(BASE, "base")
    with step("its complaints"):
        return [run(BASE.log("run"))]


def baseline() -> Counter[str]:
    """What the unpatched kernel complains about."""
    return known(BASE, "base", measure)
