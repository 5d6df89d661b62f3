"""What every verb shares."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

from lib import common

# Two threads that run programs, one after the other.
THREADS = f"""
import sys
sys.path.insert(0, {str(TOOLS)!r})
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from lib.common import reporting, run_logged

def job(log):
    for _ in range(9):
        run_logged(["sh", "-c", "echo begun; exec sleep 30"], Path(log), quiet=True)

with reporting("threads"), ThreadPoolExecutor() as pool:
    list(pool.map(job, sys.argv[1:]))
"""


class Interrupted(unittest.TestCase):
    def test_threads_end_and_so_do_their_programs(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            logs = [Path(directory) / name for name in "ab"]
            proc = subprocess.Popen([sys.executable, "-c", THREADS, *map(str, logs)], stdout=subprocess.PIPE, text=True)
            while not all(log.exists() and log.stat().st_size for log in logs):
                time.sleep(0.05)
            proc.terminate()
            said, _ = proc.communicate(timeout=20)
            self.assertEqual((proc.returncode, said), (1, "FAIL threads: interrupted; the same command goes on from here\n"))
            self.assertEqual([log.read_text() for log in logs], ["begun\n", "begun\n"])


# A program that, as git does, removes its lock file when it is told to end.
LOCKED = f"""
import sys
sys.path.insert(0, {str(TOOLS)!r})
from lib.common import output, reporting

with reporting("locked"):
    output(["sh", "-c", "trap 'rm $0; exit 1' TERM; sleep 0.5; touch $0; while :; do sleep 0.05; done", sys.argv[1]])
"""


class Output(unittest.TestCase):
    def test_a_program_can_tidy_up_when_it_is_interrupted(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            index = Path(directory) / "index.lock"
            proc = subprocess.Popen([sys.executable, "-c", LOCKED, str(index)], stdout=subprocess.PIPE, text=True)
            while not index.exists():
                self.assertIsNone(proc.poll())
                time.sleep(0.05)
            proc.terminate()
            said, _ = proc.communicate(timeout=20)
            self.assertEqual(said, "FAIL locked: interrupted; the same command goes on from here\n")
            self.assertFalse(index.exists())

    def test_what_fails_says_why(self) -> None:
        with self.assertRaisesRegex(common.Failure, "because"):
            common.output(["sh", "-c", "echo because >&2; exit 1"])


class Environment(unittest.TestCase):
    def test_what_two_compilers_say_is_not_mixed_up(self) -> None:
        with tempfile.TemporaryDirectory() as directory, mock.patch.object(common, "BUILD", Path(directory)):
            (Path(directory) / "toolchain").mkdir()
            (Path(directory) / "toolchain/path").write_text("")
            # Each waits until the other one has said half of it.
            rule = "{0}: ; @printf {0}:; touch {0}-begun; until test -e {1}-begun; do sleep 0.01; done; echo warning\n"
            (Path(directory) / "Makefile").write_text("all: a b\n" + rule.format("a", "b") + rule.format("b", "a"))
            said = subprocess.run(["make", "-C", directory, "-j2"], env=common.environment(), text=True, capture_output=True, timeout=20)
            self.assertEqual(sorted(line for line in said.stdout.splitlines() if "warning" in line), ["a:warning", "b:warning"])


if __name__ == "__main__":
    unittest.main()
