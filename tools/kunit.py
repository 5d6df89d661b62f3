#!/usr/bin/env python3
"""make kunit: the suites in user mode Linux, by the kernel's own kunit.py.
make kunit-gcc, make kunit-arm64, make kunit-arm: the same in kernels that are made in other ways."""

from __future__ import annotations

import shutil

from lib.common import BUILD, TREE, Failure, environment, lock, parser, rel, reporting, step, verdict
from lib.kernel import SERIES, Kernel, configs
from lib.results import summary
from tree import ensure_tree

# By the kernel's name for the architecture.
EMULATORS = {"arm64": "qemu-system-aarch64", "arm": "qemu-system-arm"}
KERNELS = {
    "uml": SERIES,
    "gcc": Kernel(TREE, BUILD / "gcc", "gcc", llvm=False),
    **{arch: Kernel(TREE, BUILD / arch, arch, configs("arm", "series"), arch) for arch in EMULATORS},
}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("kernel", nargs="?", choices=KERNELS, default="uml", help="default: %(default)s")
    name = arguments.parse_args().kernel
    kernel, verb = KERNELS[name], "kunit" if name == "uml" else f"kunit-{name}"
    with reporting(verb), lock(name):
        emulator = EMULATORS.get(name)
        if emulator and not shutil.which(emulator, path=environment()["PATH"]):
            raise Failure(f"{emulator} is not on PATH: apt-get install --no-install-recommends qemu-system-arm")
        ensure_tree()
        with step("UML kernel" if name == "uml" else f"kernel for {name}"):
            kernel.build()
        with step("suites"):
            kernel.run()
            everything, ours = summary(kernel.result)
        kernel.must_be_silent()
        verdict(verb, everything.failed == 0, f"{everything}, of which this series: {ours}; the log: {rel(kernel.log('run'))}")


if __name__ == "__main__":
    main()
