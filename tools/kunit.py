#!/usr/bin/env python3
"""make kunit: the suites in user mode Linux on one CPU and on two, with lockdep, debug objects and kmemleak.
make kunit-gcc, make kunit-arm64, make kunit-arm: the suites in kernels that are made in other ways.
"""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import boot
from lib.common import (
    BUILD, ROOT, TREE, Failure, environment, lock, parser, rel, reporting, say, step, verdict, worktree,
)
from lib.kernel import SERIES, Kernel, configs
from lib.kernel_log import must_be_silent
from lib.known import known
from lib.results import Counts, summary
from lib.stack import after
from tree import ensure_tree

# By the kernel's name for the architecture.
EMULATORS = {"arm64": "qemu-system-aarch64", "arm": "qemu-system-arm"}
VARIANTS = {
    "gcc": Kernel(TREE, BUILD / "gcc", "gcc", llvm=False),
    **{arch: Kernel(TREE, BUILD / arch, arch, configs("arm", "users", "series"), arch) for arch in EMULATORS},
}
CPUS = (1, 2)
LIMIT = 600  # seconds for the boots, which take about one minute
# The fixes of user mode Linux, without which the instruments do not work.
FIXES = "um"
BASE = Kernel(BUILD / "uml-base-src", BUILD / "uml-base", "uml-base", configs("uml", "users", "instruments", "uml-smp"))


def logs(kernel: Kernel) -> dict[int, Path]:
    return {cpus: kernel.log(f"run-{cpus}") for cpus in CPUS}


def boot_all(kernel: Kernel) -> None:
    """With each number of CPUs at the same time, as the tests wait a lot. At the end kmemleak looks for what is left."""
    root = BUILD / f"{kernel.name}-root"
    boot.make_root(root, ROOT / "tests/smp/init.c")

    def one(cpus: int) -> None:
        log = logs(kernel)[cpus]
        text, ended = boot.uml(kernel, root, "printk.devkmsg=on", log, LIMIT, cpus=cpus, quiet=True)
        if not ended:
            raise boot.hang(LIMIT, log)
        if "init: kmemleak scanned" not in text:
            raise Failure(f"the kernel did not get through its tests and the leak scan; the log: {rel(log)}")

    with ThreadPoolExecutor(len(CPUS)) as pool:
        for done in [pool.submit(one, cpus) for cpus in CPUS]:
            done.result()


def measure() -> list[str]:
    worktree(BASE.source, after(FIXES))
    with step("UML kernel without the other series"):
        BASE.build()
    with step("its complaints"):
        boot_all(BASE)
    return [log.read_text(errors="replace") for log in logs(BASE).values()]


def noise() -> Counter[str]:
    """What the kernel complains about without the series."""
    return known(BASE, after(FIXES), measure)


def judge(kernel: Kernel, log: Path, baseline: Counter[str]) -> tuple[Counts, Counts]:
    """The totals of a boot, and those of this series."""
    result = log.with_suffix(".json")
    kernel.parse(log, result)
    totals = summary(result)
    must_be_silent(log.read_text(errors="replace"), baseline, log)
    return totals


def instrumented() -> None:
    with reporting("kunit"), lock("uml"):
        ensure_tree()
        baseline = noise()
        with step("UML kernel"):
            SERIES.build()
        total = Counts(0, 0, 0)
        with step("suites"):
            boot_all(SERIES)
            for cpus, log in logs(SERIES).items():
                everything, ours = judge(SERIES, log, baseline)
                say(f"    on {cpus} CPU{'s' if cpus > 1 else ''}: {everything}, of which this series: {ours}")
                total = Counts(*map(sum, zip(total, everything)))
        verdict("kunit", total.failed == 0, f"{total}; the logs: {', '.join(rel(log) for log in logs(SERIES).values())}")


def variant(name: str) -> None:
    kernel = VARIANTS[name]
    with reporting(f"kunit-{name}"), lock(name):
        emulator = EMULATORS.get(name)
        if emulator and not shutil.which(emulator, path=environment()["PATH"]):
            raise Failure(f"{emulator} is not on PATH: apt-get install --no-install-recommends qemu-system-arm")
        ensure_tree()
        with step(f"kernel for {name}"):
            kernel.build()
        with step("suites"):
            kernel.run()
            everything, ours = summary(kernel.result)
        kernel.must_be_silent()
        verdict(f"kunit-{name}", everything.failed == 0,
                f"{everything}, of which this series: {ours}; the log: {rel(kernel.log('run'))}")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("kernel", nargs="?", choices=("uml", *VARIANTS), default="uml", help="default: %(default)s")
    name = arguments.parse_args().kernel
    BUILD.mkdir(exist_ok=True)
    if name == "uml":
        instrumented()
    else:
        variant(name)


if __name__ == "__main__":
    main()
