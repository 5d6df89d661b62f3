"""What a boot with random programs has to have said, and how one that fails is made shorter."""

from __future__ import annotations

import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import LOGS, Failure
from tests.random.run import HANG, THREADS, finish, judge, shrink

PASSED = """[    1.0] random_programs: program 0 1
[    1.1] random_programs: operations: 150
[    1.2] random_programs: program 4 7
[    1.3] random_programs: operations: 1000
[    1.4] init: passed 2 programs in 300 ms
[    1.5] init: unloaded
"""
FAILED = """[    1.0] random_programs: program 4 7
[    1.1] random_programs: FAILED: an item was executed twice
[    1.1] random_programs: expected 1
[    1.1] random_programs: got 2
[    1.1] random_programs: word 0 00000012 enqueue
[    1.1] random_programs: word 1 00000034 drop
"""


class Judge(unittest.TestCase):
    def test_operations_are_added_up(self) -> None:
        outcome = judge(PASSED, True, Counter())
        self.assertEqual((outcome.what, outcome.operations), ("", 1150))
        self.assertEqual((outcome.flags, outcome.seed), (THREADS, 7))

    def test_what_has_failed_with_its_seed_and_program(self) -> None:
        outcome = judge(FAILED, True, Counter())
        self.assertEqual((outcome.what, outcome.flags, outcome.seed), ("an item was executed twice", THREADS, 7))
        self.assertEqual(outcome.details, ["expected 1", "got 2"])
        self.assertEqual(outcome.words, ["00000012", "00000034"])

    def test_only_what_gets_to_its_end_has_passed(self) -> None:
        self.assertEqual(judge(PASSED, False, Counter()).what, HANG)
        self.assertIn("did not get to its end", judge(PASSED.replace("init: unloaded", ""), True, Counter()).what)
        self.assertIn("BUG: KASAN", judge(PASSED + "[    1.6] BUG: KASAN: slab-use-after-free\n", True, Counter()).what)


class Finish(unittest.TestCase):
    def test_kmemleak_must_have_looked(self) -> None:
        with self.assertRaisesRegex(Failure, "kmemleak has not looked"):
            finish("random", judge(PASSED, True, Counter()), LOGS / "log", lambda: None)


class Shrink(unittest.TestCase):
    def test_what_is_left_fails_and_nothing_of_it_can_be_missed(self) -> None:
        words = [str(n) for n in range(50)]
        self.assertEqual(shrink(words, lambda rest: {"7", "31"} <= set(rest), 60), ["7", "31"])

    def test_it_ends_in_time(self) -> None:
        self.assertEqual(shrink(["1", "2", "3"], lambda rest: True, 0), ["1", "2", "3"])


if __name__ == "__main__":
    unittest.main()
