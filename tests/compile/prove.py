#!/usr/bin/env python3
"""Takes the bounds away that bounds.py lists, compiles the kernel crate without them, and makes sure that the
lines of the programs that guard them notice, and no others. Some are taken away together, where no line guards two
of them. Where the kernel crate does not compile without a bound, that guards it as well. What bounds.py says
that no program can miss must be noticed by none.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import BUILD, Failure, environment, lock, parser, reporting, say, step, verdict
from lib.kernel import SERIES
from tests.compile.bounds import MARKERS, UNREACHABLE, Bound, Edit, Guard, bounds, guards, marked
from tests.compile.run import EXPECTED, module_command, programs, rustc, same
from tree import ensure_tree

CRATE = BUILD / "bounds"  # the kernel crate without some bounds
# Errors of the parser: then it is the change of prove.py that is wrong.
NOT_RUST = ("error: expected ", "error: aborting due to ")

WORK, DELAYED_WORK, SCOPE, ITEM = (f"workqueue/{name}.rs" for name in ("work", "delayed_work", "scope", "delayed_item"))
TASK_WORK = "task_work.rs"


def arguments(lifetime: str, *prefixes: str, separator: str = ",\n        ") -> str:
    """The names and classes with which a work is made."""
    return separator.join(f"{p}name: &{lifetime} CStr{separator}{p}key: Pin<&{lifetime} LockClassKey>" for p in prefixes)


PLAIN = [arguments(lifetime, "", separator=", ") for lifetime in ("'static", "'a")]
DELAYED = [arguments(lifetime, "work_", "timer_") for lifetime in ("'static", "'a")]

# For bounds without which the crate does not compile as it is: what to replace, in which file.
WEAKER: dict[str, list[tuple[str, str, str]]] = {
    r"(?:Delayed)?Work::new: \w+: 'static": [
        (WORK, f"pub fn new({PLAIN[0]}) -> impl PinInit<Self>",
         f"pub fn new<'a>({PLAIN[1]}) -> impl PinInit<Self> + use<'a, T, ID>"),
        (DELAYED_WORK, f"pub fn new(\n        {DELAYED[0]},\n    ) -> impl PinInit<Self>",
         f"pub fn new<'a>(\n        {DELAYED[1]},\n    ) -> impl PinInit<Self> + use<'a, T, ID>"),
        (ITEM, "pub(super) unsafe fn new(", "pub(super) unsafe fn new<'a>("),
        (ITEM, f"{DELAYED[0]},\n    ) -> impl PinInit<Self>", f"{DELAYED[1]},\n    ) -> impl PinInit<Self> + use<'a>"),
    ],
    r"unsafe impl \w+ for (?:Delayed|Task)?Work": [
        (path, f"unsafe impl<T: ?Sized, const ID: u64> {marker} for {name}<T, ID>",
         f"unsafe impl<T: ?Sized + {marker}, const ID: u64> {marker} for {name}<T, ID>")
        for path, name in ((WORK, "Work"), (DELAYED_WORK, "DelayedWork"), (TASK_WORK, "TaskWork")) for marker in MARKERS
    ],
    r"OwnedQueue::scope: F: for<'scope>": [
        (SCOPE, "pub fn scope<'env, F, R>(", "pub fn scope<'scope, 'env: 'scope, F, R>("),
        (SCOPE, "F: for<'scope> FnOnce", "F: FnOnce"),
        (SCOPE, "f(&scope)", "f(unsafe { &*(&raw const scope) })"),
    ],
}


def weaker(bound: Bound) -> str:
    return next((pattern for pattern in WEAKER if re.fullmatch(pattern, bound.name)), "")


def batches(listed: list[Bound]) -> list[list[Bound]]:
    """What is taken away together."""
    together: dict[str, list[Bound]] = {}
    for bound in listed:
        what = bound.name.rpartition(": ")[2]
        kind = (weaker(bound) or ("unreachable" if bound.name in UNREACHABLE else
                                  what if what in ("Send", "Sync", "'static") else
                                  "PhantomData" if what.startswith("PhantomData<*") else bound.name))
        together.setdefault(kind, []).append(bound)
    return list(together.values())


def edits(without: list[Bound]) -> list[Edit]:
    if not without or not (pattern := weaker(without[0])):
        return [edit for bound in without for edit in bound.edits]
    found = []
    for name, old, new in WEAKER[pattern]:
        path = SERIES.source / "rust/kernel" / name
        start = path.read_text().find(old)
        if start < 0:
            raise Failure(f"prove.py: {name} has no {old}")
        found.append(Edit(path, start, start + len(old), new))
    return found


def merged(listed: list[Edit]) -> list[Edit]:
    """The last one first. Of `T: Send + 'static`, both bounds take the plus with them."""
    found: list[Edit] = []
    for edit in sorted(set(listed), key=lambda e: (str(e.path), e.start)):
        if found and found[-1].path == edit.path and edit.start < found[-1].end:
            last = found.pop()
            if last.new or edit.new:
                raise Failure(f"prove.py: two changes of {edit.path} overlap")
            edit = replace(edit, start=last.start, end=max(last.end, edit.end))
        found.append(edit)
    return found[::-1]


def build(without: list[Bound]) -> str:
    """Compiles the kernel crate without some bounds, as far as programs need it. Returns its first error."""
    shutil.rmtree(CRATE, ignore_errors=True)
    shutil.copytree(SERIES.source / "rust/kernel", CRATE / "kernel")
    (CRATE / "rust").mkdir()
    for library in (SERIES.objects / "rust").iterdir():
        if library.suffix in (".rmeta", ".so") and library.name != "libkernel.rmeta":
            (CRATE / "rust" / library.name).symlink_to(library)
    for edit in merged(edits(without)):
        path = CRATE / "kernel" / edit.path.relative_to(SERIES.source / "rust/kernel")
        text = path.read_text()
        path.write_text(text[:edit.start] + edit.new + text[edit.end:])

    command = (SERIES.objects / "rust/.kernel.o.cmd").read_text().splitlines()[0].partition(":=")[2].partition(";")[0]
    for old, new in ((f"{SERIES.source}/rust/kernel/lib.rs", f"{CRATE}/kernel/lib.rs"),
                     ("--emit=obj=rust/kernel.o", "-Zalways-encode-mir --cap-lints=allow"),
                     ("rust/libkernel.rmeta", f"{CRATE}/rust/libkernel.rmeta"),
                     ("rust/.kernel.o.d", f"{CRATE}/kernel.d")):
        if old not in command:
            raise Failure(f"kbuild's command for the kernel crate has no {old}")
        command = command.replace(old, new)
    done = subprocess.run(["sh", "-c", command], cwd=SERIES.objects, text=True, capture_output=True,
                          env=environment() | {"RUSTC_BOOTSTRAP": "1"})
    if not done.returncode:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error") and not line.startswith(NOT_RUST)]
    if not errors:
        raise Failure(f"{done.stderr[-2000:]}\nthe crate does not compile, and not because of a bound")
    return errors[0]


def notice(command: str, without: list[Bound], guarding: list[Guard]) -> list[str]:
    """What is wrong: a line that does not notice, or one that does for no reason."""
    directory = CRATE / "programs"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    command = command.replace(f"-L {SERIES.objects}/rust/", f"-L {CRATE}/rust/")
    if f"{CRATE}/rust/" not in command:
        raise Failure(f"kbuild's command for a module names no {shlex.quote(str(SERIES.objects))}/rust/")
    names = {bound.name for bound in without}

    def one(source: Path) -> str:
        _, found, _ = rustc(command, directory, source)
        lines = {g.line for g in guarding if g.program == source and g.bound in names}
        expected = sorted((code, number) for number, code in marked(source.read_text(), EXPECTED))
        missed = lines & {e.line for e in found} if source.parent.name == "fail" else lines - {e.line for e in found}
        if missed:
            return f"{source.name}: does not notice at line {', '.join(map(str, sorted(missed)))}"
        # Without a bound, other lines of a program may compile as well, or get other errors.
        if not lines and not same(expected, found):
            return f"{source.name}: {[(e.code, e.line) for e in found]} in place of {expected}"
        return ""

    with ThreadPoolExecutor() as pool:
        return [problem for problem in pool.map(one, [p for kind in programs() for p in kind]) if problem]


def prove(command: str, without: list[Bound], guarding: list[Guard]) -> int:
    """Prints what happens without these bounds. Returns for how many of them nothing notices."""
    error = build(without)
    if error and len(without) > 1:
        return sum(prove(command, [bound], guarding) for bound in without)
    problems = [] if error else notice(command, without, guarding)
    for bound in without:
        by = ", ".join(f"{g.program.stem}:{g.line}" for g in guarding if g.bound == bound.name)
        say(f"    {bound.name:58} " + (f"the crate: {error}" if error else by or "nothing, see bounds.py"))
    for problem in problems:
        say(f"    {problem}")
    return len(problems)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("part", nargs="*", help="only the bounds whose names contain one of these")
    parts = arguments.parse_args().part
    with reporting("prove"), lock("uml"):
        ensure_tree()
        with step("UML kernel"):
            SERIES.build()
        command = module_command(SERIES, SERIES.objects.with_name("bounds-module"))
        if error := build([]):
            raise Failure(f"the crate does not compile with all bounds: {error}")
        guarding = [g for kind in programs() for program in kind for g in guards(program)]
        wanted = [b for b in bounds(SERIES.source).values() if not parts or any(part in b.name for part in parts)]
        bad = 0
        for batch in batches(wanted):
            with step(f"without {batch[0].name}" + (f" and {len(batch) - 1} more" if batch[1:] else "")):
                bad += prove(command, batch, guarding)
        verdict("prove", not bad, f"{len(wanted) - bad} passed, {bad} failed (bounds taken away that their programs tell, and do not tell)")


if __name__ == "__main__":
    main()
