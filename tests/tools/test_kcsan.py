"""The reports of KCSAN: what is read from a log, which of them are about the series, and what must be there."""

from __future__ import annotations

import re
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from kcsan import (
    KNOWN, Report, Series, before, changed_lines, functions_of_c, judge, located, must_have_looked, reports, rust_module,
    without_reports,
)
from lib.common import Failure
from lib.kernel_log import complaints

SCOPE = "_RNvNtNtCs6fAn_6kernel9workqueue5scope4wait"
LINE = "==================================================================\n"
REPORT = LINE + """\
BUG: KCSAN: data-race in insert_work / {0}

write to 0xffff888003a3c0a8 of 8 bytes by task 71 on cpu 2:
 {0}+0x8a/0x4d0
     # a test of another CPU says something
 worker_thread+0x2bb/0x5d0
 ret_from_fork_asm+0x1a/0x30

read to 0xffff888003a3c0a8 of 8 bytes by interrupt on cpu 0:
 insert_work.constprop.0+0x3a/0x120
 {1}+0x2e/0x80
 |
 +-> reordered to: something_else+0x3/0x9

value changed: 0x0000000000000000 -> 0xffff888003a3c0b1

Reported by Kernel Concurrency Sanitizer on:
CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted
behind_the_report+0x1/0x2
""" + LINE
UNKNOWN = LINE + f"""\
BUG: KCSAN: data-race in {SCOPE}+0x12/0x30

race at unknown origin, with read-write (marked) to 0xffff888003a3c0a8 of 4 bytes by task 9 on cpu 1:
 {SCOPE}+0x12/0x30

value changed: 0x1 -> 0x2

Reported by Kernel Concurrency Sanitizer on:
""" + LINE
ALL = """\
kcsan: enabled early
kcsan: strict mode configured
kcsan: selftest: 3/3 tests passed
init: kcsan: setup_watchpoints: 4711
"""
RUST = re.compile(r"^_R.*(?<!\d)(9workqueue)")
OTHER, PAIR = "_RNvNtCs6fAn_6kernel4time4wait", "insert_work / process_one_work"


class Reports(unittest.TestCase):
    def test_both_stacks_and_nothing_else(self) -> None:
        report, unknown = reports(REPORT.format("process_one_work", "queue_work_on") + "later+0x1/0x2\n" + UNKNOWN)
        self.assertEqual(report.stacks, [["process_one_work", "worker_thread", "ret_from_fork_asm"], ["insert_work", "queue_work_on"]])
        self.assertEqual(report.places, ["process_one_work+0x8a/0x4d0", "insert_work.constprop.0+0x3a/0x120"])
        self.assertEqual(report.pair(), PAIR)
        self.assertEqual((unknown.stacks, unknown.pair()), ([[SCOPE]], SCOPE.replace("Cs6fAn_", "C")))

    def test_the_hash_of_a_crate_does_not_matter(self) -> None:
        self.assertEqual(Report("", [[SCOPE]]).pair(), Report("", [[SCOPE.replace("6fAn", "l7L7n58I0Vr")]]).pair())

    def test_times_and_threads_in_front_of_lines(self) -> None:
        text = REPORT.format("process_one_work", "queue_work_on")
        with_times = "".join(f"[    1.234567][  T{n}] {line}\n" for n, line in enumerate(text.splitlines()))
        self.assertEqual(reports(with_times), reports(text))

    def test_the_order_of_the_accesses_does_not_matter(self) -> None:
        self.assertEqual(Report("", [["b"], ["a", "c"]]).pair(), Report("", [["a"], ["b"]]).pair())

    def test_other_complaints_are_left(self) -> None:
        text = UNKNOWN + "BUG: sleeping function called from invalid context\n"
        self.assertEqual(list(complaints(without_reports(text))), ["BUG: sleeping function called from invalid context"])


