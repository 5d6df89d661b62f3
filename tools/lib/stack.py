"""The series of patches/, from patches/stack: their order, what each depends on, and their names on the lists."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lib.common import PATCHES, Failure, rel

STACK = PATCHES / "stack"
LARGEST = 12  # patches; more are not reviewed
COVER = "0000-cover-letter.patch"


@dataclass(frozen=True)
class Series:
    name: str
    change_id: str  # what makes all versions one, for b4 and for who looks for them
    needs: tuple[str, ...] = ()  # the series that it depends on directly
    prefixes: tuple[str, ...] = ()  # beside PATCH: RFC, for instance

    @property
    def folder(self) -> Path:
        return PATCHES / self.name

    @property
    def branch(self) -> str:
        return f"stack/{self.name}"

    @property
    def cover(self) -> Path:
        return self.folder / COVER

    @property
    def patches(self) -> list[Path]:
        return [path for path in sorted(self.folder.glob("*.patch")) if path.name != COVER]


def bad_line(number: int, what: str) -> Failure:
    return Failure(f"patches/stack, line {number}: {what}")


def parse(text: str) -> list[Series]:
    found: dict[str, Series] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        name, change_id, needs, *prefixes = [*words, "", ""][:max(3, len(words))]
        if not re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", name):
            raise bad_line(number, f"'{name}' is not a name for a folder and a branch: small letters, digits, '-' and '_'")
        if name in found:
            raise bad_line(number, f"there are two series {name}")
        if not re.fullmatch(r"\d{8}-[a-z0-9-]+-[0-9a-f]{12}", change_id):
            raise bad_line(number, f"series {name} has no change-id. A new one, to be kept for all versions: {new_change_id(name)}")
        if change_id in (other.change_id for other in found.values()):
            raise bad_line(number, f"the change-id of {name} is that of another series")
        if not needs:
            raise bad_line(number, f"say what {name} depends on: names of series with ',' between them, or '-' for the base alone")
        below = () if needs == "-" else tuple(needs.split(","))
        for other in below:
            if other not in found:
                raise bad_line(number, f"{name} depends on '{other}', which no line above names")
        if wrong := [prefix for prefix in prefixes if not re.fullmatch(r"[A-Za-z][\w.-]*", prefix)]:
            raise bad_line(number, f"'{wrong[0]}' is not a prefix for a subject")
        found[name] = Series(name, change_id, below, tuple(prefixes))
    if not found:
        raise Failure("patches/stack names no series")
    return list(found.values())


def new_change_id(name: str) -> str:
    return f"{datetime.date.today():%Y%m%d}-rust-workqueue-{name.replace('_', '-')}-{secrets.token_hex(6)}"


def read() -> list[Series]:
    """The series in the order of the branch."""
    if not STACK.exists():
        raise Failure(f"{rel(STACK)} is missing: one line per series, with its name, its change-id, what it depends on")
    return parse(STACK.read_text())


def closure(stack: list[Series], series: Series) -> tuple[Series, ...]:
    """The series and all that it depends on, in the order of the branch."""
    wanted = {series.name}
    for other in reversed(stack):
        if other.name in wanted:
            wanted.update(other.needs)
    return tuple(other for other in stack if other.name in wanted)


def after(name: str) -> str:
    """The revision of build/tree behind a series; the base, which has the series, once that is merged."""
    return next((series.branch for series in read() if series.name == name), "base")


def patch_files(stack: Iterable[Series] | None = None) -> list[Path]:
    """All patches and cover letters, in order."""
    return [path for series in (read() if stack is None else stack)
            for path in ([series.cover] if series.cover.exists() else []) + series.patches]


def label(path: Path) -> str:
    """A patch by its name, which is that of its series and its own."""
    return str(path.relative_to(PATCHES))


# Where the maintainers of C look after each line.
CORE = re.compile(r"^(kernel|include|arch)/")


def lines_added(path: Path) -> tuple[int, int]:
    """By a patch, and of these, outside of what is Rust's own."""
    everything = core = 0
    name = ""
    for line in path.read_text().partition("\n---\n")[2].splitlines():
        if line.startswith("+++ "):
            name = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            everything += 1
            core += bool(CORE.match(name))
    return everything, core
