"""What the ports in this directory replace, as a table for the README.

Lines are lines of code, without comments, empty lines, imports and the faked hardware. Those of a port, and how
much of it is unsafe, are counted here, and so are those of a driver in C, in build/tree. What is said about
drivers outside of the tree was read in public trees; `?` is what was not counted there. Flags are those that say
to an item that it must not go on. An ordering rule is one that a driver has to follow so that nothing runs when it
is gone.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import TREE, Failure

HERE = Path(__file__).resolve().parent

# Where the part of a module ends that a real driver would have.
END = "// The module, which drives itself."

SFP = "drivers/net/phy/sfp.c"
SFP_FUNCTIONS = (
    "sfp_schedule_poll", "sfp_soft_start_poll", "sfp_soft_stop_poll", "sfp_get_state", "sfp_set_state", "sfp_mod_state",
    "sfp_module_tx_disable", "sfp_module_tx_enable", "sfp_module_tx_fault_reset", "sfp_sm_set_timer", "sfp_sm_next",
    "sfp_sm_mod_next", "sfp_sm_link_up", "sfp_sm_link_down", "sfp_sm_link_check_los", "sfp_los_event_active",
    "sfp_los_event_inactive", "sfp_sm_fault", "sfp_sm_mod_remove", "sfp_sm_device", "sfp_sm_module", "sfp_sm_main",
    "__sfp_sm_event", "sfp_sm_event", "sfp_attach", "sfp_detach", "sfp_start", "sfp_stop", "sfp_timeout",
    "sfp_check_state", "sfp_irq", "sfp_poll", "sfp_alloc", "sfp_cleanup", "sfp_remove", "sfp_shutdown",
)
# States, events, times and fields.
SFP_LINES = re.compile(
    r"^\tSFP_(E|MOD|DEV|S)_\w+( = 0)?,$|^#define [TRN]_\w+\t|^#define SFP_POLL_INTERVAL"
    r"|^\tunsigned (char|short|int) (sm_\w+|state\w*);|^\tstruct (mutex|delayed_work) (st_mutex|sm_mutex|poll|timeout);"
    r"|^\tbool need_poll;", re.M)


@dataclass(frozen=True)
class Port:
    name: str
    replaces: str
    lines: str  # `?`, or a file in C, whose lines are counted
    unsafe: str
    flags: tuple[str, str]  # before and here
    rules: tuple[str, str]


PORTS = (
    Port("tyr_reset", "Tyr's reset", "?", "?", ("1: `ShuttingDown`", "0"),
         ("?", "0")),
    Port("vino", "vino's encoder and teardown", "?", "?", ("1", "0"),
         ("1: six cancels in one order", "0")),
    Port("m3_thermal", "Asahi's M3 thermal loop", "?", "?", ("1: `stopped`", "0"), ("?", "0")),
    Port("uart", "a UART that receives by DMA, in C", "?", "C", ("?", "0"),
         ("1: free the interrupt, then cancel the item", "0")),
    Port("sfp", f"`{SFP}`", SFP, "C", ("0", "0"),
         ("3: free the interrupts, reset the machines, cancel `poll` before `timeout`", "0")),
)


def code(text: str) -> str:
    """Without comments, which neither language nests here, and without what is in string literals."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    return re.sub(r"//.*", "", text)


def lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def rust_driver(path: Path) -> str:
    """The code of a port, without its scenario."""
    driver, end, _ = path.read_text().partition(END)
    if not end:
        raise Failure(f"{path.name}: where does the driver end?")
    return code(driver)


def rust_lines(driver: str) -> int:
    return lines(re.sub(r"^(#\[path = .*\]\n)?(use [^;]*;|mod \w+;)$", "", driver, flags=re.M))


def c_lines(path: Path) -> int:
    text = path.read_text()
    count = len(SFP_LINES.findall(text))
    for name in SFP_FUNCTIONS:
        found = re.findall(rf"^static [^;{{}}()]*\b{name}\([^;{{}}]*\)\n{{\n.*?^}}$", text, re.M | re.S)
        if not found:
            raise Failure(f"{path.name} has no function {name}")
        count += lines(code(found[-1]))
    return count


def row(port: Port) -> str:
    before = str(c_lines(TREE / port.lines)) if port.lines.endswith(".c") else port.lines
    driver = rust_driver(HERE / port.name / f"{port.name}.rs")
    unsafe = len(re.findall(r"\bunsafe\b", driver))
    cells = (f"`{port.name}`", port.replaces, before, str(rust_lines(driver)), port.unsafe, str(unsafe), *port.flags, *port.rules)
    return f"| {' | '.join(cells)} |"


def table() -> list[str]:
    return ["| port | of | lines, before | here | `unsafe`, before | here | flags, before | here | ordering rules, before | here |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- | --- | --- | --- |",
            *(row(port) for port in PORTS)]