class Judge(unittest.TestCase):
    def verdict(self, first: str, caller: str, *known: str, line: int = 1, title: str = "data-race") -> tuple[int, int]:
        series = Series(RUST, {"rust_helper_new"}, {"kernel/workqueue.c": [7, 8]},
                        {"insert_work.constprop.0+0x3a/0x120": [("include/linux/list.h", 7), ("kernel/workqueue.c", line)]})
        failures, others = judge(reports(REPORT.format(first, caller).replace("data-race", title)), {*known}, series)
        return len(failures), len(others)

    def test_an_access_of_the_series_is_a_failure(self) -> None:
        self.assertEqual(self.verdict(SCOPE, "queue_work_on"), (1, 0))
        self.assertEqual(self.verdict("rust_helper_new", "queue_work_on"), (1, 0))

    def test_a_line_of_the_series_is_a_failure_also_around_an_inlined_function(self) -> None:
        self.assertEqual(self.verdict("process_one_work", "queue_work_on", line=8), (1, 0))

    def test_a_line_that_the_series_leaves_alone_is_none_whoever_calls_it(self) -> None:
        self.assertEqual(self.verdict("process_one_work", SCOPE), (0, 0))
        self.assertEqual(self.verdict("process_one_work", "queue_work_on"), (0, 0))

    def test_what_rust_calls_is_rust(self) -> None:
        stack = [OTHER, SCOPE, "worker_thread"]
        self.assertTrue(Series(RUST, set(), {}).accesses(stack, f"{OTHER}+0x1/0x2"))
        self.assertFalse(Series(RUST, set(), {}).accesses(["list_add", *stack], "list_add+0x1/0x2"))

    def test_memory_that_is_freed_while_the_series_uses_it(self) -> None:
        self.assertEqual(self.verdict("kfree", SCOPE, title="assert: race"), (1, 0))
        self.assertEqual(self.verdict("kfree", "queue_work_on", title="assert: race"), (0, 0))

    def test_what_the_base_has_reported_is_known(self) -> None:
        self.assertEqual(self.verdict("process_one_work", SCOPE, PAIR, line=7), (0, 1))
        self.assertEqual(self.verdict(SCOPE, "queue_work_on", PAIR), (1, 0))

    def test_a_task_may_exit_while_its_flags_are_read(self) -> None:
        series = Series(re.compile("^_R.*(9workqueue|9task_work)"), set(), {})
        inlined = "_RNvXNtCs6fAn_6kernel9workqueueNvNtNtB6_9task_work5tests24references_are_conservedE3run"
        for function, known in ((inlined, True), (inlined.replace("9task_work", "4task"), False)):
            report = Report("data-race", [["do_exit"], [function]], ["do_exit+0x1/0x2", f"{function}+0x1/0x2"])
            self.assertEqual(judge([report], KNOWN, series), ([], [report]) if known else ([report], []))


class OfTheSeries(unittest.TestCase):
    def test_modules_of_rust(self) -> None:
        self.assertEqual([rust_module(f"rust/kernel/{path}.rs") for path in ("workqueue", "workqueue/tests/scope", "task_work")],
                         ["9workqueue", "9workqueue", "9task_work"])

    def test_changed_lines(self) -> None:
        diff = "+++ b/a.c\n@@ -1 +1,2 @@\n-x\n+y\n+z\n@@ -9,2 +10,0 @@ int f(void)\n-x\n-y\n+++ b/b.h\n@@ -0,0 +5 @@\n+x\n"
        self.assertEqual(changed_lines(diff), {"a.c": [1, 2, 10], "b.h": [5]})

    def test_functions_that_lines_are_in(self) -> None:
        source = ("int declared(void);\n\nstatic int one(int a,\n\t       int b)\n{\n\treturn call(a);\n}\n\n"
                  "int x;\n\nvoid two(void)\n{\n}\n")
        self.assertEqual([functions_of_c(source, [n]) for n in (1, 3, 6, 7, 9, 12)],
                         [set(), {"one"}, {"one"}, {"one"}, set(), {"two"}])


class Lines(unittest.TestCase):
    def test_what_faddr2line_prints(self) -> None:
        text = ("one+0x73/0x450:\ninlined at /s/include/a.h:12 (discriminator 2)\n(inlined by) one at /s/kernel/workqueue.c:9\n\n"
                "two+0x1/0x2:\ntwo at two.c:?\n")
        self.assertEqual(located(text, "/s"), {"one+0x73": [("include/a.h", 12), ("kernel/workqueue.c", 9)], "two+0x1": []})

    def test_the_access_is_before_the_address(self) -> None:
        self.assertEqual(before("one.constprop.0+0x80/0x450"), "one.constprop.0+0x7f")


class Active(unittest.TestCase):
    def test_the_number_of_watched_accesses(self) -> None:
        self.assertEqual(must_have_looked(ALL), 4711)

    def test_each_line_must_be_there(self) -> None:
        for line in ALL.splitlines(keepends=True):
            with self.assertRaisesRegex(Failure, "KCSAN (is not active|has watched no access)"):
                must_have_looked(ALL.replace(line, ""))
        for old, new in (("4711", "0"), ("3/3", "2/3")):
            with self.assertRaises(Failure):
                must_have_looked(ALL.replace(old, new))


if __name__ == "__main__":
    unittest.main()
