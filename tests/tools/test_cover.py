"""Cover letters: what git keeps of them, and the version that they name."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import Failure
from lib.stack import Series
from tree import cover_description, version_of

COVER = """\
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: series <series@tree.invalid>
Date: Sat, 21 Nov 2026 00:00:00 +0000
Subject: [PATCH v3 00/48] rust: workqueue: a title that is so long that it
 goes on [in] a second line

The first paragraph.

What is (7): in brackets, and lists (two):
- stay.

series (2):
  rust: workqueue: one
  rust: workqueue: two

 rust/kernel/workqueue.rs | 12 ++++++------
 1 file changed, 6 insertions(+), 6 deletions(-)


base-commit: a90ee4305c4a5df72c11b31dacfdc76e00fcf78a
"""


def version(cover: str) -> str:
    with mock.patch.object(Path, "read_text", return_value=cover):
        return version_of(Series("fixes", "20261126-fixes-000000000001"))


class Description(unittest.TestCase):
    def test_title_and_text_are_kept_and_what_git_adds_is_not(self) -> None:
        self.assertEqual(cover_description(COVER), "rust: workqueue: a title that is so long that it goes on [in] a second line\n\n"
                         "The first paragraph.\n\nWhat is (7): in brackets, and lists (two):\n- stay.\n")

    def test_a_letter_without_a_subject_is_refused(self) -> None:
        with self.assertRaisesRegex(Failure, "no Subject"):
            cover_description("From: nobody\n\nSubject: [PATCH] in the text\n")


class Version(unittest.TestCase):
    def test_it_stands_in_the_subject(self) -> None:
        self.assertEqual(version(COVER), "3")
        self.assertEqual(version(COVER.replace("v3", "v12")), "12")

    def test_the_first_one_is_not_named(self) -> None:
        self.assertEqual(version(COVER.replace("PATCH v3 ", "PATCH ")), "1")

    def test_the_text_does_not_count(self) -> None:
        self.assertEqual(version(COVER.replace("PATCH v3 ", "PATCH ") + "> Subject: [PATCH v9 00/1] x\n"), "1")


if __name__ == "__main__":
    unittest.main()
