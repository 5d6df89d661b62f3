"""The walk through the sample: what its log says of order, times and totals."""

from __future__ import annotations

import contextlib
import io
import sys
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import common
from lib.common import Failure
from tests.sample.run import DURATION, EXPECTED, LOADS, Section, log_problems, report, sections

CHECKS = 1 + len(EXPECTED) + len(DURATION) + len(LOADS) + 1
LOAD = ["Loading with a backlog of 2", "Backlog 1", "Backlog 1", "Kick 1", "Closure 1"]
DEADLOCK = """\
[  900.0] walk: deadlock: begins
[  900.1] WARNING: possible circular locking dependency detected
[  900.1] ((wq_completion)deadlock){+.+.}-{0:0}, at: flush
[  900.1] Deadlock::number
"""


def good() -> list[tuple[str, list[str]]]:
    """What the module has to log in each section."""
    return [*EXPECTED.items(), *((name, LOAD * times) for name, times in LOADS.items())]


def log(walk: list[tuple[str, list[str]]], end: str = "walk: end: 5 passed, 0 failed", seconds: float = 5) -> str:
    """A log in which the last line of each section comes some seconds after its beginning."""
    lines, now = [], 1.0
    for name, texts in walk:
        lines.append(f"[{now:12.6f}][  T310] walk: {name}: begins")
        lines += [f"[{now + seconds:12.6f}] rust_workqueue: {text} by thread 7" for text in texts]
        now += seconds + 1
    return "\n".join([*lines, f"[{now:12.6f}] walk: leaks: kmemleak scanned", f"[{now:12.6f}] {end}", ""])


class Log(unittest.TestCase):
    def problems(self, walk: list[tuple[str, list[str]]], seconds: float = 5) -> list[str]:
        return log_problems(sections(log(walk, seconds=seconds)))

    def test_lines_belong_to_the_section_that_has_begun(self) -> None:
        text = "[ 1.5][ C3] walk: kick: begins\n[ 1.6] lab: Kick 42 by thread 3\n[ 1.7] other: x\n[ 1.8] walk: kick: PASS: it\n"
        start, kick = sections(text)
        self.assertEqual(start, Section("start", 0))
        self.assertEqual(kick, Section("kick", 1.5, [(1.6, "lab", "Kick 42 by thread 3"), (1.8, "walk", "PASS: it")]))
        self.assertEqual(kick.module(), [(1.6, "Kick 42")])

    def test_the_expected_log_has_no_problem(self) -> None:
        self.assertEqual(self.problems(good()), [])

    def test_another_line_or_another_order_is_one(self) -> None:
        walk = dict(good())
        walk["repeat"] = walk["repeat"][::-1]
        self.assertEqual(self.problems(list(walk.items())), ["repeat: the module logged Repeat 1, Repeat 2, Repeat 3, Repeat 4, Repeat 5"])
        walk = dict(good()) | {"kick": []}
        self.assertEqual(self.problems(list(walk.items())), ["kick: the module logged nothing"])

    def test_what_repeats_itself_until_it_is_stopped_does_not_count_before(self) -> None:
        walk = dict(good())
        self.assertEqual(self.problems(list((walk | {"kick": ["Repeat 12345", "Kick 42"]}).items())), [])
        self.assertEqual(self.problems(list((walk | {"stopped": ["Repeat 12345"]}).items())), ["stopped: the module logged Repeat 12345"])

    def test_a_section_that_is_absent_or_too_short_is_one(self) -> None:
        self.assertEqual(self.problems([section for section in good() if section[0] != "burst"]), ["burst: not in the log"])
        self.assertEqual(sorted(p.partition(":")[0] for p in self.problems(good(), seconds=0)), sorted(DURATION))

    def test_times_that_go_back_are_one(self) -> None:
        begin = "walk: burst: begins\n"
        text = log(good()).replace(begin, f"{begin}[    0.500000] rust_workqueue: x\n")
        self.assertIn("the times of the module's lines are not in order", log_problems(sections(text)))

    def test_each_load_executes_its_backlog_and_nothing_that_is_delayed_by_an_hour(self) -> None:
        for wrong, words in (
                (LOAD[:1] + LOAD[2:], "many times: backlog of 2, 1 items and 0 delayed closures executed"),
                ([*LOAD, "Closure 0"], "many times: backlog of 2, 2 items and 1 delayed closures executed"),
                ([*LOAD, "Kick 1"], "many times: 2 items and 1 closures executed for one of each"),
                ([*LOAD, LOAD[0]], "many times: loaded 201 times, not 200")):
            walk = dict(good()) | {"many times": LOAD * (LOADS["many times"] - 1) + wrong}
            self.assertIn(words, self.problems(list(walk.items())))


class Totals(unittest.TestCase):
    def verdict(self, text: str, known: Counter[str] | None = None, quick: bool = False) -> tuple[int, str]:
        said = io.StringIO()
        with mock.patch.object(common, "COLOR", False), contextlib.redirect_stdout(said), self.assertRaises(SystemExit) as ended:
            report("sample", text, Path("a.log"), known or Counter(), quick)
        assert isinstance(ended.exception.code, int)
        return ended.exception.code, said.getvalue().splitlines()[-1]

    def test_the_checks_of_the_walk_and_those_of_the_log_are_summed(self) -> None:
        self.assertEqual(self.verdict(log(good()) + DEADLOCK), (0, f"PASS sample: {5 + CHECKS} passed, 0 failed; the log: a.log"))

    def test_a_failure_of_either_fails(self) -> None:
        text = log(good(), "walk: end: 4 passed, 1 failed") + DEADLOCK
        self.assertEqual(self.verdict(text), (1, f"FAIL sample: {4 + CHECKS} passed, 1 failed; the log: a.log"))
        text = log([section for section in good() if section[0] != "burst"]) + DEADLOCK
        self.assertEqual(self.verdict(text), (1, f"FAIL sample: {5 + CHECKS - 1} passed, 1 failed; the log: a.log"))

    def test_lockdep_has_to_tell_of_the_deadlock_and_may(self) -> None:
        text = log(good()) + DEADLOCK
        self.assertEqual(self.verdict(text), (0, f"PASS sample: {5 + CHECKS} passed, 0 failed; the log: a.log"))
        text = text.replace("Deadlock::number", "Other::number")
        self.assertEqual(self.verdict(text), (1, f"FAIL sample: {5 + CHECKS - 1} passed, 1 failed; the log: a.log"))

    def test_a_quick_walk_has_a_tenth_of_the_loads(self) -> None:
        walk = dict(good()) | {name: LOAD * (times // 10) for name, times in LOADS.items()}
        text = log(list(walk.items())) + DEADLOCK
        self.assertEqual(self.verdict(text, quick=True)[0], 0)
        self.assertEqual(self.verdict(text)[0], 1)

    def test_a_walk_without_an_end_has_failed(self) -> None:
        with self.assertRaisesRegex(Failure, "did not get to its end"):
            self.verdict(log(good(), "walk: end"))

    def test_kmemleak_must_have_looked(self) -> None:
        with self.assertRaisesRegex(Failure, "kmemleak has not looked"):
            self.verdict(log(good()).replace("kmemleak scanned", "") + DEADLOCK)

    def test_a_complaint_that_is_not_known_is_a_failure(self) -> None:
        text = log(good()) + "[  900.0] BUG: x\n" + DEADLOCK
        with self.assertRaisesRegex(Failure, "BUG: x.*\n.*has complaints"):
            self.verdict(text)
        self.assertEqual(self.verdict(text, Counter({"BUG: x": 1}))[0], 0)


if __name__ == "__main__":
    unittest.main()
