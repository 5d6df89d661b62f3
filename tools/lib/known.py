"""The noise that is known: what a kernel without the series complains about.

It is measured. kunit/known/ has what was found, and a key of the source and configuration of that kernel. If these
are others now, it is measured again, into build/known/.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from lib.common import BUILD, ROOT, TREE, git, rel, say
from lib.kernel import Kernel
from lib.kernel_log import complaints

KEPT = ROOT / "kunit/known"
MEASURED = BUILD / "known"
HEAD = "# What the kernel complains about without the series, and how often. Its source and configuration:"


def options(configs: Iterable[Path]) -> str:
    """What the files say, no matter in which order, and which of them says it."""
    return "\n".join(sorted({line for config in configs for line in config.read_text().splitlines() if "CONFIG_" in line}))


def key_of(kernel: Kernel, revision: str) -> str:
    text = git(TREE, "rev-parse", f"{revision}^{{tree}}") + options(kernel.configs)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write(path: Path, key: str, found: Counter[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD} {key}\n" + "".join(f"{count} {text}\n" for text, count in sorted(found.items())))


def read(path: Path, key: str) -> Counter[str] | None:
    """What was found; nothing if it was another kernel."""
    if not path.exists():
        return None
    head, *lines = path.read_text().splitlines()
    if head != f"{HEAD} {key}":
        return None
    return Counter({text: int(count) for count, text in (line.split(" ", 1) for line in lines)})


def known(kernel: Kernel, revision: str, measure: Callable[[], Iterable[str]]) -> Counter[str]:
    """The noise of `revision`, built as `kernel`. `measure` builds it and returns the logs of its boots."""
    key = key_of(kernel, revision)
    for folder in (KEPT, MEASURED):
        if (found := read(folder / kernel.name, key)) is not None:
            return found
    most: Counter[str] = Counter()
    for log in measure():
        most |= complaints(log)
    write(MEASURED / kernel.name, key, most)
    say(f"    {sum(most.values())} lines of {len(most)} kinds; to keep them: cp {rel(MEASURED / kernel.name)} {rel(KEPT)}/")
    return most
