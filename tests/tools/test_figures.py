"""What `make figures` takes over from the last run of `make test-all`."""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

import figures

OLD, NEW, OTHER = [7, 61.5, "old"], [8, 5400.0, "new"], [9, 1.0, "new"]


class Hours(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.passed, self.record = Path(scratch.name) / "passed.json", Path(scratch.name) / "record.json"
        self.passed.write_text(json.dumps({"tools/a.py": OLD, "tools/b.py x": OLD, "tools/gone.py": OLD}))
        for name, value in {
            "PASSED": self.passed,
            "RECORD": self.record,
            "HOURS": ((("a", "tools/a.py"),), (("b", "tools/b.py", "x"), ("c", "tools/c.py"))),
            "WHAT": {"a": "first", "b": "second", "c": "third"},
        }.items():
            patch = mock.patch.object(figures, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_the_last_run_counts(self) -> None:
        self.record.write_text(json.dumps({"1 tools/b.py x": OTHER, "2 tools/b.py x": NEW, "2 tools/other.py": OTHER}))
        figures.remember()
        self.assertEqual(json.loads(self.passed.read_text()), {"tools/a.py": OLD, "tools/b.py x": NEW})

    def test_a_part_that_has_not_run_shows(self) -> None:
        self.assertEqual(figures.hours()[2:], [
            "| a | first | 7 | 1 min 2 s | old |",
            "| b | second | 7 | 1 min 2 s | old |",
            "| c | third | - | - | - |",
        ])


if __name__ == "__main__":
    unittest.main()
