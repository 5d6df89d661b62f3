"""make tree, make export and make fold on a kernel of one file, in a copy of tools/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

STACK = """
first   20261126-first-000000000001  -
second  20261126-second-000000000002 first
third   20261126-third-000000000003  -      RFC
"""
# The commits of each series, by the file that each one makes.
SERIES = {"first": ("a", "b"), "second": ("c",), "third": ("d", "e")}
IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@series.invalid"))}


class Tree(unittest.TestCase):
    """Somebody's tree, not exported yet."""

    TOOLS = Path(__file__).resolve().parents[2] / "tools"

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.tree = self.root / "build/tree"
        self.patches = self.root / "patches"
        self.kernel = self.root / "kernel"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | IDENTITY | {
            "LINUX": str(self.kernel), "GIT_CONFIG_GLOBAL": "/dev/null", "NO_COLOR": "1"}
        shutil.copytree(self.TOOLS, self.root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        self.patches.mkdir()
        (self.patches / "stack").write_text(STACK)
        (self.kernel / "rust/kernel").mkdir(parents=True)
        (self.kernel / "rust/kernel/lib.rs").write_text("".join(f"line {n}\n" for n in range(20)))
        (self.kernel / "Kconfig").write_text("config A\n")
        (self.kernel / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n")
        self.git("init", "--quiet", "--initial-branch=base", at=self.kernel)
        self.git("add", ".", at=self.kernel)
        self.git("commit", "--quiet", "--message=base", at=self.kernel)
        self.by_hand()

    def git(self, *args: str, at: Path | None = None) -> str:
        return subprocess.run(["git", "-C", str(at or self.tree), *args], env=self.env, text=True, check=True,
                              capture_output=True).stdout.strip()

    def make(self, verb: str, *args: str, fails: bool = False) -> str:
        done = subprocess.run([sys.executable, str(self.root / f"tools/{verb}.py"), *args], env=self.env, text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 1 if fails else 0, done.stdout + done.stderr)
        return done.stdout

    def commit(self, name: str, *args: str) -> None:
        (self.tree / name).write_text(f"{name} {len(self.git('log', '--oneline').splitlines())}\n")
        self.git("add", name)
        self.git("commit", "--quiet", *(args or (f"--message=add {name}", "--message=It is needed.")))

    def by_hand(self) -> None:
        """A tree that a person has made, with the patches of another layout beside it."""
        self.git("clone", "--quiet", str(self.kernel), str(self.tree), at=self.root)
        self.git("checkout", "--quiet", "-b", "series")
        for name, files in SERIES.items():
            for file in files:
                self.commit(file)
            self.git("branch", f"stack/{name}")
            self.git("config", f"branch.stack/{name}.description", f"the {name} series\n\nThe text\nof {name}.\n\n  x (1):\n\nEnd.\n")
        (self.patches / "0001-flat.patch").write_text("old\n")
        (self.patches / "gone").mkdir()
        (self.patches / "gone/0001-gone.patch").write_text("old\n")

    def files(self) -> dict[str, str]:
        return {str(path.relative_to(self.patches)): path.read_text() for path in self.patches.rglob("*") if path.is_file()}

    def ends(self) -> dict[str, str]:
        return {name: self.git("show", "--no-patch", "--format=%s", f"stack/{name}") for name in SERIES}


class Export(Tree):
    def test_what_is_exported_comes_back(self) -> None:
        self.make("export")
        files = self.files()
        self.assertEqual(sorted(files), sorted(["stack", *(f"{name}/0000-cover-letter.patch" for name in SERIES),
                                                "first/0001-add-a.patch", "first/0002-add-b.patch", "second/0001-add-c.patch",
                                                "third/0001-add-d.patch", "third/0002-add-e.patch"]))
        self.assertFalse((self.patches / "gone").exists())
        self.assertIn("Subject: [PATCH 0/2] the third series\n\nThe text\nof third.\n", files["third/0000-cover-letter.patch"])
        shutil.rmtree(self.tree)
        self.make("tree")
        self.assertEqual(self.ends(), {"first": "add b", "second": "add c", "third": "add e"})
        self.assertIn("unchanged", self.make("export"))
        self.assertEqual(self.files(), files)
        self.make("export", "--check")

    def test_versions(self) -> None:
        self.git("config", "branch.stack/second.version", "2")
        self.make("export")
        self.assertIn("[PATCH v2 0/1] the second", self.files()["second/0000-cover-letter.patch"])
        self.assertIn("[PATCH 0/2] the first", self.files()["first/0000-cover-letter.patch"])
        shutil.rmtree(self.tree)
        self.make("tree")
        self.assertEqual(self.git("config", "branch.stack/second.version"), "2")

    def test_a_changed_cover_letter_is_exported_and_not_overwritten(self) -> None:
        self.make("export")
        self.git("config", "branch.stack/third.description", "another title\n\nAnother text.\n")
        patch = self.patches / "first/0001-add-a.patch"
        patch.write_text(patch.read_text().replace("It is needed.", "It is."))
        self.assertIn("has stack/ branches or cover letters that are not", self.make("tree", fails=True))
        self.make("export")
        self.assertIn("another title", self.files()["third/0000-cover-letter.patch"])

    def test_changed_patches_are_applied_to_the_tree(self) -> None:
        self.make("export")
        before = self.git("rev-parse", "stack/first", "stack/third")
        (self.patches / "stack").write_text(STACK.replace("second  ", "later  "))
        (self.patches / "second").rename(self.patches / "later")
        self.make("tree")
        self.assertEqual(self.git("for-each-ref", "--format=%(refname)", "refs/heads/stack").split(),
                         ["refs/heads/stack/first", "refs/heads/stack/later", "refs/heads/stack/third"])
        patch = self.patches / "first/0001-add-a.patch"
        patch.write_text(patch.read_text().replace("It is needed.", "It is."))
        self.make("tree")
        self.assertNotEqual(self.git("rev-parse", "stack/first", "stack/third"), before)
        self.assertEqual(self.git("rev-parse", "stack/third"), self.git("rev-parse", "series"))
        self.make("export", "--check")

    def test_a_fixup_is_folded_into_the_last_patch_of_a_series(self) -> None:
        self.make("export")
        for name, target in (("b", "stack/first"), ("e", "stack/third"), ("a", "stack/first~1")):
            self.commit(name, f"--fixup={self.git('rev-parse', target)}")
        self.assertIn("run 'make fold' first", self.make("export", fails=True))
        tree = self.git("rev-parse", "series^{tree}")
        self.make("fold")
        self.assertEqual(self.git("rev-parse", "series^{tree}"), tree)
        self.assertEqual(self.git("log", "--reverse", "--format=%s", "base..series").splitlines(),
                         ["add a", "add b", "add c", "add d", "add e"])
        self.assertEqual(self.ends(), {"first": "add b", "second": "add c", "third": "add e"})
        self.assertEqual(self.git("rev-parse", "stack/third"), self.git("rev-parse", "series"))
        self.assertEqual(self.git("show", "stack/first:b"), "b 6")
        self.assertEqual(self.git("status", "--porcelain"), "")
        self.make("export")
        self.assertIn("+b 6\n", self.files()["first/0002-add-b.patch"])

    def test_a_fixup_that_does_not_apply_changes_nothing(self) -> None:
        self.make("export")
        for text in ("x\n", "y\n"):  # the second one needs the first
            (self.tree / "b").write_text(text)
            self.git("commit", "--quiet", "--all", f"--fixup={self.git('rev-parse', 'stack/third' if text == 'x' else 'stack/first')}")
        (self.tree / "c").write_text("z\n")
        self.git("commit", "--quiet", "--all", f"--fixup={self.git('rev-parse', 'stack/first')}")
        before = self.git("for-each-ref")
        self.assertIn("nothing is changed", self.make("fold", fails=True))
        self.assertEqual(self.git("for-each-ref"), before)

    def test_a_tree_made_by_hand_is_left_alone(self) -> None:
        before = self.git("for-each-ref")
        self.assertIn("made by hand", self.make("tree", fails=True))
        self.assertIn("made by hand", self.make("clean", fails=True))
        self.assertEqual(self.git("for-each-ref"), before)
        self.make("export")
        self.make("tree")
        self.assertEqual(self.ends(), {"first": "add b", "second": "add c", "third": "add e"})

    def test_branches_and_stashes_outlive_another_kernel(self) -> None:
        self.make("export")
        (self.kernel / "Kconfig").write_text("config B\n")
        self.git("commit", "--quiet", "--all", "--message=another", at=self.kernel)
        self.git("branch", "mine")
        self.assertIn("a branch mine", self.make("tree", fails=True))
        self.git("branch", "--delete", "mine")
        (self.tree / "a").write_text("mine\n")
        self.git("stash")
        self.assertIn("stashed changes", self.make("tree", fails=True))
        self.git("stash", "drop")
        self.make("tree")
        self.assertEqual((self.tree / "Kconfig").read_text(), "config B\n")

    def test_a_tree_without_work_follows_patches_that_were_pulled(self) -> None:
        self.make("export")
        patch = self.patches / "first/0001-add-a.patch"
        patch.write_text(patch.read_text().replace("It is needed.", "It is."))
        pulled = self.files()
        self.make("export")
        self.assertEqual(self.files(), pulled)
        self.assertIn("It is.", self.git("log", "--format=%B", "series"))

    def test_an_unpacked_kernel_is_known_by_what_is_in_it(self) -> None:
        self.make("export")
        shutil.rmtree(self.tree)
        shutil.rmtree(self.kernel / ".git")
        self.make("tree")
        self.assertEqual((self.tree / "Kconfig").read_text(), "config A\n")
        (self.kernel / "Kconfig").write_text("config B, which is longer\n")
        self.make("tree")
        self.assertEqual((self.tree / "Kconfig").read_text(), "config B, which is longer\n")

    def test_clean_keeps_work(self) -> None:
        self.make("export")
        self.commit("f")
        self.assertIn("commits that are not in patches/", self.make("clean", fails=True))
        self.git("reset", "--quiet", "--hard", "HEAD~1")
        self.make("clean")
        self.assertFalse((self.root / "build").exists())

    def test_commits_without_a_series(self) -> None:
        self.commit("f")
        said = self.make("export", fails=True)
        self.assertIn("add f", said)
        self.assertIn("git -C build/tree branch --force stack/third series", said)
        self.git("branch", "--force", "stack/third", "series")
        self.make("export")
        self.assertIn("third/0003-add-f.patch", self.files())

    def test_branches_that_are_not_where_they_belong(self) -> None:
        self.git("branch", "stack/more", "series")
        self.assertIn("has a branch stack/more", self.make("export", fails=True))
        self.git("branch", "--delete", "--force", "stack/more")
        self.git("branch", "--move", "stack/second", "other")
        self.assertIn("no branch stack/second", self.make("export", fails=True))
        self.git("branch", "--move", "other", "stack/second")
        self.git("branch", "--force", "stack/second", "stack/first~1")
        self.assertIn("stack/second ends before stack/first", self.make("export", fails=True))
        self.git("branch", "--force", "stack/second", "stack/first")
        self.assertIn("stack/second has no commits after stack/first", self.make("export", fails=True))

    def test_a_branch_that_a_rebase_has_left_behind(self) -> None:
        self.git("-c", "rebase.updateRefs=false", "rebase", "--quiet", "--force-rebase", "--exec=git commit --amend --quiet --reset-author "
                 "--no-edit --date=2001-01-01T00:00", "base")
        self.assertIn(f"git -C build/tree branch --force stack/first {self.git('rev-parse', '--short', 'series~3')}",
                      self.make("export", fails=True))

    def test_files_and_series_match(self) -> None:
        self.make("export")
        shutil.rmtree(self.tree)
        (self.patches / "0001-flat.patch").write_text("old\n")
        self.assertIn("patches/0001-flat.patch belongs to no series", self.make("tree", fails=True))
        (self.patches / "0001-flat.patch").unlink()
        (self.patches / "second/0000-cover-letter.patch").unlink()
        self.assertIn("patches/second needs a cover letter", self.make("tree", fails=True))

    def test_a_patch_that_does_not_apply_is_named(self) -> None:
        self.make("export")
        shutil.rmtree(self.tree)
        patch = self.patches / "second/0001-add-c.patch"
        patch.write_text(patch.read_text().replace("c", "a") + (self.patches / "third/0001-add-d.patch").read_text())
        self.assertIn("second/0001-add-c.patch does not apply", self.make("tree", fails=True))


if __name__ == "__main__":
    unittest.main()
