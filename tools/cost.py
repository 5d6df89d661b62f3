#!/usr/bin/env python3
"""make cost: what Rust needs leaves the paths of C alone, instruction for instruction.

Compiles kernel/workqueue.c for x86_64 without debug options, of the base, of the base with the fixes of C, and of
all series, and compares the code of the functions that enqueue, expire, modify, cancel and flush work. Fixes may
change what they fix; what comes after them may not.
"""

from __future__ import annotations

import re

from lib.common import BUILD, Failure, lock, parser, reporting, say, step, verdict, worktree
from lib.kernel import Kernel
from lib.objdump import functions
from lib.stack import after
from tree import ensure_tree

KERNEL = Kernel(BUILD / "cost-src", BUILD / "cost", "cost", arch="x86_64")
SAME = ("queue_work_on", "insert_work", "queue_delayed_work_on", "__queue_delayed_work", "delayed_work_timer_fn",
        "work_grab_pending", "cancel_work", "cancel_work_sync", "cancel_delayed_work", "cancel_delayed_work_sync",
        "flush_work", "flush_delayed_work", "__cancel_work", "disable_work", "disable_delayed_work",
        "process_one_work", "__flush_workqueue")
# The compiler does not inline insert_wq_barrier() into __flush_work() any more, as it has a second caller. An item whose
# disable count is full stays disabled.
COUNTED = ("__flush_work", "enable_work", "__queue_work", "mod_delayed_work_on", "bh_worker", "drain_workqueue", "destroy_workqueue")
# The last series that fixes C.
FIXES = "ordered-cancel"
# Where something is differs between two objects: what matters is what it is.
PLACE = re.compile(r"0x[0-9a-f]+ (?=<)|\+0x[0-9a-f]+(?=>)|0x[0-9a-f]+\(%rip\)")


def measure(revision: str) -> dict[str, list[str]]:
    """The instructions of each function; none if the compiler has merged it into its callers."""
    worktree(KERNEL.source, revision)
    if not (KERNEL.objects / ".config").exists():
        KERNEL.make("config", "defconfig")
    KERNEL.make("build", "kernel/workqueue.o")
    found = functions(KERNEL.objects / "kernel/workqueue.o")
    return {name: [PLACE.sub("", line) for line in found[name].instructions] if name in found else [] for name in SAME + COUNTED}


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("cost"), lock("cost"):
        ensure_tree()
        with step("the base"):
            base = measure("base")
        with step("the fixes of C"):
            before = measure(after(FIXES))
        with step("all series"):
            now = measure("series")
        say(f"    {'instructions':28}{'base':>8}{'fixes':>8}{'series':>8}")
        for function in SAME + COUNTED:
            if before[function] or now[function]:
                same = "the same" if before[function] == now[function] else "differ" if function in SAME else "may differ"
                fixed = "" if base[function] == before[function] else ", fixes change it"
                say(f"    {function:28}{len(base[function]):>8}{len(before[function]):>8}{len(now[function]):>8}   {same}{fixed}")
        found = [function for function in SAME if before[function]]
        if len(found) < len(SAME) // 2:
            raise Failure(f"of {len(SAME)} functions, kernel/workqueue.o has {len(found)} only")
        differ = [function for function in found if before[function] != now[function]]
        verdict("cost", not differ, f"{len(found) - len(differ)} passed, {len(differ)} failed (functions that are the same, "
                f"and that are not{': ' if differ else ''}{', '.join(differ)})")


if __name__ == "__main__":
    main()
