"""What `make test` makes of the last line of a verb."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from test import Result, judge


class Judge(unittest.TestCase):
    def test_counts_are_those_of_the_verb(self) -> None:
        self.assertEqual(judge(0, "PASS kunit: 1076 passed, 0 failed, 12 skipped; the log: x"), (1076, 0))
        self.assertEqual(judge(1, "FAIL kunit: 1074 passed, 2 failed; the log: x"), (1074, 2))

    def test_a_verb_that_fails_without_counts_is_one_failure(self) -> None:
        self.assertEqual(judge(1, "FAIL kunit: interrupted"), (0, 1))
        self.assertEqual(judge(1, "FAIL kunit: 7 passed, 0 failed"), (7, 1))
        self.assertEqual(judge(-9, ""), (0, 1))

    def test_a_verb_that_tests_nothing_has_not_passed(self) -> None:
        self.assertEqual(judge(0, "PASS kunit: 0 passed, 0 failed"), (0, 1))
        self.assertEqual(judge(0, "PASS kunit: what had to be done is done"), (0, 1))

    def test_result_is_one_line(self) -> None:
        self.assertEqual(str(Result("kunit", 7, 0, 61)), "  pass  kunit         7 passed, 0 failed  1 min 1 s")
        self.assertEqual(str(Result("kunit", 7, 1, 61)), "  FAIL  kunit         7 passed, 1 failed  1 min 1 s")


if __name__ == "__main__":
    unittest.main()
