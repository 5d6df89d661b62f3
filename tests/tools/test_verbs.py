"""Every script that can be run says what it does, and refuses what it does not know, before it does anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def scripts() -> list[str]:
    found = (path for part in ("tools", "tests", "bench") for path in (ROOT / part).rglob("*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in found if path.read_text().startswith("#!"))


class Verbs(unittest.TestCase):
    def setUp(self) -> None:
        """A copy of the repository, in which it shows if anything is made."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.copy = Path(directory.name) / "copy"
        self.copy.mkdir()
        for part in ("tools", "tests", "bench", "kunit"):
            shutil.copytree(ROOT / part, self.copy / part, ignore=shutil.ignore_patterns("__pycache__"))

    def run_script(self, script: str, argument: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([sys.executable, "-B", str(self.copy / script), argument], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(sorted(path.name for path in self.copy.iterdir()), ["bench", "kunit", "tests", "tools"], script)
        return done

    def test_help_says_what_the_script_says(self) -> None:
        for script in scripts():
            with self.subTest(script):
                done = self.run_script(script, "--help")
                first = re.search(r'^"""(.*?)\.?(?:"""|$)', (ROOT / script).read_text(), re.M)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                assert first
                self.assertIn(first[1], " ".join(done.stdout.split()))

    def test_unknown_arguments_are_refused(self) -> None:
        for script in scripts():
            with self.subTest(script):
                done = self.run_script(script, "--no-such-thing")
                self.assertEqual(done.returncode, 2)
                self.assertIn("unrecognized arguments: --no-such-thing", done.stderr)

    def test_every_verb_of_the_makefile_can_be_run(self) -> None:
        text = (ROOT / "Makefile").read_text() + (ROOT / "tools/test.py").read_text()
        called = set(re.findall(r"(?:tools|tests|bench)/[\w/]+\.py", text))
        self.assertEqual(called - {*scripts()}, set())
        self.assertEqual([script for script in scripts() if not os.access(ROOT / script, os.X_OK)], [])


class Toolchain(unittest.TestCase):
    def refused(self, *arguments: str, **environment: str) -> str:
        with tempfile.TemporaryDirectory() as directory:
            programs, copy = Path(directory) / "bin", Path(directory) / "tools/toolchain"
            for path in (programs, copy.parent):
                path.mkdir()
            shutil.copy(ROOT / "tools/toolchain", copy)
            # All that it may need for that; so it cannot install anything by mistake.
            (programs / "dirname").symlink_to(shutil.which("dirname") or "")
            done = subprocess.run(["/bin/sh", str(copy), *arguments], text=True, capture_output=True,
                                  env={"PATH": str(programs)} | environment)
            self.assertEqual(sorted(os.listdir(directory)), ["bin", "tools"])
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_a_kernel_that_is_none_is_refused_before_anything_is_done(self) -> None:
        self.assertIn("LINUX (/no/kernel) is not a kernel tree", self.refused(LINUX="/no/kernel"))

    def test_an_unknown_option_is_refused(self) -> None:
        self.assertIn("what is --package?", self.refused("--package"))


if __name__ == "__main__":
    unittest.main()
