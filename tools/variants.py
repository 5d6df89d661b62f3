#!/usr/bin/env python3
"""make kunit-gcc, make kunit-arm64: the suites in kernels that are made in other ways than make kunit's."""

from __future__ import annotations

import shutil
import sys

from common import BUILD, MAKE_OPTIONS, ROOT, TREE, Failure, environment, lock, rel, reporting, step, verdict
from kunit import MODULES, Uml
from kunit_results import summary
from tree import ensure_tree

KERNELS = {
    "gcc": Uml(TREE, BUILD / "gcc", "gcc", options=(f"--make_options={MODULES}",)),
    "arm64": Uml(TREE, BUILD / "arm64", "arm64", configs=tuple(ROOT / f"kunit/{name}.config" for name in ("arm64", "series")),
                 options=("--arch=arm64", *(f"--make_options={o}" for o in MAKE_OPTIONS))),
}


def main() -> None:
    name = sys.argv[1]
    kernel = KERNELS[name]
    with reporting(f"kunit-{name}"), lock(name):
        if name == "arm64" and not shutil.which("qemu-system-aarch64", path=environment()["PATH"]):
            raise Failure("qemu-system-aarch64 is not on PATH: apt-get install --no-install-recommends qemu-system-arm")
        ensure_tree()
        with step(f"kernel for {name}"):
            kernel.build()
        with step("suites"):
            kernel.run()
            everything, ours = summary(kernel.result)
        kernel.must_be_silent()
        verdict(f"kunit-{name}", everything.failed == 0,
                f"{everything}, of which this series: {ours}; the log: {rel(kernel.log('run'))}")


if __name__ == "__main__":
    main()
