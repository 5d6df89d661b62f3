"""Counts that do not depend on noise: instructions of what both sides of the benchmark call, and bytes
of text that the series adds."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib.common import Failure, environment, output, paint, say
from lib.objdump import Function, functions

RUST = re.compile(r"^(_R|rust_helper_)")

# The operation in c_side.c, and the one in rust_side.rs.
OPERATIONS = {
    "enqueue": ("c_op_enqueue", "rust_op_enqueue"),
    "cancel": ("c_op_cancel", "rust_op_cancel"),
    "cancel_sync": ("c_op_cancel_sync", "rust_op_cancel_sync"),
    "flush item": ("c_op_flush_item", "rust_op_flush_item"),
    "flush queue": ("c_op_flush_queue", "rust_op_flush_queue"),
    "enqueue_delayed": ("c_op_enqueue_delayed", "rust_op_enqueue_delayed"),
    "cancel delayed": ("c_op_cancel_delayed", "rust_op_cancel_delayed"),
    "mod_delayed": ("c_op_mod_delayed", "rust_op_mod_delayed"),
    "try_spawn": ("c_op_spawn", "rust_op_spawn"),
    "try_spawn_in_module": ("c_op_spawn_kept", "rust_op_spawn_kept"),
    "scoped enqueue": ("c_op_embedded_enqueue", "rust_op_embedded_enqueue"),
    "scoped enqueue_delayed": ("c_op_embedded_enqueue_delayed", "rust_op_embedded_enqueue_delayed"),
    "scoped cancel": ("c_op_embedded_cancel", "rust_op_embedded_cancel"),
    "task_work add": ("c_op_task_add", "rust_op_task_add"),
    "task_work try_spawn": ("c_op_task_spawn", "rust_op_task_spawn"),
}


class Code:
    """The code of the benchmark's module and of the kernel that it is for."""

    def __init__(self, objects: Path, module: Path) -> None:
        self.vmlinux = objects / "vmlinux"
        self.known: dict[str, Function] = {}
        for name in ("c_side.o", "rust_side.o"):
            self.known |= functions(module / name)

    def function(self, name: str) -> Function:
        if name not in self.known:
            self.known |= functions(self.vmlinux, name)
        if name not in self.known:
            raise Failure(f"there is no code of {name}")
        return self.known[name]

    def cost(self, name: str) -> Cost:
        """All instructions of an operation and of the Rust code and helpers that it calls, once
        each; not of the C functions, which are the same for both sides."""
        own, below, seen, shared = self.function(name), 0, {name}, set[str]()
        todo = list(own.calls)
        while todo:
            callee = todo.pop()
            if callee in seen or "panic" in callee:
                continue
            seen.add(callee)
            if RUST.match(callee):
                function = self.function(callee)
                below += len(function.instructions)
                todo.extend(function.calls)
            elif not callee.startswith(("__x86_", ".", "c_", "bench_")):
                shared.add(callee)
        return Cost(len(own.instructions), below, sorted(c for c in seen if RUST.match(c)), sorted(shared))


@dataclass(frozen=True)
class Cost:
    own: int
    below: int
    through: list[str]
    calls: list[str]


def instructions(objects: Path, module: Path) -> dict[str, dict[str, Any]]:
    code = Code(objects, module)
    return {what: {"C": asdict(code.cost(c)), "Rust": asdict(code.cost(rust))} for what, (c, rust) in OPERATIONS.items()}


def demangled(names: list[str]) -> list[str]:
    if not names:
        return []
    return output(["llvm-cxxfilt", *names], env=environment()).splitlines()


def instruction_table(counts: dict[str, dict[str, Any]]) -> None:
    say("")
    say(paint("Instructions of x86_64 code, cold paths included, without the C functions that both call", "1"))
    say(f"    {'':22}{'C':>6}{'Rust':>6}{'+ below':>9}   through")
    for what, sides in counts.items():
        rust = sides["Rust"]
        say(f"    {what:22}{sides['C']['own']:>6}{rust['own']:>6}{rust['below']:>9}   {', '.join(demangled(rust['through']))}")


def added_text(source: Path, objects: list[tuple[Path, Path]]) -> dict[str, dict[str, int]]:
    """What bloat-o-meter tells about the code of objects, each without and with the series."""
    found: dict[str, dict[str, int]] = {}
    for base, series in objects:
        report = output(["python3", str(source / "scripts/bloat-o-meter"), "-t", str(base), str(series)], env=environment())
        total = re.search(r"^Total: Before=(\d+), After=(\d+)", report, re.M)
        if not total:
            raise Failure(f"bloat-o-meter says: {report[-300:]}")
        found[base.name] = {"before": int(total[1]), "after": int(total[2])}
    return found


def text_table(added: dict[str, dict[str, int]]) -> None:
    say("")
    say(paint("Bytes of x86_64 code in the objects that the series changes", "1"))
    say(f"    {'':28}{'without':>10}{'with':>10}{'':>10}")
    for name, sizes in added.items():
        say(f"    {name:28}{sizes['before']:>10,}{sizes['after']:>10,}{sizes['after'] - sizes['before']:>+10,}")
    more = sum(sizes["after"] - sizes["before"] for sizes in added.values())
    say(f"    {'':28}{'':>20}{more:>+10,}")
