"""The files of seeded bugs: how they are read, and what is done to the sources."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import TREE, Failure
from tests.random.finds import recorded
from tests.seeded.bug_file import Bug, Edit, find, parse, put_in, read_all, switch
from tests.seeded.own_kernel_bugs import BUGS
from tests.seeded.run import END, HANG, reports

BUG = """\
A scope does not wait.
reported by: kunit rust_workqueue_scope.scope_waits
reported by: log BUG: KASAN
file: rust/kernel/workqueue/scope.rs
after: fn scope
- data.wait();
+ let _ = data;
+ drop(data);
file: kernel/workqueue.c
- a + b
+ a
"""


class Reading(unittest.TestCase):
    def test_every_line_has_its_place(self) -> None:
        self.assertEqual(parse("name", 7, BUG), Bug(
            "name", 7, "A scope does not wait.", [("kunit", "rust_workqueue_scope.scope_waits"), ("log", "BUG: KASAN")], "",
            [Edit("rust/kernel/workqueue/scope.rs", "fn scope", ["data.wait();"], ["let _ = data;", "drop(data);"]),
             Edit("kernel/workqueue.c", "", ["a + b"], ["a"])]))

    def test_a_survivor_has_a_reason_and_no_test(self) -> None:
        text = "What.\nsurvives: nobody can tell\nfile: a.c\n- a\n+ b\n"
        self.assertEqual(parse("name", 1, text).survives, "nobody can tell")
        with self.assertRaises(Failure):
            parse("name", 1, text + "reported by: kunit a.b\n")

    def test_what_is_incomplete_or_unknown_is_refused(self) -> None:
        for text in ("", "\nreported by: kunit a.b\nfile: a.c\n- a\n+ b\n",
                     "What.\nreported by: kunit a.b\n", "What.\nfile: a.c\n- a\n+ b\n",
                     "What.\nreported by: kunit a.b\nfile: a.c\n- a\n", "What.\nreported by: kunit a.b\nfile: a.c\n+ b\n",
                     BUG + "fixed by: somebody\n", "What.\nafter: x\nreported by: kunit a.b\nfile: a.c\n- a\n+ b\n"):
            with self.assertRaises(Failure, msg=text):
                parse("name", 1, text)

    def test_a_part_of_a_statement_is_refused(self) -> None:
        for text in ("- if a {\n+ if b {\n", "- a\n+ f(a\n"):
            with self.assertRaises(Failure, msg=text):
                parse("name", 1, f"What.\nreported by: kunit a.b\nfile: a.c\n{text}")

    def test_all_that_there_are_can_be_read_and_have_numbers(self) -> None:
        bugs = read_all()
        self.assertEqual([bug.number for bug in bugs], list(range(1, len(bugs) + 1)))
        self.assertGreater(len(bugs), 100)

    def test_programs_find_bugs_that_there_are(self) -> None:
        self.assertLessEqual(set(recorded()), {bug.name for bug in read_all()})


class Switching(unittest.TestCase):
    def test_statements_and_expressions_in_both_languages(self) -> None:
        self.assertEqual(switch("kernel/workqueue.c", 3, "f(x);", "g(x);"), "if (seeded_bug == 3) { g(x); } else { f(x); }")
        self.assertEqual(switch("kernel/workqueue.c", 3, "a", "b"), "(seeded_bug == 3 ? (b) : (a))")
        self.assertEqual(switch("rust/kernel/a.rs", 3, "f();", "g();"), "if crate::seeded_bug(3) { g(); } else { f(); }")
        self.assertEqual(switch("samples/rust/a.rs", 3, "a", "b"), "(if kernel::seeded_bug(3) { b } else { a })")


class Finding(unittest.TestCase):
    def at(self, text: str, after: str, *old: str) -> str:
        edit = Edit("a.rs", after, list(old), ["new"])
        place = find(Bug("name", 1, "what", edits=[edit]), edit, text)
        return f"{text[:place.start]}[{text[place.start:place.end]}]{text[place.end:]}"

    def test_indentation_and_line_breaks_do_not_matter(self) -> None:
        self.assertEqual(self.at("x { a\n    + b }", "", "a +", "b"), "x { [a\n    + b] }")
        self.assertEqual(self.at("a + c; a + b", "", "a + b"), "a + c; [a + b]")

    def test_it_begins_behind_what_is_named(self) -> None:
        self.assertEqual(self.at("fn f() { a } fn g() { a }", "fn g", "a"), "fn f() { a } fn g() { [a] }")

    def test_what_is_not_there_any_more_is_refused(self) -> None:
        for after, old, what in (("", "c", "what it replaces"), ("fn h", "a", "'fn h'"), ("fn g", "f", "what it replaces")):
            with self.assertRaisesRegex(Failure, f"{what} is not in a.rs any more"):
                self.at("fn f() { a } fn g() { a }", after, old)


class PuttingIn(unittest.TestCase):
    def put(self, text: str, *edits: Edit) -> str:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / edits[0].file
            path.write_text(text)
            put_in(Path(directory), [Bug(f"bug{n}", n, "what", edits=[edit]) for n, edit in enumerate(edits, 1)])
            return path.read_text()

    def test_c_gets_a_declaration_behind_its_last_include(self) -> None:
        self.assertEqual(self.put('/**/\n#include <a.h>\n#include "b.h"\nint x = a;\n', Edit("w.c", "", ["a;"], ["b;"]))
                         .replace("if (seeded_bug == 1) { b; } else { a; }", "SWITCH"),
                         '/**/\n#include <a.h>\n#include "b.h"\nextern int seeded_bug;\nint x = SWITCH\n')

    def test_one_inside_of_another_becomes_a_part_of_it(self) -> None:
        text = self.put("f(a);", Edit("w.rs", "", ["a"], ["b"]), Edit("w.rs", "", ["f(a);"], ["g();"]))
        self.assertEqual(text, "if kernel::seeded_bug(2) { g(); } else { f((if kernel::seeded_bug(1) { b } else { a })); }")

        text = self.put("f(a);", Edit("w.rs", "", ["f(a)"], ["b"]), Edit("w.rs", "", ["f(a);"], ["g();"]))
        self.assertEqual(text, "if kernel::seeded_bug(2) { g(); } else { (if kernel::seeded_bug(1) { b } else { f(a) }); }")

    def test_two_that_overlap_are_refused(self) -> None:
        with self.assertRaisesRegex(Failure, "overlaps"):
            self.put("a b c", Edit("w.rs", "", ["a b"], ["x"]), Edit("w.rs", "", ["b c"], ["y"]))


class OfTheSeries(unittest.TestCase):
    @unittest.skipUnless((TREE / "rust").exists(), "there is no build/tree")
    def test_what_each_bug_replaces_is_there(self) -> None:
        for bug in read_all():
            for edit in bug.edits:
                with self.subTest(bug.name):
                    find(bug, edit, (TREE / edit.file).read_text())
        for own in BUGS:
            for file, old, _ in own.edits:
                with self.subTest(own.name):
                    self.assertIn(old, (TREE / file).read_text())


DIES = """\
KTAP version 1
    # Subtest: first
    # early: ASSERTION FAILED at a.rs:1
    Expected a to be true, but is false
    not ok 1 early
    # Subtest: second
    # late: ASSERTION FAILED at b.rs:2
    Expected b to be true, but is false
"""


class Reports(unittest.TestCase):
    def test_a_test_that_fails_in_a_kernel_that_dies_has_reported(self) -> None:
        early = ("kunit", "first.early", "Expected a to be true, but is false at a.rs:1")
        late = ("kunit", "second.late", "Expected b to be true, but is false at b.rs:2")
        self.assertEqual(reports(DIES), [early, ("log", HANG, HANG), late])
        self.assertEqual(reports(f"{DIES}    not ok 1 late\n{END}\n"), [early, late])
        self.assertEqual(reports(f"{DIES}    ok 1 late\n{END}\n"), [early])


if __name__ == "__main__":
    unittest.main()
