"""herd7, which executes litmus tests: that of the machine, or Debian's.

Only Debian's newest suite has it, made for a newer C library than this machine may have. So the package, and those
of the libraries that it needs, are unpacked below build/, and it is started by the loader that comes with them.
apt checks what it downloads; nothing is installed.
"""

from __future__ import annotations

import shutil
import subprocess

from lib.common import BUILD, Failure, need_space, output, say
from lib.source import apt, configure_apt

HERD = BUILD / "toolchain" / "herd"
PACKAGES = ("herdtools7", "libc6", "libgmp10")


def herd() -> list[str]:
    """The start of a command."""
    if own := shutil.which("herd7"):
        return [own]
    if not HERD.exists():
        unpack()
    loader = next(HERD.glob("lib/*/ld-linux*.so.*"), None)
    if not loader:
        raise Failure(f"{HERD} has no loader: remove it, and start again")
    command = [str(loader), "--library-path", str(loader.parent), str(HERD / "bin/herd7")]
    done = subprocess.run([*command, "-version"], text=True, capture_output=True)
    if done.returncode:
        raise Failure(f"{done.stderr.strip()}\nherd7 from Debian does not start here")
    return [*command, "-set-libdir", str(HERD / "share/herdtools7/herd")]


def unpack() -> None:
    if not shutil.which("apt-get"):
        raise Failure("herd7 is missing, and this is not Debian: install herdtools7")
    say("    downloading herd7 (about 41 MB)")
    need_space(0.5, "herd7")
    configure_apt()
    part = HERD.with_name("herd.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "all").mkdir(parents=True)
    apt("apt-get", "download", *PACKAGES, cwd=part)
    for deb in part.glob("*.deb"):
        output(["dpkg-deb", "-x", str(deb), str(part / "all")])
    usr, kept = part / "all/usr", part / "kept"
    for name in ("bin/herd7", "share/herdtools7/herd", "lib"):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (usr / name).rename(kept / name)
    kept.rename(HERD)
    shutil.rmtree(part)
