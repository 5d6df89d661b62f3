#!/usr/bin/env python3
"""make drivers: ports of real drivers to the API, as modules that drive themselves, in user mode Linux.
make drivers-smp: the same on x86_64 with several CPUs, on the kernel of kunit-smp.

Each module has faked hardware and no unsafe code. When it is loaded, it goes through a scenario, checks what
has happened, and prints one line. Each is loaded and unloaded several times. The table of what the ports
replace is in README.md, by tests/drivers/table.py.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import boot
from lib.common import BUILD, LOGS, Failure, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import SERIES, Kernel
from lib.kernel_log import PREFIX, must_be_silent
from lib.results import Counts
from lib.smp import SMP
from tree import ensure_tree

HERE = Path(__file__).resolve().parent

PORTS = ("tyr_reset", "vino", "m3_thermal", "uart", "sfp")
LOADS = 3
LIMIT = 5 * 60  # seconds for UML, which takes one of those minutes, and two if it is busy
LINE = re.compile(rf"({'|'.join(PORTS)}|init): (.*)$")  # of the modules, and of init about them
PASSED = re.compile(r"passed (\d+)$")
UNLOADED = "loaded and unloaded"


@dataclass(frozen=True)
class What:
    """What is to be loaded."""

    ports: tuple[str, ...] = PORTS
    loads: int = LOADS
    directory: Path = HERE  # where the sources are
    busy: int = 0  # the seed of the module that takes the CPU away, if that is loaded before

    def modules(self) -> dict[str, str]:
        """How often, or with what parameters."""
        first = {"busy": f"0 seed={self.busy}"} if self.busy else {}
        return first | {port: str(self.loads) for port in self.ports}


def make_root(root: Path, kernel: Kernel, what: What) -> Path:
    """A directory with the program that loads the modules, the modules, and a list of them."""
    boot.make_root(root, HERE / "init.c")
    for name in what.modules():
        kernel.add_module(what.directory / name, root)
    (root / "modules").write_text("".join(f"{name} {how}\n" for name, how in what.modules().items()))
    return root


def words(text: str) -> dict[str, list[str]]:
    """What each module, and what the program about it, have said."""
    said: dict[str, list[str]] = {port: [] for port in PORTS}
    for line in text.splitlines():
        if m := LINE.match(PREFIX.sub("", line.strip())):
            who, _, what = (m[2] if m[1] == "init" else m[0]).partition(": ")
            said.setdefault(who, []).append(what)
    return said


def judge(said: list[str]) -> tuple[int, list[str]]:
    """How many checks of a module have passed, and what is wrong."""
    passed = [int(m[1]) for m in map(PASSED.match, said) if m]
    wrong = [what for what in said if what.startswith(("FAILED", "cannot "))]
    if len(passed) != LOADS and not wrong:
        wrong.append(f"has told of {len(passed)} scenarios, not {LOADS}")
    if len(set(passed)) > 1:
        wrong.append(f"has checked {', '.join(map(str, passed))} things: not the same each time")
    if (count := said.count(UNLOADED)) != LOADS:
        wrong.append(f"was loaded and unloaded {count} times, not {LOADS}")
    return sum(passed), wrong


def report(verb: str, text: str, log: Path, known: Counter[str], ended: bool = True) -> None:
    said = words(text)
    total = failed = 0
    for port in PORTS:
        passed, wrong = judge(said[port])
        total, failed = total + passed, failed + len(wrong)
        say(f"    {port}: {passed} checks passed" + "".join(paint(f"; {what}", "31") for what in wrong))
    for what in said.get("busy", []):
        if what.startswith("cannot "):
            raise Failure(f"busy: {what}; the log: {rel(log)}")
    if not ended:
        raise boot.hang(LIMIT, log)
    if "end" not in said:
        raise Failure(f"the program did not get to its end; the log: {rel(log)}")
    must_be_silent(text, known, log)
    verdict(verb, not failed, f"{Counts(total, failed, 0)}; the log: {rel(log)}")


def uml_root(kernel: Kernel, what: What) -> Path:
    return make_root(BUILD / f"{kernel.name}-{what.directory.name}-root", kernel, what)


def one_cpu(busy: int) -> None:
    with step("UML kernel"):
        SERIES.build()
    log = SERIES.log("drivers")
    with step("modules"):
        root = uml_root(SERIES, What(busy=busy))
    with step(f"each of them, {LOADS} times"):
        text, ended = boot.uml(SERIES, root, boot.OPTIONS, log, LIMIT)
    report("drivers", text, log, Counter(), ended)


def several_cpus(busy: int) -> None:
    known = SMP.baseline()
    SMP.build_series()
    log = LOGS / "smp-drivers.log"
    with step("modules"):
        root = make_root(BUILD / "drivers-smp-root", SMP.series, What(busy=busy))
    with step(f"each of them, {LOADS} times, on {SMP.cpus} CPUs"):
        text = SMP.emulate(log, root, f"{boot.OPTIONS} -- restart")
    report("drivers-smp", text, log, known)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("machine", nargs="?", choices=("uml", "smp"), default="uml", help="what to boot (default: %(default)s)")
    arguments.add_argument("--busy", type=int, default=0, metavar="SEED",
                           help="also load a module that takes the CPU away, for times that depend on this number")
    given = arguments.parse_args()
    if given.machine == "smp":
        with reporting("drivers-smp"), lock("smp"):
            ensure_tree()
            several_cpus(given.busy)
    else:
        with reporting("drivers"), lock("uml"):
            ensure_tree()
            one_cpu(given.busy)


if __name__ == "__main__":
    main()
