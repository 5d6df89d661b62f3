"""Boots a kernel into a program of ours: in user mode Linux, or in an emulator."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from lib.common import Failure, duration, environment, output, rel, run_logged
from lib.kernel import Kernel

TCG = "-accel tcg,thread=multi"
# For kernels whose tests are not to run, and whose log has what modules and user space say.
OPTIONS = "kunit.enable=0 printk.time=1 printk.devkmsg=on"


def static_program(program: Path, *sources: Path) -> None:
    """For a root that has nothing else."""
    output(["clang", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program), *map(str, sources)], env=environment())


def make_root(root: Path, *init: Path) -> None:
    """A new directory to boot into, with a program in C as init."""
    shutil.rmtree(root, ignore_errors=True)
    for name in ("dev", "proc", "sys"):
        (root / name).mkdir(parents=True)
    static_program(root / "init", *init)


def archive(root: Path) -> Path:
    """An initramfs of a directory."""
    image = root.with_suffix(".cpio")
    output(["sh", "-c", f"find . | cpio --quiet -o -H newc >{image}"], cwd=root, env=environment())
    return image


def hang(limit: float, log: Path) -> Failure:
    return Failure(f"the kernel did not end within {duration(limit)}: a hang; its last words are in {rel(log)}")


def run(command: list[str], log: Path, limit: float, quiet: bool = False) -> tuple[str, bool]:
    """What a kernel says until it ends, and whether it has ended within the limit, in seconds."""
    status = run_logged(command, log, env=environment(), timeout=limit, quiet=quiet)
    return log.read_text(errors="replace"), status != 124


def uml(kernel: Kernel, root: Path | None, options: str, log: Path, limit: float, *, memory: str = "1G", cpus: int = 1,
        before: Sequence[str] = (), quiet: bool = False) -> tuple[str, bool]:
    """Boots user mode Linux into a directory, if it needs one. `before` stands in front of the command."""
    several = (f"ncpus={cpus}", "seccomp=on") if cpus > 1 else ()
    into = ("root=/dev/root", "rootfstype=hostfs", f"rootflags={root}", "rw", "init=/init") if root else ()
    return run([*before, str(kernel.objects / "linux"), f"mem={memory}", *several, *into, "con0=fd:0,fd:1", "con=null",
                "console=tty", *options.split()], log, limit, quiet)


def x86(kernel: Kernel, root: Path, options: str, log: Path, limit: float, *, cpus: int, memory: str = "1G",
        accelerator: str = TCG) -> tuple[str, bool]:
    """Boots x86_64 into a directory, under emulation, until the kernel reboots."""
    # With five levels of page tables, an interrupt during identify_cpu(), which clears the CPU's
    # features for a moment, makes KASAN take any address for a wild one.
    return run(["qemu-system-x86_64", *accelerator.split(), "-cpu", "max,la57=off", "-smp", str(cpus), "-m", memory,
                "-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio",
                "-kernel", str(kernel.objects / "arch/x86/boot/bzImage"), "-initrd", str(archive(root)),
                "-append", f"console=ttyS0 panic=-1 rdinit=/init {options}"], log, limit)
