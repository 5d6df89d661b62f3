"""A kernel that begins with what has been compiled for another one."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import git
from lib.kernel import Kernel

BUILT = 1_000_000_000  # when the objects were made; the sources are older


class BeginAs(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        here = Path(directory.name)
        self.other = Kernel(here / "tree", here / "uml", "other")
        self.kernel = Kernel(here / "tree-2", here / "uml-2", "kernel")
        self.other.source.mkdir()
        git(self.other.source, "init", "--quiet")
        for name in ("same.c", "edited.c", "moved.c", "later.c"):
            (self.other.source / name).write_text(f"{name}\n")
        git(self.other.source, "add", ".")
        git(self.other.source, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "--message=all")
        git(self.other.source, "worktree", "add", "--quiet", "--detach", str(self.kernel.source))
        (self.other.source / "edited.c").write_text("edited, not committed, and compiled\n")
        git(self.other.source, "mv", "moved.c", "new.c")
        for path in self.other.source.glob("*.c"):
            os.utime(path, (BUILT - 10, BUILT - 10))
        os.utime(self.other.source / "later.c", (BUILT + 10, BUILT + 10))
        self.other.objects.mkdir()
        (self.other.objects / ".same.o.cmd").write_text(f"cc -I{here}/uml -I{here}/uml/include -I{here}/uml-base {here}/tree/same.c\n")
        (self.other.objects / "same.o").touch()
        for path in self.other.objects.iterdir():
            os.utime(path, (BUILT, BUILT))

    def stale(self, name: str) -> bool:
        return (self.kernel.source / name).stat().st_mtime > (self.kernel.objects / "same.o").stat().st_mtime

    def test_only_what_differs_is_newer_than_the_objects(self) -> None:
        # As if it had been checked out before the objects were made.
        for path in self.kernel.source.glob("*.c"):
            os.utime(path, (BUILT - 5, BUILT - 5))
        self.kernel.begin_as(self.other)
        self.assertEqual({name: self.stale(name) for name in ("same.c", "edited.c", "moved.c", "later.c")},
                         {"same.c": False, "edited.c": True, "moved.c": True, "later.c": True})

    def test_commands_name_the_directories_of_the_kernel(self) -> None:
        self.kernel.begin_as(self.other)
        here = self.kernel.objects.parent
        commands = self.kernel.objects / ".same.o.cmd"
        self.assertEqual(commands.read_text(),
                         f"cc -I{here}/uml-2 -I{here}/uml-2/include -I{here}/uml-base {here}/tree-2/same.c\n")
        self.assertEqual(commands.stat().st_mtime, BUILT)

    def test_next_checkout_leaves_the_sources_alone(self) -> None:
        self.kernel.begin_as(self.other)
        git(self.kernel.source, "checkout", "--quiet", "--force", "--detach", "HEAD")
        self.assertFalse(self.stale("same.c"))

    def test_interrupted_copy_is_made_again(self) -> None:
        left = self.kernel.objects.with_name("uml-2.new")
        left.mkdir()
        (left / "old.o").touch()
        self.kernel.begin_as(self.other)
        self.assertFalse((self.kernel.objects / "old.o").exists())
        self.assertFalse(left.exists())


if __name__ == "__main__":
    unittest.main()
