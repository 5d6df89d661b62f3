"""The kernel for x86_64 with several CPUs, lockdep, KASAN, debug objects and kmemleak.

What the unpatched base complains about, with the same configuration, is known noise. Both are built in
one place, a worktree that is moved from the base to the series, so that the second build is incremental.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from pathlib import Path

from lib import boot
from lib.common import BUILD, LOGS, ROOT, TREE, Failure, edited_tree, git, need_space, rel, step, worktree
from lib.kernel import Kernel, configs
from lib.kernel_log import complaints

CPUS = max(2, min(4, os.cpu_count() or 2))
LIMIT = 15 * 60  # seconds for one boot; an emulated run takes well under two minutes


def kernel(name: str, *names: str) -> Kernel:
    return Kernel(BUILD / "smp-src", BUILD / "smp", f"smp-{name}", configs("smp", *names), arch="x86_64")


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


def baseline() -> Counter[str]:
    """What the unpatched kernel complains about; booted again when the base or its options change."""
    base = git(TREE, "rev-parse", "base").strip()
    key = hashlib.sha256(base.encode() + (ROOT / "kunit/smp.config").read_bytes()).hexdigest()
    record = BUILD / f"smp-baseline-{key[:16]}.log"
    if not record.exists():
        with step("SMP kernel, unpatched"):
            build(kernel("base"), "base")
        with step("its complaints"):
            log = LOGS / "smp-base-run.log"
            run(log)
            shutil.copy(log, record.with_suffix(".new"))
            record.with_suffix(".new").rename(record)
    return complaints(record.read_text(errors="replace"))
