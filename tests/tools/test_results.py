"""What suites have found, from kunit.py's JSON and from a kernel log."""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import Failure
from lib.results import Counts, count, ktap, matches, read, series_globs, summary

JSON = {"name": "main", "sub_groups": [
    {"name": "rust_workqueue_scope", "sub_groups": [], "test_cases": [{"name": "scope_waits", "status": "PASS"},
                                                                      {"name": "scope_ends", "status": "FAIL"}]},
    {"name": "outer", "test_cases": [{"name": "case", "status": "SKIP"}],
     "sub_groups": [{"name": "inner", "test_cases": [{"name": "case", "status": "ERROR"}]}]},
]}
LOG = """\
init: suites with failing allocations
    KTAP version 1
    # Subtest: rust_workqueue_scope
    # module: kernel
    1..3
    ok 1 scope_waits
    # scope_ends: ASSERTION FAILED at rust/kernel/workqueue/tests/scope.rs:7
    not ok 2 scope_ends
    ok 3 scope_sleeps # SKIP needs two CPUs
# rust_workqueue_scope: pass:1 fail:1 skip:1 total:3
not ok 1 rust_workqueue_scope
    KTAP version 1
    # Subtest: rust_task_work
    1..1
        # Subtest: with_parameters
        ok 1 one
        not ok 2 two
    ok 1 add # the words behind a result say nothing of it
ok 2 rust_task_work
init: suites ended
"""


class KunitResult(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.result = Path(directory.name) / "result.json"

    def test_every_test_has_the_names_of_its_suites(self) -> None:
        self.result.write_text(json.dumps(JSON))
        self.assertEqual(read(self.result), [("rust_workqueue_scope.scope_waits", "PASS"), ("rust_workqueue_scope.scope_ends", "FAIL"),
                                             ("outer.inner.case", "ERROR"), ("outer.case", "SKIP")])

    def test_no_result_is_a_failure(self) -> None:
        for text in (None, "", "{", '{"sub_groups": []}'):
            if text is not None:
                self.result.write_text(text)
            with self.assertRaises(Failure):
                read(self.result)

    def test_a_suite_of_ours_that_did_not_run_is_a_failure(self) -> None:
        self.result.write_text(json.dumps(JSON))
        with self.assertRaisesRegex(Failure, "match no test that ran: .*rust_task_work"):
            summary(self.result)

    def test_ours_are_a_part_of_everything(self) -> None:
        suites = [{"name": glob.replace("*", "x").partition(".")[0], "test_cases": [
            {"name": glob.replace("*", "x").partition(".")[2] or "case", "status": "PASS"}]} for glob in series_globs()]
        self.result.write_text(json.dumps({"sub_groups": [*suites, *JSON["sub_groups"][1:]]}))
        everything, ours = summary(self.result)
        self.assertEqual(ours, Counts(len(suites), 0, 0))
        self.assertEqual(everything, Counts(len(suites), 1, 1))


class Counting(unittest.TestCase):
    def test_whatever_neither_passes_nor_is_skipped_has_failed(self) -> None:
        tests = [(str(number), status) for number, status in enumerate(("PASS", "PASS", "FAIL", "ERROR", "CRASHED", "SKIP"))]
        self.assertEqual(count(tests), Counts(2, 3, 1))
        self.assertEqual(str(count(tests)), "2 passed, 3 failed, 1 skipped")
        self.assertEqual(str(Counts(2, 0, 0)), "2 passed, 0 failed")

    def test_a_glob_without_a_dot_is_one_of_suites(self) -> None:
        self.assertTrue(matches("rust_workqueue_scope.scope_waits", "rust_workqueue*"))
        self.assertTrue(matches("rust_doctests_kernel.rust_doctest_kernel_workqueue_rs_0", "*.rust_doctest_kernel_workqueue*"))
        self.assertFalse(matches("other.rust_workqueue", "rust_workqueue*"))
        self.assertFalse(matches("rust_workqueue_scope.scope_waits", "rust_workqueue"))


class KernelLog(unittest.TestCase):
    def test_every_test_has_its_suite_and_its_status(self) -> None:
        self.assertEqual(ktap(LOG), [("rust_workqueue_scope.scope_waits", "PASS"), ("rust_workqueue_scope.scope_ends", "FAIL"),
                                     ("rust_workqueue_scope.scope_sleeps", "SKIP"), ("rust_task_work.add", "PASS")])

    def test_a_log_without_tests_has_none(self) -> None:
        self.assertEqual(ktap("ok 1 rust_task_work\n[    0.1] not ok\n"), [])


if __name__ == "__main__":
    unittest.main()
