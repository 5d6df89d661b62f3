"""CPUs that go offline: what the log must say about them."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from hotplug import ONE, cpus_went

ALL = "[    0.9] smp: Brought up 1 node, 4 CPUs\n[    9.1] init: CPUs went offline and came back 30 times\n"


class Cpus(unittest.TestCase):
    def test_all_that_is_asked_for_must_have_happened(self) -> None:
        self.assertTrue(cpus_went(ALL, 30))
        self.assertFalse(cpus_went(ALL, 31))
        for line in ALL.splitlines():
            self.assertFalse(cpus_went(line, 30))
        self.assertFalse(cpus_went(ALL.replace("4 CPUs", "2 CPUs"), 30))

    def test_one_cpu_is_not_several(self) -> None:
        self.assertTrue(ONE.search("smp: Brought up 1 node, 1 CPU\nx"))
        self.assertFalse(ONE.search(ALL))


if __name__ == "__main__":
    unittest.main()
