#!/usr/bin/env python3
"""make compile: small programs against the built `kernel` crate, with the flags of a kernel module.

pass/*.rs must compile without an error; what README.md shows must be part of them. fail/*.rs must fail
with exactly the errors that their comments name: `//~ E0599` stands on the line that the error points
at, `//~ no code` for one without, `//~ unused_must_use` for a lint that the program denies, and
`//~ message: text` says what the error tells, in its notes maybe.
items/*.rs is what several of them include. What a program guards is told by `//~ guards`, see bounds.py.
Each of them may have a line of its own, below.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import LOGS, ROOT, Failure, environment, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import SERIES, Kernel
from tests.compile import bounds
from tree import ensure_tree

HERE = Path(__file__).resolve().parent

EXPECTED = re.compile(r"//~ (E\d{4}|no code|[a-z]+(?:_[a-z]+)+)")
MESSAGE = re.compile(r"//~ message: (.+?)\s*(?=//~|$)")


@dataclass(frozen=True)
class Outcome:
    name: str
    problem: str  # empty when the program did what it should


@dataclass(frozen=True, order=True)
class Error:
    code: str
    line: int  # 0 if rustc names none of the program
    text: str  # message, labels and notes


def module_command(kernel: Kernel, directory: Path) -> str:
    """The command with which kbuild compiles a module, taken from kbuild itself."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.copy(HERE / "pass/everything.rs", directory / "program.rs")
    (directory / "Makefile").write_text("obj-m := program.o\n")
    kernel.make("compile", f"M={directory}", "program.o")
    line = (directory / ".program.o.cmd").read_text().splitlines()[0]
    return line.partition(":=")[2].strip()


def rustc(command: str, directory: Path, source: Path) -> tuple[int, list[Error], str]:
    """The status, the errors, and what is printed when `source` is compiled."""
    out = directory / source.stem
    out.mkdir()
    shutil.copy(source, out / source.name)
    for item in (HERE / "items").glob("*.rs"):
        shutil.copy(item, out / item.name)
    replaced = (command.replace("--out-dir ./", f"--out-dir {shlex.quote(str(out))}")
                .replace("./.program.o.d", str(out / "program.d"))
                .replace("obj=program.o", f"obj={out / 'program.o'}"))
    if not replaced.endswith(" program.rs"):
        raise Failure(f"kbuild's command does not end with the source file: {replaced[-80:]}")
    lints = "deny" if "#![deny(" in source.read_text() else "allow"
    replaced = replaced.removesuffix("program.rs") + f"--error-format=json --cap-lints={lints} {shlex.quote(source.name)}"
    done = subprocess.run(["sh", "-c", replaced], cwd=out, text=True, capture_output=True,
                          env=environment() | {"RUSTC_BOOTSTRAP": "1"})  # as the kernel's Makefile does
    return done.returncode, sorted(errors(done.stderr, source.name)), done.stderr


def compile_one(command: str, directory: Path, source: Path) -> Outcome:
    status, found, printed = rustc(command, directory, source)
    program = source.read_text()
    wanted = sorted((code, number) for number, code in bounds.marked(program, EXPECTED))
    text = ", ".join
    if status and not found:
        return Outcome(source.name, f"rustc failed without an error of the program: {printed.strip()[-200:]}")
    if not same(wanted, found):
        return Outcome(source.name, "expected " + (text(f"{c} at line {n}" for c, n in wanted) or "no error")
                       + ", got " + (text(f"{e.code} at line {e.line}" for e in found) or "none"))
    if bool(status) != bool(wanted):
        return Outcome(source.name, f"rustc's status is {status}")
    for number, words in bounds.marked(program, MESSAGE):
        if not any(words in e.text for e in found if e.line in (number, 0)):
            return Outcome(source.name, f"no error at line {number} says: {words}")
    return Outcome(source.name, "")


def same(wanted: list[tuple[str, int]], found: list[Error]) -> bool:
    """Whether the errors are the wanted ones; line 0 stands for one that only the crate shows."""
    return len(wanted) == len(found) and all(code == e.code and e.line in (line, 0) for (code, line), e in zip(wanted, found))


def errors(diagnostics: str, name: str) -> list[Error]:
    """One that is found while a generic function of the kernel crate is instantiated points there; then a
    note says where in the program that happens, or nothing does."""
    found = []
    for line in diagnostics.splitlines():
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if message["level"] != "error" or message["message"].startswith("aborting due to"):
            continue
        code = (message.get("code") or {}).get("code", "no code")
        parts = [message, *message["children"]]
        spans = [s for part in parts for s in part["spans"] if s["file_name"].endswith(name)]
        primary = [s for s in spans if s["is_primary"]] or spans
        words = [text for part in parts for text in (part["message"], *(s["label"] or "" for s in part["spans"]))]
        found.append(Error(code, primary[0]["line_start"] if primary else 0, "\n".join(words)))
    return found


def readme() -> list[Outcome]:
    """The programs of README.md: all their lines, without indentation, in a row in one that compiles."""
    def lines(text: str) -> str:
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    compiled = [lines(path.read_text()) for path in sorted((HERE / "pass").glob("*.rs"))]
    shown = re.findall(r"^```rust\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    return [Outcome("README.md", "" if any(lines(block) in text for text in compiled)
                    else f"no program in pass/ has what it shows: {block.splitlines()[0]} …") for block in shown]


def programs() -> tuple[list[Path], list[Path]]:
    """Those that must compile, and those that must not."""
    passing, failing = (sorted((HERE / kind).glob("*.rs")) for kind in ("pass", "fail"))
    if not passing or not failing:
        raise Failure("tests/compile has no programs")
    for source in failing:
        if not EXPECTED.search(source.read_text()):
            raise Failure(f"{source.name} names no error")
    return passing, failing


def compile_all(kernel: Kernel) -> list[Outcome]:
    directory = kernel.objects.with_name(f"{kernel.objects.name}-programs")
    command = module_command(kernel, directory)
    passing, failing = programs()
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda source: compile_one(command, directory, source), passing + failing))


def guarded() -> Outcome:
    """Each bound of the sources has a program that guards it. The list is in the log."""
    listed = bounds.bounds(SERIES.source)
    guarding = [guard for sources in programs() for program in sources for guard in bounds.guards(program)]
    log = LOGS / "compile-bounds.log"
    log.write_text("".join(f"{line}\n" for line in bounds.table(listed, guarding)))
    problems = bounds.unguarded(listed, guarding)
    if not problems:
        without = len(bounds.UNREACHABLE)
        say(f"    bounds: {len(listed)}, each guarded but {without} that cannot be missed; the list: {rel(log)}")
    return Outcome("bounds", "; ".join(problems))


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("compile"), lock("uml"):
        ensure_tree()
        with step("UML kernel"):
            SERIES.build()
        with step("programs that must and must not compile"):
            outcomes = [*compile_all(SERIES), *readme(), guarded()]
        bad = [o for o in outcomes if o.problem]
        for o in bad:
            say(paint(f"    {o.name}: {o.problem}", "31"))
        passing, failing = programs()
        verdict("compile", not bad, f"{len(outcomes) - len(bad)} passed, {len(bad)} failed "
                                    f"({len(passing)} must compile, {len(failing)} must not, the rest is README.md and the bounds)")


if __name__ == "__main__":
    main()
