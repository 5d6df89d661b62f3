#!/usr/bin/env python3
"""make kunit-gcc, make kunit-arm64, make kunit-arm: the suites in kernels that are made in other ways than
make kunit's."""

from __future__ import annotations

import shutil
import sys

from common import BUILD, MAKE_OPTIONS, ROOT, TREE, Failure, environment, lock, rel, reporting, step, verdict
from kunit import MODULES, Uml
from kunit_results import summary
from tree import ensure_tree

# By the kernel's name for the architecture.
EMULATORS = {"arm64": "qemu-system-aarch64", "arm": "qemu-system-arm"}
KERNELS = {
    "gcc": Uml(TREE, BUILD / "gcc", "gcc", options=(f"--make_options={MODULES}",)),
    **{arch: Uml(TREE, BUILD / arch, arch, configs=tuple(ROOT / f"kunit/{name}.config" for name in ("arm", "series")),
                 options=(f"--arch={arch}", *(f"--make_options={o}" for o in MAKE_OPTIONS))) for arch in EMULATORS},
}


def main() -> None:
    name = sys.argv[1]
    kernel = KERNELS[name]
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


if __name__ == "__main__":
    main()
