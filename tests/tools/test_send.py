"""What make send refuses before b4 is asked; there is no b4 here."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unittest

from test_tree import Tree

sys.path.insert(0, str(Tree.TOOLS))

from send import ASSISTANTS, what_is_asked

DOCUMENT = """
Assistants
++++++++++

About them.

Attribution
===========

Name them::

  Assisted-by: LLM [TOOL]

Procedure
=========

Another rule.
"""
SENDER = {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Try",
          "GIT_CONFIG_KEY_1": "user.email", "GIT_CONFIG_VALUE_1": "try@person.se"}


class Send(Tree):
    def setUp(self) -> None:
        super().setUp()
        self.make("export")
        shutil.rmtree(self.tree)

    def document(self, text: str) -> None:
        """In the base of the kernel."""
        path = self.kernel / ASSISTANTS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", ".", at=self.kernel)
        self.git("commit", "--quiet", "--message=a document", at=self.kernel)

    def submodule(self) -> None:
        """The repository says that the series are made for this kernel."""
        self.git("init", "--quiet", at=self.root)
        base = self.git("rev-parse", "HEAD", at=self.kernel)
        self.git("update-index", "--add", "--cacheinfo", f"160000,{base},linux", at=self.root)
        self.git("commit", "--quiet", "--message=repository", at=self.root)

    def send(self, *args: str, **env: str) -> str:
        done = subprocess.run([sys.executable, str(self.root / "tools/send.py"), *args], env=self.env | SENDER | env, text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 0 if args and not done.stdout else 1, done.stdout + done.stderr)
        return done.stdout

    def test_mistakes_in_the_command_are_told_before_anything_is_made(self) -> None:
        for args in (("--check",), ()):
            self.assertIn("no series 'fourth' in patches/stack, which has first, second, third", self.send(*args, SERIES="fourth"))
            self.assertIn("say SERIES= as well", self.send(*args, SEND="yes"))
            self.assertIn("on one line", self.send(*args, ASSISTED_BY="a\nb"))
            self.assertIn("behind 'Assisted-by: '", self.send(*args, ASSISTED_BY="Assisted-by: LLM"))
        self.assertEqual([path.name for path in (self.root / "build").iterdir() if not path.name.endswith(".lock")], [])
        self.assertEqual(self.send("--check", SERIES="second"), "")

    def test_a_sender_is_needed(self) -> None:
        self.assertIn("no user.name", self.send(GIT_CONFIG_COUNT="0"))
        self.assertIn("nobody can be answered", self.send(GIT_CONFIG_VALUE_1="try@series.invalid"))

    def test_the_base_asks_for_a_tag_and_the_sender_must_answer(self) -> None:
        self.document(DOCUMENT)
        said = self.send(SERIES="first", SEND="yes")
        self.assertIn("Attribution\n===========\n\nName them::\n\n  Assisted-by: LLM [TOOL]\n\nFAIL send: Add ASSISTED_BY='...'", said)
        self.assertNotIn("Another rule", said)
        self.submodule()
        for answer in ("none", "LLM sparse"):
            self.assertIn("b4 is not installed", self.send(SERIES="first", SEND="yes", ASSISTED_BY=answer))

    def test_a_base_that_does_not_ask(self) -> None:
        self.submodule()
        self.assertIn("b4 is not installed", self.send(SERIES="first", SEND="yes"))

    def test_another_base_than_that_of_the_mails(self) -> None:
        self.submodule()
        self.document("About nothing.\n")
        self.assertIn("the mails name the base commit", self.send(SERIES="first", SEND="yes"))

    def test_what_a_series_depends_on_is_sent_first_and_nothing_twice(self) -> None:
        self.submodule()
        sent = self.root / "patches/sent"
        self.assertIn("second depends on first, and that has not been sent", self.send(SERIES="second", SEND="yes"))
        content = subprocess.run([sys.executable, "-c", "import send; from lib import stack; print(send.content(stack.read()[0]))"],
                                 cwd=self.root / "tools", text=True, capture_output=True, check=True).stdout
        sent.write_text(content)
        self.assertIn("b4 is not installed", self.send(SERIES="second", SEND="yes"))
        self.assertIn("version 1 has been sent", self.send(SERIES="first", SEND="yes"))
        patch = self.patches / "first/0001-add-a.patch"
        patch.write_text(patch.read_text().replace("+a 1", "+a 2"))
        self.assertIn("first, and that has not been sent as it is in patches/", self.send(SERIES="second", SEND="yes"))
        self.assertIn("b4 is not installed", self.send(SERIES="third", SEND="yes"))


class Document(unittest.TestCase):
    def test_the_section_that_asks(self) -> None:
        self.assertTrue(what_is_asked(DOCUMENT).startswith("Attribution\n"))
        self.assertTrue(what_is_asked(DOCUMENT).endswith("[TOOL]"))
        self.assertEqual(what_is_asked("Attribution\n===========\n\nAssisted-by is not wanted.\n"), "")
        self.assertEqual(what_is_asked(""), "")


if __name__ == "__main__":
    unittest.main()
