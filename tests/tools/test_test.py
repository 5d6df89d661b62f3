"""What `make test` makes of the last line of a verb."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import git
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
        self.assertEqual(str(Result("kunit", 7, 0, 61)), "  pass  kunit             7 passed, 0 failed  1 min 1 s")
        self.assertEqual(str(Result("kunit", 7, 1, 61)), "  FAIL  kunit             7 passed, 1 failed  1 min 1 s")


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


COUNTED = """\
import pathlib, sys
with pathlib.Path("../begun").open("a") as log:
    log.write(sys.argv[1] + "\\n")
failed = int(sys.argv[1] == "b" and not pathlib.Path("../mended").exists())
print(f"{1 - failed} passed, {failed} failed")
"""
HOURS = """\
import os, pathlib, sys
sys.path.insert(0, {tools!r})
from lib.common import git
sys.argv = ["test", "all"]
import test
test.ROOT = pathlib.Path(".").resolve()
test.RECORD, test.PASSED = test.ROOT.parent / "record.json", test.ROOT.parent / "passed.json"
test.LANES["all"] = tuple(tuple((verb, f"tests/{{verb}}/run.py", verb) for verb in lane) for lane in ("ac", "b"))
test.compilers = lambda: ""
test.ensure_tree = lambda: None
test.read_state = lambda repo: {{"source": os.environ.get("SOURCE", "")}}
test.local_work = lambda state: os.environ.get("WORK", "")
test.git = lambda repo, *words: git(repo, *words) if repo == test.ROOT else os.environ.get("TREES", "")
test.main()
"""


class Hours(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.above = Path(scratch.name)
        self.here = self.above / "repository"
        self.here.mkdir()
        (self.above / "hours.py").write_text(HOURS.format(tools=str(Path(__file__).resolve().parents[2] / "tools")))
        git(self.here, "init", "--quiet")
        for verb in "abc":
            self.commit(f"tests/{verb}/run.py", COUNTED)

    def commit(self, name: str, text: str) -> None:
        (self.here / name).parent.mkdir(parents=True, exist_ok=True)
        (self.here / name).write_text(text)
        git(self.here, "add", "--all")
        git(self.here, "-c", "user.name=x", "-c", "user.email=x@x.invalid", "commit", "--quiet", "-m", "x")

    def order(self, **how: str) -> str:
        """The verbs that are run, of two lanes."""
        begun = self.above / "begun"
        begun.write_text("")
        subprocess.run([sys.executable, "../hours.py"], cwd=self.here, env=os.environ | how, capture_output=True)
        return "".join(begun.read_text().split())

    def begun(self, **how: str) -> str:
        return "".join(sorted(self.order(**how)))

    def test_what_is_not_on_record_for_this_kernel_is_run_first(self) -> None:
        self.assertEqual(self.order(TREES="1").replace("b", ""), "ac")
        for kernel, order in (("2", "ca"), ("3", "ac")):
            (self.above / "passed.json").write_text(json.dumps({"tests/a/run.py a": [7, 1.5, "2"]}))
            self.assertEqual(self.order(TREES=kernel).replace("b", ""), order)

    def test_what_has_passed_is_not_run_again(self) -> None:
        self.assertEqual(self.begun(), "abc")
        self.assertEqual(self.begun(), "b")
        (self.above / "mended").touch()
        self.assertEqual(self.begun(), "b")
        self.assertEqual(self.begun(), "")

    def test_a_change_of_prose_only_changes_nothing(self) -> None:
        self.begun()
        self.commit("README.md", "new")
        self.assertEqual(self.begun(), "b")
        self.commit("patches/a/0001-a.patch", "new")
        self.commit("tools/figures.py", "new")
        self.assertEqual(self.begun(), "b")
        self.commit("patches/stack", "new")
        self.assertEqual(self.begun(), "abc")
        self.commit("tools/toolchain", "new")
        self.assertEqual(self.begun(), "abc")
        self.commit("Makefile", "new")
        self.assertEqual(self.begun(), "abc")

    def test_a_change_of_a_tool_counts_for_the_verbs_that_import_it(self) -> None:
        (self.above / "mended").touch()
        self.commit("tools/lib/part.py", "")
        self.commit("tests/c/run.py", "import sys\nsys.path.insert(0, 'tools')\nfrom lib import part\n" + COUNTED)
        self.begun()
        self.commit("tools/lib/part.py", "new = 1")
        self.assertEqual(self.begun(), "c")

    def test_a_change_of_the_kernel_counts_for_all(self) -> None:
        (self.above / "mended").touch()
        self.begun(TREES="1")
        self.assertEqual(self.begun(TREES="1"), "")
        self.assertEqual(self.begun(TREES="2"), "abc")

    def test_a_change_of_tests_counts_for_the_verbs_that_use_them(self) -> None:
        (self.above / "mended").touch()
        self.commit("tests/shared/part.py", "")
        self.commit("tests/c/run.py", "import sys\nsys.path.insert(0, '.')\nfrom tests.shared import part\n" + COUNTED)
        self.begun()
        self.commit("tests/a/init.c", "new")
        self.assertEqual(self.begun(), "a")
        self.commit("tests/a/another.py", "new = 1")
        self.assertEqual(self.begun(), "")
        self.commit("tests/shared/words", "new")
        self.assertEqual(self.begun(), "c")
        self.commit("tests/smp/init.c", "new")
        self.assertEqual(self.begun(), "abc")

    def test_what_is_not_committed_is_neither_trusted_nor_remembered(self) -> None:
        self.begun()
        (self.here / "tests/a/run.py").write_text(COUNTED + "# changed\n")
        self.assertEqual(self.begun(), "abc")
        (self.here / "tests/a/run.py").write_text(COUNTED)
        self.assertEqual(self.begun(), "b")

    def test_how_much_is_tested_counts_for_the_verbs_that_ask(self) -> None:
        (self.above / "mended").touch()
        self.commit("tests/c/run.py", "import os\nos.environ.get(\"OPERATIONS\")\n" + COUNTED)
        self.begun()
        self.assertEqual(self.begun(OPERATIONS="7"), "c")
        self.assertEqual(self.begun(SOURCE="another kernel"), "abc")

    def test_work_in_the_tree_is_neither_trusted_nor_remembered(self) -> None:
        self.assertEqual(self.begun(WORK="some"), "abc")
        self.assertEqual(self.begun(), "abc")
        self.assertEqual(self.begun(WORK="some"), "abc")


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
