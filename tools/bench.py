#!/usr/bin/env python3
"""make bench: Rust against C in one boot.

Builds bench/, a module that has both sides, for kernels of the series without debug options: user mode
Linux with several CPUs, and x86_64. The latter is emulated twice: with several CPUs, where times are
those of the emulator, and with one CPU whose clock counts instructions.

Prints tables, and writes bench/results.json and bench/bench.svg; all samples are in the logs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_code import added_text, instruction_table, instructions, text_table
from bench_plot import svg
from bench_results import Boot, legend, parse, table
from common import (BUILD, LOGS, MAKE_OPTIONS, ROOT, TREE, Failure, archive, duration, environment, git, lock, must,
                    need_space, rel, reporting, run_logged, say, static_program, step, verdict, worktree)
from tree import ensure_tree

BENCH = ROOT / "bench"
SOURCE = BUILD / "bench-src"
BASE_SOURCE = BUILD / "bench-base-src"
CPUS = 2  # the most that a pair uses
LIMIT = 20 * 60  # seconds for one boot
# What the series changes beside rust/, which is built before everything else.
CHANGED = ("kernel/workqueue.o", "drivers/android/binder/rust_binder_main.o")
ROUNDS = 101
# Many short samples: the median is of those that nothing else on the machine has interrupted.
OPTIONS = f"rounds={ROUNDS} divide=4"


@dataclass(frozen=True)
class Kernel:
    name: str
    arch: str
    config: str
    source: Path = SOURCE

    @property
    def objects(self) -> Path:
        return BUILD / f"bench-{self.name}"

    @property
    def module(self) -> Path:
        return self.objects / "bench"

    def make(self, what: str, *args: str) -> None:
        must(["nice", "-n", "10", "make", "-C", str(self.source), f"O={self.objects}", f"ARCH={self.arch}", *MAKE_OPTIONS,
              f"-j{os.cpu_count()}", *args], LOGS / f"bench-{self.name}-{what}.log", f"bench {self.name}: {what}",
             env=environment(), objects=self.objects)

    def build(self, *targets: str) -> None:
        need_space(4, "a kernel to measure")
        self.objects.mkdir(exist_ok=True)
        wanted = "".join((BENCH / f"{name}.config").read_text() for name in ("common", self.config))
        # What was asked for last time; .config itself has all options.
        asked = self.objects / "bench.config"
        if not asked.exists() or asked.read_text() != wanted:
            (self.objects / ".config").write_text(wanted)
            self.make("config", "olddefconfig")
            asked.write_text(wanted)
        self.make("build", *targets)

    def build_module(self) -> None:
        self.make("module", f"M={BENCH}", f"MO={self.module}", "modules")

    def root(self, options: str, restart: bool) -> Path:
        """What the kernel boots into: a program, the module, and the options for it."""
        root = self.objects / "root"
        for name in ("dev", "sys"):
            (root / name).mkdir(parents=True, exist_ok=True)
        static_program(root / "init", BENCH / "init.c")
        (root / "wq_bench.ko").write_bytes((self.module / "wq_bench.ko").read_bytes())
        (root / "options").write_text(options + "\n")
        if restart:
            (root / "restart").touch()
        return root

    def finish(self, command: list[str], log: Path) -> str:
        status = run_logged(command, log, env=environment(), timeout=LIMIT)
        text = log.read_text(errors="replace")
        if status == 124:
            raise Failure(f"the kernel did not end within {duration(LIMIT)}; the log: {rel(log)}")
        if "bench: measured" not in text:
            raise Failure(f"the benchmark did not get to its end; the log: {rel(log)}")
        return text


UML = Kernel("uml", "um", "uml")
X86 = Kernel("x86", "x86_64", "x86")
BASE = Kernel("base", "x86_64", "x86", BASE_SOURCE)


def boot_uml() -> Boot:
    root = UML.root(OPTIONS, restart=False)
    log = LOGS / "bench-uml-run.log"
    text = UML.finish(["nice", "-n", "-10", str(UML.objects / "linux"), "mem=1G", f"ncpus={CPUS}", "seccomp=on", "root=/dev/root",
                       "rootfstype=hostfs", f"rootflags={root}", "rw", "init=/init", "con0=fd:0,fd:1", "con=null"], log)
    return parse(text, f"user mode Linux, {CPUS} CPUs: time", "time in UML", "ns")


def boot_x86(options: str, accelerator: list[str], log: Path) -> str:
    root = X86.root(options, restart=True)
    return X86.finish(["qemu-system-x86_64", *accelerator, "-cpu", "max", "-m", "1G", "-nodefaults", "-nographic", "-no-reboot",
                       "-serial", "stdio", "-kernel", str(X86.objects / "arch/x86/boot/bzImage"), "-initrd", str(archive(root)),
                       "-append", "console=ttyS0 panic=-1 rdinit=/init"], log)


def boot_emulated() -> Boot:
    text = boot_x86("rounds=41 divide=4", ["-accel", "tcg,thread=multi", "-smp", str(CPUS)], LOGS / "bench-x86-run.log")
    return parse(text, f"emulated x86_64, {CPUS} CPUs: the emulator's time", "emulated", "ns", judged=False)


def boot_counting() -> Boot:
    # The clock advances by one for each instruction, and jumps to the next timer if there is none.
    # It needs few rounds: what varies is when a timer interrupts.
    text = boot_x86("rounds=21 divide=4 cycles=1", ["-icount", "shift=0,sleep=off", "-smp", "1"], LOGS / "bench-x86-count.log")
    return parse(text, "x86_64, 1 CPU: instructions executed", "x86_64 code", "instructions")


def text_of_series() -> dict[str, Any]:
    """The bytes that the series adds to the objects that it changes, whose base is built once. The
    rest of a vmlinux without the series would take as long as the kernel with it."""
    worktree(BASE_SOURCE, "base")
    BASE.build("prepare", *CHANGED)
    return added_text(SOURCE, [(BASE.objects / name, X86.objects / name) for name in ("rust/kernel.o", "rust/helpers/helpers.o", *CHANGED)])


def main() -> None:
    with reporting("bench"), lock("bench"):
        ensure_tree()
        worktree(SOURCE, git(TREE, "rev-parse", "HEAD").strip())
        for kernel in (UML, X86):
            with step(f"{kernel.name} kernel and module"):
                kernel.build()
                kernel.build_module()
        with step("x86 objects without the series"):
            added = text_of_series()
        boots: list[Boot] = []
        for name, boot in (("UML", boot_uml), ("emulated x86_64", boot_emulated), ("instructions", boot_counting)):
            with step(f"measuring: {name}"):
                boots.append(boot())
        counts = instructions(X86.objects, X86.module)

        legend(boots[0])
        for each in boots:
            table(each)
        instruction_table(counts)
        say("")
        text_table(added)
        for what, (in_c, in_rust) in boots[0].sizes.items():
            say(f"    size of {what}: {in_rust} bytes, in C: {in_c}")

        results = {"revision": git(SOURCE, "rev-parse", "HEAD^{tree}").strip(), "boots": [b.json() for b in boots],
                   "instructions": counts, "text": added,
                   "sizes": {what: {"C": c, "Rust": rust} for what, (c, rust) in boots[0].sizes.items()}}
        (BENCH / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        (BENCH / "bench.svg").write_text(svg([b for b in boots if b.judged]))
        say("")
        for each in boots:
            if missed := [f"{p.group}: {p.name}" for p in each.pairs if p.verdict() == "missed"]:
                say(f"    missed in {each.title}: {'; '.join(missed)}")
        met = []
        for each in (b for b in boots if b.judged):
            verdicts = [p.verdict() for p in each.pairs if p.target]
            met.append(f"{each.short}: {sum(v.startswith('met') for v in verdicts)} of {len(verdicts)} targets met, "
                       f"{verdicts.count('missed')} missed, {verdicts.count('within the noise')} within the noise")
        verdict("bench", True, f"{'; '.join(met)}; the plot: {rel(BENCH / 'bench.svg')}")


if __name__ == "__main__":
    main()
