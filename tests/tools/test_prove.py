"""How bounds that share a plus are taken away together."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import Failure
from tests.compile.bounds import Edit
from tests.compile.prove import merged

A, B = Path("a.rs"), Path("b.rs")


class Merged(unittest.TestCase):
    def test_what_overlaps_is_one_change_and_the_last_comes_first(self) -> None:
        self.assertEqual(merged([Edit(A, 4, 14), Edit(A, 0, 7), Edit(A, 20, 30), Edit(B, 4, 7)]),
                         [Edit(B, 4, 7), Edit(A, 20, 30), Edit(A, 0, 14)])

    def test_what_is_beside_it_stays(self) -> None:
        self.assertEqual(merged([Edit(A, 0, 7), Edit(A, 7, 9, "new")]), [Edit(A, 7, 9, "new"), Edit(A, 0, 7)])

    def test_two_replacements_of_the_same_are_refused(self) -> None:
        with self.assertRaises(Failure):
            merged([Edit(A, 0, 7, "new"), Edit(A, 4, 9)])


if __name__ == "__main__":
    unittest.main()
