"""make series and make bisect with a fake of the kernel's build: what is built, on what, and what is remembered."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unittest

from test_tree import STACK, Tree

sys.path.insert(0, str(Tree.TOOLS))

from series import HEAD, kernel_version, table

# A kernel "builds" with a warning if it has a file that is named warn, and its suites are its files.
FAKE = """
import dataclasses, json, sys
from pathlib import Path
sys.path.insert(0, "tools")
import bisect_series, series
@dataclasses.dataclass(frozen=True)
class Fake(bisect_series.Kernel):
    def build(self):
        files = sorted(path.name for path in self.source.iterdir() if len(path.name) == 1)
        with open("built", "a") as built:
            built.write(f"{self.name} {''.join(files)}\\n")
        self.log("build").parent.mkdir(parents=True, exist_ok=True)
        self.log("build").write_text("warning: new\\n" if (self.source / "warn").exists() else "")
    def run(self):
        tests = [{"name": path.name, "status": "FAIL" if path.name == "bad" else "PASS"} for path in self.source.iterdir()]
        self.result.write_text(json.dumps({"sub_groups": [{"name": "mine", "test_cases": tests}]}))
        self.console.write_text("")
bisect_series.Kernel = Fake
bisect_series.CONFIGS = ()
bisect_series.options_of.__defaults__ = ((),)
bisect_series.compilers = lambda: ""
{"series": series, "bisect": bisect_series}[sys.argv.pop()].main()
"""


class SeriesTree(Tree):
    def setUp(self) -> None:
        super().setUp()
        (self.root / "kunit").mkdir()
        (self.root / "kunit/suites").write_text("mine\n")
        self.make("export")
        shutil.rmtree(self.tree)
        self.make("tree")

    def series(self, fails: bool = False, verb: str = "series", **env: str) -> str:
        done = subprocess.run([sys.executable, "-c", FAKE, verb], cwd=self.root, env=self.env | env, text=True, capture_output=True)
        self.assertEqual(done.returncode, 1 if fails else 0, done.stdout + done.stderr)
        return done.stdout

    def built(self) -> list[str]:
        log = self.root / "built"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def test_each_series_is_built_with_only_what_it_depends_on(self) -> None:
        said = self.series()
        self.assertEqual(self.built(), ["series-base ", "series-first ab", "series-second abc", "series-third de"])
        self.assertIn("third (RFC)        2      2     0  -", said)
        self.assertIn("3 passed, 0 failed", said)
        self.assertEqual(self.git("status", "--porcelain"), "")

    def test_what_has_passed_is_not_built_again(self) -> None:
        self.series()
        self.built()
        said = self.series()
        self.assertEqual(self.built(), [])
        self.assertEqual(said.count("before"), 3)
        files = ["a", "b", ".git", "Kconfig", "Makefile", "rust"]
        self.assertIn(f"{len(files)}, ours {len(files)}", self.series(BUILD="no"))
        patch = self.patches / "second/0001-add-c.patch"
        patch.write_text(patch.read_text().replace("+c 3", "+c 5"))
        self.series()
        self.assertEqual(self.built(), ["series-second abc"])

    def test_nothing_is_built_if_not_wanted(self) -> None:
        said = self.series(BUILD="no")
        self.assertEqual(self.built(), [])
        self.assertIn("3 passed, 0 failed; applied with only what they depend on, not built", said)

    def test_a_new_warning_and_a_test_that_fails(self) -> None:
        for name, what in (("warn", "new warnings"), ("bad", "tests fail: mine.bad")):
            self.commit(name)
            self.git("branch", "--force", "stack/third", "series")
            self.make("export")
            said = self.series(fails=True)
            self.assertIn(what, said)
            self.assertIn("2 passed, 1 failed; failed: third", said)
            self.git("reset", "--quiet", "--hard", "HEAD~1")
            self.git("branch", "--force", "stack/third", "series")

    def test_a_dependency_that_is_not_said(self) -> None:
        (self.tree / "a").write_text("by the third\n")
        self.git("commit", "--quiet", "--all", "--message=change a", "--message=It is needed.")
        self.git("branch", "--force", "stack/third", "series")
        self.make("export")
        said = self.series(fails=True, BUILD="no")
        self.assertIn("series third, with only what it depends on: third/0003-change-a.patch does not apply: a: does not exist", said)
        self.assertIn("2 passed, 1 failed; ", said)
        (self.patches / "stack").write_text(STACK.replace("000000000003  -    ", "000000000003  first"))
        self.series(BUILD="no")

    def test_a_series_that_is_too_large(self) -> None:
        for number in range(11):
            self.commit(f"f{number}")
        self.git("branch", "--force", "stack/third", "series")
        self.make("export")
        self.assertIn("13 patches; at most 12", self.series(fails=True, BUILD="no"))

    def test_bisect_builds_each_patch_once_in_two_places(self) -> None:
        said = self.series(verb="bisect")
        built = self.built()
        self.assertEqual(built[0], "bisect-0000 ")
        self.assertEqual(sorted(built[1:]), ["bisect-0001 a", "bisect-0002 ab", "bisect-0003 abc", "bisect-0004 abcd",
                                             "bisect-0005 abcde"])
        self.assertIn("5 passed, 0 failed, 0 of them before", said)
        self.assertEqual({path.name for path in (self.root / "build").glob("bisect*-src")}, {"bisect-src", "bisect-2-src"})
        self.assertIn("5 passed, 0 failed, 5 of them before", self.series(verb="bisect"))
        self.assertEqual(self.built(), [])

    def test_the_unpatched_kernel_is_built_from_nothing(self) -> None:
        left = self.root / "build/bisect/left.o"
        left.parent.mkdir()
        left.touch()
        self.series(verb="bisect")
        self.assertFalse(left.exists())

    def test_bisect_names_the_patches_that_fail(self) -> None:
        self.commit("bad")
        self.commit("f")
        self.git("branch", "--force", "stack/third", "series")
        self.make("export")
        self.assertIn("5 passed, 2 failed, 0 of them before", self.series(fails=True, verb="bisect"))

    def test_what_is_not_exported_is_not_the_series(self) -> None:
        self.commit("f")
        self.assertIn("run 'make export'", self.series(fails=True, BUILD="no"))


class Text(unittest.TestCase):
    def test_versions_of_kernels(self) -> None:
        text = "# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = {}\nEXTRAVERSION ={}\nNAME = x\n"
        self.assertEqual(kernel_version(text.format(4, "")), "7.3.4")
        self.assertEqual(kernel_version(text.format(0, " -rc7")), "7.3-rc7")
        self.assertEqual(kernel_version(text.format(0, "")), "7.3")

    def test_a_table(self) -> None:
        self.assertEqual(table([HEAD, ("fixes", "6", "1200", "0", "-", "7.3.4", "-")]),
                         ["series  patches  lines  in C  depends on  applies to  passed",
                          "fixes         6   1200     0  -           7.3.4       -"])


if __name__ == "__main__":
    unittest.main()
