"""What `make test` makes of the last line of a verb."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
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


VERB = """\
import pathlib, sys, time
with pathlib.Path("begun").open("a") as log:
    log.write(sys.argv[1] + "\\n")
print("begun", flush=True)
time.sleep(60)
"""
FAKE = """\
import pathlib, sys
sys.path.insert(0, {tools!r})
sys.argv = ["test"]
import test
test.ROOT = pathlib.Path(".").resolve()
test.LANES["uml"] = ((("a", "verb.py", "a"), ("b", "verb.py", "b")), (("c", "verb.py", "c"), ("d", "verb.py", "d")))
try:
    test.main()
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


class Interrupted(unittest.TestCase):
    def test_an_interrupt_ends_the_verbs_and_no_other_begins(self) -> None:
        for number, everybody in ((signal.SIGTERM, False), (signal.SIGINT, True)):
            with self.subTest(number), tempfile.TemporaryDirectory() as directory:
                here = Path(directory)
                (here / "verb.py").write_text(VERB)
                (here / "fake.py").write_text(FAKE.format(tools=str(Path(__file__).resolve().parents[2] / "tools")))
                proc = subprocess.Popen([sys.executable, "fake.py"], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, start_new_session=True)
                assert proc.stdout
                self.assertEqual({proc.stdout.readline()[0], proc.stdout.readline()[0]}, {"a", "c"})
                (os.killpg if everybody else os.kill)(proc.pid, number)
                _, said = proc.communicate(timeout=30)
                self.assertEqual((proc.returncode, said.splitlines()[-1]), (1, "interrupted"))
                self.assertEqual(sorted((here / "begun").read_text().split()), ["a", "c"])


if __name__ == "__main__":
    unittest.main()
