"""The bounds that make the safe API sound, read from the sources: each `Send`, `Sync`, `'static` and
lifetime bound of what is public, and the `unsafe impl`s of `Send` and `Sync`.

A program says which of them it guards: `//~ guards Queue::enqueue_on: W: Send` stands on the line that
compiles if the bound is taken away, or, in pass/, on one that does not compile without it.

prove.py takes each of them away, to see that the program tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MARKERS = ("Send", "Sync")
GUARDS = re.compile(r"//~ guards (.+?)\s*(?=//~|$)")

# Bounds that no program can miss, and why.
UNREACHABLE = {
    "DeviceResource: Self: 'static":
        "Devres demands it of what is in it",
    "DeviceResource for Devres: T: Send":
        "as above",
    "DeviceResource for Devres: T: 'static":
        "as above",
    "DeviceResource for DevresLt: F: 'static":
        "as above",
    "DeviceResource for DevresLt: for<'a> F::Of<'a>: Send":
        "as above",
    "OwnedQueue::scope: self: 'env":
        "whatever lifetime the caller chooses for it outlives the call, and the queue is used for no longer",
    "Scope::try_spawn: self: 'scope":
        "f and its closures only get a reference with this lifetime, and a shorter one allows nothing else",
    "Scope: 'env: 'scope":
        "f gets a &'scope Scope<'scope, 'env>, which implies it",
    "Scope: PhantomData<&'env mut &'env ()>":
        "nothing is bounded by 'env, which only tells f that what is outside outlives 'scope",
    "Work::new_static: T: 'static":
        "the pointer of the item is a &'static T, which implies it",
}

TOKEN = re.compile(r"""
    (?P<skip>\s+ | //[^\n]* | /\*.*?\*/)
  | (?P<literal>[bc]?r\#*".*?"\#* | [bc]?"(?:\\.|[^"\\])*" | b?'(?:\\.[^']*|[^'\\])')
  | (?P<lifetime>'\w+)
  | (?P<word>\w+)
  | (?P<sign>::|->|=>|\.\.|.)
""", re.X | re.S)
PUBLIC_TYPE = re.compile(r"^pub (?:struct|enum) (\w+)", re.M)
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Edit:
    """Takes a bound away."""

    path: Path
    start: int
    end: int
    new: str = ""


@dataclass
class Bound:
    name: str
    edits: list[Edit]


Tokens = list[Token]


def tokens(text: str) -> Tokens:
    return [Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(text) if m.lastgroup != "skip"]


def closing(code: Tokens, at: int) -> int:
    """The position of what closes the bracket at `at`."""
    opened = code[at].text
    brackets = CLOSING if opened == "<" else {k: v for k, v in CLOSING.items() if k != "<"}
    waiting = []
    for position in range(at, len(code)):
        text = code[position].text
        if text in brackets:
            waiting.append(brackets[text])
        elif waiting and text == waiting[-1]:
            waiting.pop()
            if not waiting:
                return position
    raise ValueError(f"nothing closes {opened}")


def split(code: Tokens, separator: str) -> Iterator[Tokens]:
    """The parts between separators that are in no bracket."""
    part: Tokens = []
    position = 0
    while position < len(code):
        end = closing(code, position) if code[position].text in CLOSING else position
        if code[position].text == separator:
            yield part
            part = []
        else:
            part += code[position:end + 1]
        position = end + 1
    if part:
        yield part


def find(code: Tokens, texts: Iterable[str], start: int = 0) -> int:
    """The first of `texts` that is in no bracket, or the end."""
    position = start
    while position < len(code) and code[position].text not in texts:
        if code[position].text.isdigit() and [t.text for t in code[position + 1:position + 3]] == ["<", "<"]:
            position += 3  # a shift
        else:
            position = (closing(code, position) if code[position].text in CLOSING else position) + 1
    return position


def is_lifetime(token: Token) -> bool:
    return re.fullmatch(r"'[^\W_]\w*", token.text) is not None


@dataclass
class Source:
    path: Path
    text: str
    found: list[Bound]

    def words(self, code: Tokens) -> str:
        return " ".join(self.text[code[0].start:code[-1].end].split())

    def add(self, name: str, *edits: tuple[int, int, str]) -> None:
        self.found.append(Bound(name, [Edit(self.path, *edit) for edit in edits]))

    def module(self, code: Tokens) -> None:
        for head, body, public in items(code):
            kinds = [t.text for t in head]
            if "fn" in kinds and public:
                self.function(self.path.stem, [], head)
            elif {"struct", "enum"} & set(kinds) and public:
                self.struct(head, body)
            elif "trait" in kinds and public:
                self.trait(head, body)
            elif "impl" in kinds:
                self.impl(head, body)

    def struct(self, head: Tokens, body: Tokens) -> None:
        name = next(after.text for token, after in pairwise(head) if token.text in ("struct", "enum"))
        for predicate in predicates(head):
            self.predicate(name, predicate)
        for field in split(body, ","):
            texts = [t.text for t in field]
            if "PhantomData" not in texts:
                continue
            inside = field[texts.index("PhantomData") + 2:-1]
            covariant = ""
            if inside[0].text == "*":  # *mut T
                covariant = inside[-1].text
            elif inside[0].text == "&":  # &'a mut &'a ()
                covariant = f"&{inside[1].text} ()"
            elif inside[0].text == "fn" and inside[-1].text in [t.text for t in inside[:-1]]:  # fn(P) -> P
                covariant = inside[-1].text
            if covariant:
                self.add(f"{name}: PhantomData<{self.words(inside)}>", (inside[0].start, inside[-1].end, covariant))

    def trait(self, head: Tokens, body: Tokens) -> None:
        at = [t.text for t in head].index("trait") + 1
        name = head[at].text
        for predicate in predicates(head):
            self.predicate(name, predicate)
        colon = find(head, ":", at + 1)
        if colon < len(head):
            self.predicate(name, head[colon:find(head, ("where",), colon)], "Self")
        for member, _, _ in items(body):
            kinds = [t.text for t in member]
            if "fn" in kinds:
                self.function(name, [], member)
            elif kinds[0] == "type":
                self.predicate(name, member[1:])

    def impl(self, head: Tokens, body: Tokens) -> None:
        position = [t.text for t in head].index("impl") + 1
        if head[position].text == "<":
            position = closing(head, position) + 1
        where = find(head, ("where",))
        subject = head[position:where]
        is_for = find(subject, ("for",))
        if is_for < len(subject):
            trait, subject = subject[:is_for], subject[is_for + 1:]
            owner = f"{trait[0].text} for {subject[0].text}"
            if trait[-1].text in MARKERS:
                owner = f"unsafe impl {owner}"
                self.add(owner, (head[0].start, head[-1].end, f"#[cfg(any())] {self.words(head)}"))
            for predicate in predicates(head):
                self.predicate(owner, predicate)
            return
        for member, _, public in items(body):
            if public and "fn" in [t.text for t in member]:
                self.function(subject[0].text, predicates(head), member)

    def function(self, owner: str, inherited: list[Tokens], head: Tokens) -> None:
        at = [t.text for t in head].index("fn") + 1
        name = f"{owner}::{head[at].text}"
        for predicate in [*inherited, *predicates(head)]:
            self.predicate(name, predicate)
        opened = at + 1
        if head[opened].text == "<":
            opened = closing(head, opened) + 1
        for argument in split(head[opened + 1:closing(head, opened)], ","):
            colon = find(argument, ":")
            pattern, kind = (argument[:colon], argument[colon + 1:]) if colon < len(argument) else (argument, argument)
            for previous, token in zip([argument[0], *argument], argument):
                if is_lifetime(token) or (token in kind and token.text in MARKERS):
                    start = previous.start if previous.text == "+" else token.start
                    self.add(f"{name}: {pattern[-1].text}: {token.text}", (start, token.end, ""))

    def predicate(self, owner: str, predicate: Tokens, subject: str = "") -> None:
        """`subject: bound + bound`, of generics or after `where`."""
        colon = find(predicate, ":")
        if colon >= len(predicate) or predicate[0].text == "const":
            return
        subject = subject or self.words(predicate[:colon])
        bounds = list(split(predicate[colon + 1:], "+"))
        for number, bound in enumerate(bounds):
            # Without its `+`. Nothing has to follow a colon.
            start = bounds[number - 1][-1].end if number else bound[0].start
            end = bounds[1][0].start if number == 0 and len(bounds) > 1 else bound[-1].end
            if bound[-1].text in MARKERS or is_lifetime(bound[0]):
                self.add(f"{owner}: {subject}: {bound[-1].text}", (start, end, ""))
            elif bound[0].text == "for":
                introduced = bound[:closing(bound, 1) + 1]
                self.add(f"{owner}: {subject}: {self.words(introduced)}", (introduced[0].start, introduced[-1].end, ""))


def predicates(head: Tokens) -> list[Tokens]:
    """The bounds of the generics of an item, and those after its `where`."""
    texts = [t.text for t in head]
    for keyword in ("fn", "struct", "enum", "trait", "impl"):
        if keyword in texts:
            at = texts.index(keyword) + (1 if keyword == "impl" else 2)
            break
    generics = list(split(head[at + 1:closing(head, at)], ",")) if at < len(head) and head[at].text == "<" else []
    where = find(head, ("where",))
    return [p for p in [*generics, *split(head[where + 1:], ",")] if p]


def items(code: Tokens) -> Iterator[tuple[Tokens, Tokens, bool]]:
    """Each item: what is before its body, its body, and whether it is public. Those that a macro makes, and those of
    inner modules, are not among them."""
    position = 0
    while position < len(code):
        while code[position].text == "#":
            position = closing(code, position + (2 if code[position + 1].text == "!" else 1)) + 1
            if position == len(code):
                return
        public = code[position].text == "pub" and code[position + 1].text != "("
        end = find(code, ("{", ";"), position)
        head = code[position:end]
        body: Tokens = []
        if end < len(code) and code[end].text == "{":
            close = closing(code, end)
            body = code[end + 1:close]
            end = close
        if not {"macro_rules", "mod", "use", "!"} & {t.text for t in head[:4]}:
            yield head, body, public
        position = end + 1


def bounds(kernel: Path) -> dict[str, Bound]:
    """All of them. What a type demands of its parameters, its impls have to repeat: that is one bound."""
    found: list[Bound] = []
    public: set[str] = set()
    rust = kernel / "rust/kernel"
    for path in [rust / "workqueue.rs", *sorted(rust.glob("workqueue/*.rs")), rust / "task_work.rs"]:
        if path.stem != "tests":
            text = path.read_text()
            Source(path, text, found).module(tokens(text))
            public |= set(PUBLIC_TYPE.findall(text))
    found = [b for b in found if not b.name.startswith("unsafe") or b.name.partition(": ")[0].split()[-1] in public]
    of_types = {b.name for b in found if "::" not in b.name.partition(": ")[0] and " " not in b.name.partition(": ")[0]}
    merged: dict[str, Bound] = {}
    for bound in found:
        owner, _, rest = bound.name.partition(": ")
        name = f"{re.split(' for |::', owner)[-1 if ' for ' in owner else 0]}: {rest}"
        name = name if name in of_types and not owner.startswith("unsafe") else bound.name
        merged.setdefault(name, Bound(name, [])).edits.extend(e for e in bound.edits if e not in merged[name].edits)
    return merged


@dataclass(frozen=True)
class Guard:
    program: Path
    line: int
    bound: str


def marked(program: str, what: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """What the comments of a program say, with the number of the line: one that has nothing but a comment is about the
    line above."""
    last = 0
    for number, line in enumerate(program.splitlines(), 1):
        if not line.strip().startswith("//~"):
            last = number
        for words in what.findall(line):
            yield last, words


def guards(program: Path) -> list[Guard]:
    return [Guard(program, line, name) for line, name in marked(program.read_text(), GUARDS)]


def unguarded(listed: Iterable[str], guarding: Iterable[Guard]) -> list[str]:
    """What is wrong with the guards of these bounds."""
    known = set(listed)
    guarded = {g.bound for g in guarding}
    return [*(f"no program guards {name}" for name in sorted(known - guarded - UNREACHABLE.keys())),
            *(f"{g.program.name}:{g.line}: there is no such bound: {g.bound}" for g in guarding if g.bound not in known),
            *(f"bounds.py: there is no such bound: {name}" for name in sorted(UNREACHABLE.keys() - known)),
            *(f"bounds.py says that nothing can guard {name}, but a program does" for name in sorted(UNREACHABLE.keys() & guarded))]


def table(listed: Iterable[str], guarding: Iterable[Guard]) -> Iterator[str]:
    for name in listed:
        by = [f"{g.program.parent.name}/{g.program.name}:{g.line}" for g in guarding if g.bound == name]
        yield f"{name:62} {', '.join(by) or 'cannot be missed: ' + UNREACHABLE.get(name, '(no program)')}"
