#!/usr/bin/env python3
"""make bench: Rust against C in one boot.

Builds bench/, a module that has both sides, for kernels of the series without debug options: user mode
Linux with several CPUs, and x86_64. The latter is emulated twice: with several CPUs, where times are
those of the emulator, and with one CPU whose clock counts instructions.

Prints tables, and writes bench/results.json and bench/bench.svg; all samples are in the logs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("", "tools")]

from bench.code import added_text, instruction_table, instructions, text_table
from bench.plot import svg
from bench.results import Boot, legend, parse, table
from lib import boot
from lib.common import BUILD, TREE, Failure, git, lock, need_space, parser, rel, reporting, say, step, verdict, worktree
from lib.kernel import Kernel
from tree import ensure_tree

BENCH = Path(__file__).resolve().parent
SOURCE = BUILD / "bench-src"
BASE_SOURCE = BUILD / "bench-base-src"
CPUS = 2  # the most that a pair uses
LIMIT = 20 * 60  # seconds for one boot
# What the series changes beside rust/, which is built before everything else.
CHANGED = ("kernel/workqueue.o", "drivers/android/binder/rust_binder_main.o")
ROUNDS = 101  # many short samples: the median is of those that nothing else on the machine has interrupted


def kernel(name: str, arch: str, config: str, source: Path = SOURCE) -> Kernel:
    return Kernel(source, BUILD / f"bench-{name}", f"bench-{name}", (BENCH / "common.config", BENCH / f"{config}.config"), arch)


UML = kernel("uml", "um", "uml")
X86 = kernel("x86", "x86_64", "x86")
BASE = kernel("base", "x86_64", "x86", BASE_SOURCE)


def build(which: Kernel, *targets: str) -> None:
    need_space(4, "a kernel to measure")
    which.complete("".join(config.read_text() for config in which.configs))
    which.make("build", *targets)


def make_root(which: Kernel) -> tuple[Path, Path]:
    """What the kernel boots into: a program and the module. Returns also where the module was built."""
    root = which.objects / "root"
    boot.make_root(root, BENCH / "init.c")
    if which.arch != "um":
        (root / "restart").touch()  # what ends the emulator
    return root, which.add_module(BENCH, root)


def measured(text: str, ended: bool, log: Path) -> str:
    if not ended:
        raise boot.hang(LIMIT, log)
    if "bench: measured" not in text:
        raise Failure(f"the benchmark did not get to its end; the log: {rel(log)}")
    return text


def boot_uml(root: Path) -> Boot:
    (root / "options").write_text(f"rounds={ROUNDS} divide=4\n")
    log = UML.log("run")
    text = measured(*boot.uml(UML, root, "", log, LIMIT, cpus=CPUS, before=("nice", "-n", "-10")), log)
    return parse(text, f"user mode Linux, {CPUS} CPUs: time", "time in UML", "ns")


def boot_x86(root: Path, options: str, accelerator: str, cpus: int, log: Path) -> str:
    (root / "options").write_text(f"{options}\n")
    return measured(*boot.x86(X86, root, "", log, LIMIT, cpus=cpus, accelerator=accelerator), log)


def boot_emulated(root: Path) -> Boot:
    text = boot_x86(root, "rounds=41 divide=4", boot.TCG, CPUS, X86.log("run"))
    return parse(text, f"emulated x86_64, {CPUS} CPUs: the emulator's time", "emulated", "ns", judged=False)


def boot_counting(root: Path) -> Boot:
    # The clock advances by one for each instruction, and jumps to the next timer if there is none.
    # It needs few rounds: what varies is when a timer interrupts.
    text = boot_x86(root, "rounds=21 divide=4 cycles=1", "-icount shift=0,sleep=off", 1, X86.log("count"))
    return parse(text, "x86_64, 1 CPU: instructions executed", "x86_64 code", "instructions")


def text_of_series() -> dict[str, Any]:
    """The bytes that the series adds to the objects that it changes, whose base is built once. The
    rest of a vmlinux without the series would take as long as the kernel with it."""
    worktree(BASE_SOURCE, "base")
    build(BASE, "prepare", *CHANGED)
    return added_text(SOURCE, [(BASE.objects / name, X86.objects / name) for name in ("rust/kernel.o", "rust/helpers/helpers.o", *CHANGED)])


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("bench"), lock("bench"):
        ensure_tree()
        worktree(SOURCE, git(TREE, "rev-parse", "HEAD").strip())
        with step("UML kernel and module"):
            build(UML)
            uml_root, _ = make_root(UML)
        with step("x86 kernel and module"):
            build(X86)
            x86_root, module = make_root(X86)
        with step("x86 objects without the series"):
            added = text_of_series()
        boots: list[Boot] = []
        for name, measure, root in (("UML", boot_uml, uml_root), ("emulated x86_64", boot_emulated, x86_root),
                                    ("instructions", boot_counting, x86_root)):
            with step(f"measuring: {name}"):
                boots.append(measure(root))
        counts = instructions(X86.objects, module)

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
