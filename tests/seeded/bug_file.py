"""Bugs as files: what is done to the sources, and which test reports it.

    What is wrong, in one line.
    reported by: kunit rust_workqueue_scope.scope_waits
    file: rust/kernel/workqueue/scope.rs
    after: fn scope
    - self.flush();
    + let _ = Self::flush;

There can be several `reported by`: a test `kunit suite.test`, or a complaint of the kernel `log text`. If no test can
tell, `survives: reason` stands there instead.

`-` is what is there and `+` what is there instead if the kernel is booted with the bug. Both are statements, ending in
`;` or `}`, or both are expressions. `after` is optional, and says where to look. `file` to `+` can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lib.common import Failure

DECLARATION = "extern int seeded_bug;\n"
FILES = Path(__file__).resolve().parent / "bugs"


@dataclass
class Edit:
    file: str
    after: str = ""
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


@dataclass
class Bug:
    name: str
    number: int  # what the kernel is booted with
    what: str
    reported_by: list[tuple[str, str]] = field(default_factory=list)
    survives: str = ""
    edits: list[Edit] = field(default_factory=list)


def parse(name: str, number: int, text: str) -> Bug:
    lines = text.splitlines()
    bug = Bug(name, number, lines[0] if lines else "")
    for line in lines[1:]:
        if line[:2] in ("- ", "+ ") and bug.edits:
            (bug.edits[-1].old if line[0] == "-" else bug.edits[-1].new).append(line[2:])
            continue
        key, _, value = line.partition(": ")
        if key == "reported by":
            kind, _, test = value.partition(" ")
            if kind not in ("kunit", "log") or not test:
                raise Failure(f"{name}: reported by neither 'kunit suite.test' nor 'log text': {value!r}")
            bug.reported_by.append((kind, test))
        elif key == "survives":
            bug.survives = value
        elif key == "file":
            bug.edits.append(Edit(value))
        elif key == "after" and bug.edits:
            bug.edits[-1].after = value
        elif line.strip():
            raise Failure(f"{name}: cannot read {line!r}")
    if not bug.what or not bug.edits or bool(bug.reported_by) == bool(bug.survives):
        raise Failure(f"{name}: needs a line that says what it is, what it is reported by or why it survives, and an edit")
    for edit in bug.edits:
        if not edit.old or not edit.new:
            raise Failure(f"{name}: an edit needs `-` and `+`")
        for text in map("\n".join, (edit.old, edit.new)):
            if any(text.count(left) != text.count(right) for left, right in ("()", "[]", "{}")):
                raise Failure(f"{name}: neither a whole statement nor a whole expression: {text!r}")
    return bug


def read_all() -> list[Bug]:
    paths = sorted(FILES.glob("*.bug"))
    return [parse(path.stem, number, path.read_text()) for number, path in enumerate(paths, 1)]


def switch(file: str, number: int, old: str, new: str) -> str:
    """Text that is `old`, or `new` in a kernel that is booted with the bug."""
    statement = old.rstrip()[-1] in ";}"
    if file.endswith(".rs"):
        crate = "crate" if file.startswith("rust/kernel/") else "kernel"
        choice = f"if {crate}::seeded_bug({number}) {{ {new} }} else {{ {old} }}"
        return choice if statement else f"({choice})"
    if statement:
        return f"if (seeded_bug == {number}) {{ {new} }} else {{ {old} }}"
    return f"(seeded_bug == {number} ? ({new}) : ({old}))"


@dataclass(frozen=True)
class Place:
    """Where a bug is put, and what is there then."""

    file: str
    start: int
    end: int
    text: str
    bug: str


def find(bug: Bug, edit: Edit, text: str) -> Place:
    before, found, _ = text.partition(edit.after) if edit.after else ("", True, "")
    if not found:
        raise Failure(f"{bug.name}: {edit.after!r} is not in {edit.file} any more")
    # Indentation does not matter, nor where lines are broken.
    words = " ".join(edit.old).split()
    position = len(before) + len(edit.after)
    while True:
        position = text.find(words[0], position)
        if position < 0:
            raise Failure(f"{bug.name}: what it replaces is not in {edit.file} any more")
        end = position
        for word in words:
            while end < len(text) and text[end].isspace():
                end += 1
            if not text.startswith(word, end):
                break
            end += len(word)
        else:
            break
        position += 1
    return Place(edit.file, position, end, switch(edit.file, bug.number, text[position:end], "\n".join(edit.new)), bug.name)


def put_in(source: Path, bugs: list[Bug]) -> None:
    """Puts all bugs into the sources. Where two are in one place, the inner one becomes part of the outer one."""
    edits = [(bug, edit) for bug in bugs for edit in bug.edits]
    for file in sorted({edit.file for _, edit in edits}):
        path = source / file
        text = path.read_text()
        places = sorted((find(bug, edit, text) for bug, edit in edits if edit.file == file),
                        key=lambda place: (place.start, -place.end))
        text = replaced(text, places, 0, len(text))
        if path.suffix == ".c":
            start = text.index("\n", text.rindex("\n#include ") + 1) + 1
            text = text[:start] + DECLARATION + text[start:]
        path.write_text(text)


def replaced(text: str, places: list[Place], start: int, end: int) -> str:
    """`text[start:end]` with `places`, which are sorted and in there."""
    out, position = [], start
    while places:
        outer, *places = places
        if outer.start < position or outer.end > end:
            raise Failure(f"{outer.bug}: overlaps another bug")
        inner = [place for place in places if place.start < outer.end]
        places = places[len(inner):]
        old = text[outer.start:outer.end]
        before, _, after = outer.text.rpartition(old)
        out += [text[position:outer.start], before, replaced(text, inner, outer.start, outer.end), after]
        position = outer.end
    return "".join(out) + text[position:end]
