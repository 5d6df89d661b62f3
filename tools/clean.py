#!/usr/bin/env python3
"""make clean: removes build/, unless build/tree has something that is not in patches/."""

from __future__ import annotations

import shutil

from lib.common import BUILD, TREE, Failure, parser, reporting, verdict
from tree import local_work, own_branches, read_state


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("clean"):
        if (TREE / ".git").exists():
            state = read_state(TREE)
            if work := local_work(state) or own_branches() if state else "been made by hand":
                raise Failure(f"build/tree has {work}: 'make export', or remove it")
        shutil.rmtree(BUILD, ignore_errors=True)
        verdict("clean", not BUILD.exists(), "build/ is removed")


if __name__ == "__main__":
    main()
