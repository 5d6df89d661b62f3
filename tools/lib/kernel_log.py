"""What a kernel log complains about, in a form in which two boots can be compared."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from lib.common import Failure, rel

COMPLAINT = re.compile(
    r"\b(WARNING|BUG|UBSAN|Oops|KASAN|ODEBUG|Kernel panic|general protection fault)\b"
    r"|\bINFO: (task|rcu|trying|possible|suspicious|inconsistent)"
    r"|possible (circular|recursive) locking|inconsistent lock state|suspicious RCU usage"
    r"|new suspected memory leaks|unreferenced object"
    # The suites let the making of a rescuer fail.
    r"|^workqueue: (?!Failed to (allocate|create) a rescuer )")
PREFIX = re.compile(r"^(<\d+>)?\s*(\[[ \d.]+\](\[\s*[TC]\d+\])?)?\s*")
VARIABLE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\(____ptrval____\)|\d+")


def complaints(log: str) -> Counter[str]:
    """Counts each kind of complaint; numbers and addresses do not make a kind."""
    found: Counter[str] = Counter()
    for line in log.splitlines():
        text = PREFIX.sub("", line)
        if COMPLAINT.search(text) and not text.startswith("#"):
            found[VARIABLE.sub("N", text).strip()] += 1
    return found


def new_complaints(log: str, baseline: Counter[str]) -> list[str]:
    """The complaints that the baseline does not have, or has less often."""
    return [f"{text} ({count} times, {baseline[text]} in the unpatched kernel)"
            for text, count in sorted(complaints(log).items()) if count > baseline[text]]


def must_be_silent(log: str, baseline: Counter[str], path: Path) -> None:
    """There must be no new complaint in the log, which is kept at `path`."""
    if noise := new_complaints(log, baseline):
        raise Failure("\n".join([*noise, f"the kernel log has complaints; the log: {rel(path)}"]))
