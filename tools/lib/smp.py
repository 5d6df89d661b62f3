"""Kernels for x86_64 with several CPUs, each with other means to find what is wrong.

What the unpatched base complains about, with the same configuration, is known noise. If that has to be measured, both
are built in one place, a worktree that is moved from the base to the series.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lib import boot
from lib.common import BUILD, ROOT, TREE, Failure, edited_tree, git, need_space, patched, rel, step, worktree
from lib.kernel import Kernel, configs
from lib.known import known

CPUS = max(2, min(4, os.cpu_count() or 2))
LIMIT = 15 * 60  # seconds for one boot; an emulated run takes well under two minutes
INIT = ROOT / "tests/smp/init.c"


@dataclass(frozen=True)
class Machine:
    """A kernel with the series and without."""

    name: str  # of its directories and logs
    checks: tuple[str, ...]  # files of kunit/
    cpus: int = CPUS
    limit: int = LIMIT
    patch: Path | None = None  # that both are built with
    end: str = "init: kmemleak scanned"  # what tells that a run has come to its end

    def kernel(self, name: str, *names: str) -> Kernel:
        return Kernel(BUILD / f"{self.name}-src", BUILD / self.name, f"{self.name}-{name}", configs("x86", "users", *self.checks, *names),
                      arch="x86_64")

    @property
    def series(self) -> Kernel:
        return self.kernel("series", "series", "sample")

    def build(self, which: Kernel, revision: str) -> None:
        worktree(which.source, patched(revision, self.patch) if self.patch else revision)
        need_space(6, f"the kernel {self.name}")
        which.build()

    def build_series(self) -> None:
        with step(f"kernel {self.name}"):
            self.build(self.series, edited_tree())

    def emulate(self, log: Path, root: Path, options: str, cpus: int = 0, limit: int = 0) -> str:
        text, ended = boot.x86(self.series, root, options, log, limit or self.limit, cpus=cpus or self.cpus, memory="2G")
        if not ended:
            raise boot.hang(limit or self.limit, log)
        return text

    def run(self, log: Path, *options: str) -> str:
        """Boots the kernel, which runs its tests; returns what it says."""
        root = BUILD / f"{self.name}-root"
        boot.make_root(root, INIT)
        text = self.emulate(log, root, " ".join(["kunit.enable=1 printk.devkmsg=on", *options, "-- reboot"]))
        if self.end not in text:
            raise Failure(f"the kernel did not get through its tests to '{self.end}'; the log: {rel(log)}")
        return text

    def unpatched(self, check: Callable[[str], object] = lambda text: None) -> str:
        """What the unpatched kernel says; booted again when the base, its options or a patch change. Kept if `check` does
        not fail."""
        base = self.kernel("base")
        files = [*base.configs, *([self.patch] if self.patch else [])]
        key = hashlib.sha256(git(TREE, "rev-parse", "base").strip().encode() + b"".join(path.read_bytes() for path in files))
        record = BUILD / f"{self.name}-baseline-{key.hexdigest()[:16]}.log"
        if not record.exists():
            with step(f"kernel {self.name}, unpatched"):
                self.build(base, "base")
            with step("its complaints"):
                log = base.log("run")
                check(self.run(log))
                shutil.copy(log, record.with_suffix(".new"))
                record.with_suffix(".new").rename(record)
        return record.read_text(errors="replace")

    def baseline(self) -> Counter[str]:
        """What the unpatched kernel complains about."""
        return known(self.kernel("base"), "base", lambda: [self.unpatched()])


SMP = Machine("smp", ("instruments", "smp"))
# Spinlocks sleep, and interrupts and softirqs have threads, so other contexts are wrong there.
RT = Machine("rt", ("instruments", "rt"))
