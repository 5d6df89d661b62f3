"""The second run of the suites, in the log of the SMP kernel."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import Failure
from lib.results import Counts
from smp import rerun

SUITE = """\
    # Subtest: {0}
    1..2
    ok 1 first
    {1} 2 second
ok 1 {0}
"""
BEFORE = SUITE.format("rust_workqueue_before", "not ok")
BEGIN, END = "init: suites with failing allocations\n", "init: suites ended\n"
BOTH = SUITE.format("rust_workqueue_items", "ok") + SUITE.format("rust_task_work", "not ok")


class Rerun(unittest.TestCase):
    def test_only_what_is_between_the_marks_counts(self) -> None:
        self.assertEqual(rerun(BEFORE + BEGIN + BOTH + END + BEFORE), Counts(3, 1, 0))

    def test_what_was_not_run_again_is_a_failure(self) -> None:
        for text in (BOTH, BEGIN + BOTH, BEGIN + END, BEGIN + BOTH + "# not tested\n" + END):
            with self.assertRaisesRegex(Failure, "the suites were not run again"):
                rerun(text)

    def test_each_kind_of_suite_has_to_be_there(self) -> None:
        with self.assertRaisesRegex(Failure, r"no suite rust_task_work\*"):
            rerun(BEGIN + SUITE.format("rust_workqueue_items", "ok") + END)
        with self.assertRaisesRegex(Failure, r"no suite rust_workqueue\*"):
            rerun(BEGIN + SUITE.format("rust_task_work", "ok") + END)


if __name__ == "__main__":
    unittest.main()
