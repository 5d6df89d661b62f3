"""python3 -m unittest discover tests/tools"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from lib import stack
from lib.common import Failure

GOOD = """
# name   change-id                                   depends on  prefixes
fixes    20261126-rust-workqueue-fixes-0123456789ab  -
queues   20261126-rust-workqueue-queues-00000000000a fixes
task     20261126-rust-task-work-task-00000000000b   -           RFC   # alone
scope    20261126-rust-workqueue-scope-00000000000c  queues,task RFC   net-next
"""


class Parse(unittest.TestCase):
    def fails(self, text: str, *words: str) -> None:
        with self.assertRaises(Failure) as caught:
            stack.parse(text)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_a_stack(self) -> None:
        found = stack.parse(GOOD)
        self.assertEqual([series.name for series in found], ["fixes", "queues", "task", "scope"])
        self.assertEqual(found[0], stack.Series("fixes", "20261126-rust-workqueue-fixes-0123456789ab"))
        self.assertEqual(found[2].prefixes, ("RFC",))
        self.assertEqual(found[3].needs, ("queues", "task"))
        self.assertEqual(found[3].prefixes, ("RFC", "net-next"))
        self.assertEqual(found[3].branch, "stack/scope")

    def test_what_a_series_depends_on(self) -> None:
        found = stack.parse(GOOD)
        names = [[below.name for below in stack.closure(found, series)] for series in found]
        self.assertEqual(names, [["fixes"], ["fixes", "queues"], ["task"], ["fixes", "queues", "task", "scope"]])

    def test_mistakes_are_named_with_their_line(self) -> None:
        self.fails(GOOD + "Fixes 20261126-a-000000000000 -", "line 7", "'Fixes'")
        self.fails(GOOD + "../up 20261126-a-000000000000 -", "line 7", "'../up'")
        self.fails(GOOD + "fixes 20261126-a-000000000000 -", "line 7", "two series fixes")
        self.fails(GOOD + "more 20261126-a-000000000000", "line 7", "what more depends on")
        self.fails(GOOD + "more 20261126-a-000000000000 later", "line 7", "'later'")
        self.fails(GOOD + "more 20261126-a-000000000000 more", "line 7", "'more'")
        self.fails(GOOD + "more 20261126-a-000000000000 fixes,", "line 7", "''")
        self.fails(GOOD + "more 20261126-a-000000000000 fixes RFC,", "line 7", "'RFC,'")
        self.fails(GOOD + "more 20261126-rust-task-work-task-00000000000b -", "line 7", "another series")

    def test_a_missing_change_id_is_offered(self) -> None:
        self.fails(GOOD + "more", "line 7", "more has no change-id", "-rust-workqueue-more-")
        self.fails(GOOD + "more - fixes", "line 7", "more has no change-id")
        self.fails(GOOD + "more 20261126-more-ABCDEFABCDEF fixes", "line 7", "more has no change-id")

    def test_an_empty_stack_is_refused(self) -> None:
        self.fails("# nothing\n", "no series")


class After(unittest.TestCase):
    def test_a_series_that_has_been_merged_is_in_the_base(self) -> None:
        with mock.patch.object(stack, "read", lambda: stack.parse(GOOD)):
            self.assertEqual(stack.after("queues"), "stack/queues")
            self.assertEqual(stack.after("merged"), "base")


if __name__ == "__main__":
    unittest.main()
