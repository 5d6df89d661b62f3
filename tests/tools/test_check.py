"""A check that fails, or whose program crashes, must be told."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from check import objections


class Objections(unittest.TestCase):
    def test_what_a_program_says_counts_only_if_it_fails(self) -> None:
        self.assertEqual(objections("sh", "-c", "echo fine"), ([], ["fine"]))
        self.assertEqual(objections("sh", "-c", "echo wrong; exit 1"), (["wrong"], []))

    def test_a_program_that_crashes_has_not_passed(self) -> None:
        self.assertEqual(objections("sh", "-c", "echo Traceback >&2; exit 1"), (["Traceback"], []))
        self.assertEqual(objections("sh", "-c", "exit 3"), (["sh: status 3"], []))


if __name__ == "__main__":
    unittest.main()
