#!/usr/bin/env python3
"""make kunit-oldest: the suites with the oldest toolchain that the kernel takes, which Debian 13 has.

Everything happens in a root of Debian 13 below build/. What is mounted in it is seen by nobody else, and
gone at the end.
"""

from __future__ import annotations

import os
import shutil

from lib.common import (
    BUILD, LOGS, ROOT, Failure, last_line, lock, must, need_space, parser, rel, reporting, run_logged, say, step, verdict,
)
from lib.source import keyring, mirror

SYSTEM = BUILD / "trixie"
INSIDE = SYSTEM / "series"
MOUNTS = " && ".join(f"mount --rbind /{name} {SYSTEM}/{name}" for name in ("proc", "dev", "sys"))


def inside(command: str) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", f"{MOUNTS} && exec chroot {SYSTEM} /usr/bin/env -i HOME=/root "
            f"PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd /series && {command}'"]


def system() -> None:
    if (SYSTEM / ".made").exists():
        return
    need_space(10, "a root of Debian 13 with a kernel")
    shutil.rmtree(SYSTEM, ignore_errors=True)
    must(["debootstrap", "--variant=minbase", f"--keyring={keyring()}", "--include=ca-certificates,git,make,python3",
          "trixie", str(SYSTEM), mirror()], LOGS / "oldest-system.log", "debootstrap")
    (SYSTEM / ".made").touch()


def copy() -> None:
    """This repository as it is, without what is generated. Downloads are shared."""
    INSIDE.mkdir(exist_ok=True)
    for name in (".ci", "kunit", "linux", "Makefile", "patches", "tests", "tools"):
        source, to = ROOT / name, INSIDE / name
        if source.is_dir():
            shutil.rmtree(to, ignore_errors=True)
            # A submodule's .git names a directory that is not there.
            shutil.copytree(source, to, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        else:
            shutil.copy(source, to)
    (INSIDE / "build").mkdir(exist_ok=True)
    if (BUILD / "download").exists() and not (INSIDE / "build/download").exists():
        shutil.copytree(BUILD / "download", INSIDE / "build/download", copy_function=os.link, symlinks=True)


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("kunit-oldest"), lock("oldest"):
        if os.geteuid() or not shutil.which("debootstrap"):
            raise Failure("this takes root, for a chroot, and debootstrap: apt-get install --no-install-recommends debootstrap")
        if os.environ.get("LINUX"):
            raise Failure("LINUX= is outside of that root: this takes Debian's kernel, or linux/")
        with step("root of Debian 13"):
            system()
            copy()
        with step("its toolchain"):
            must(inside("tools/toolchain && rustc --version && bindgen --version && clang --version"), LOGS / "oldest-toolchain.log",
                 "the toolchain")
            for line in (LOGS / "oldest-toolchain.log").read_text().splitlines():
                if line.startswith(("rustc", "bindgen", "Debian clang")):
                    say(f"    {line}")
        log = LOGS / "oldest-kunit.log"
        with step("kernel and suites"):
            status = run_logged(inside("tools/kunit.py"), log)
        verdict("kunit-oldest", status == 0, f"{last_line(log).partition(': ')[2]}, in {rel(SYSTEM)}; the log: {rel(log)}")


if __name__ == "__main__":
    main()
