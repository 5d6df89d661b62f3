"""What a kernel log complains about, compared with that of the unpatched kernel."""

from __future__ import annotations

import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.kernel_log import complaints, new_complaints

BASE = """\
[    0.100000] Linux version 7.3.0
[    1.200000][    C1] WARNING: lib/debugobjects.c:612 at 0xffffffff81234567, CPU#1: swapper/0/1
"""


class Complaints(unittest.TestCase):
    def kinds(self, *lines: str) -> list[str]:
        return sorted(complaints("\n".join(lines)))

    def test_numbers_and_addresses_do_not_make_a_kind(self) -> None:
        again = "<4>[   99.000001][  T204] WARNING: lib/debugobjects.c:7 at 0xdeadbeef, CPU#0: swapper/3/9"
        self.assertEqual(complaints(BASE + again), Counter({"WARNING: lib/debugobjects.c:N at N, CPU#N: swapper/N/N": 2}))

    def test_each_kind_of_complaint_is_one(self) -> None:
        for line in ("BUG: sleeping function called from invalid context", "BUG: KASAN: slab-use-after-free in run",
                     "UBSAN: shift-out-of-bounds", "Oops: general protection fault", "ODEBUG: free active (active state 0)",
                     "Kernel panic - not syncing: x", "INFO: task kworker blocked for more than 120 seconds",
                     "INFO: rcu_preempt detected stalls", "INFO: trying to register non-static key",
                     "INFO: possible irq lock inversion dependency detected", "INFO: suspicious RCU usage",
                     "WARNING: possible circular locking dependency detected", "possible recursive locking detected",
                     "inconsistent lock state", "suspicious RCU usage", "kmemleak: 1 new suspected memory leaks",
                     "unreferenced object 0xffff888003a3c000 (size 64):", "workqueue: cannot queue late_fn on wq x"):
            self.assertEqual(len(self.kinds(f"[    1.0] {line}")), 1, line)

    def test_what_is_no_complaint(self) -> None:
        self.assertEqual(self.kinds("[    1.0] # WARNING: said by a test", "[    1.0] DEBUG BUGS", "a workqueue: is named",
                                    "INFO: lockdep is turned off", "workqueue: Failed to create a rescuer kthread for wq \"x\": -12",
                                    "workqueue: Failed to allocate a rescuer for wq \"x\""), [])


class AgainstABaseline(unittest.TestCase):
    def test_what_the_base_says_as_often_is_not_new(self) -> None:
        self.assertEqual(new_complaints(BASE, complaints(BASE)), [])

    def test_what_it_says_less_often_is_new(self) -> None:
        self.assertEqual(new_complaints(BASE + BASE, complaints(BASE)), [
            "WARNING: lib/debugobjects.c:N at N, CPU#N: swapper/N/N (2 times, 1 in the unpatched kernel)"])

    def test_another_kind_is_new_whatever_the_base_says(self) -> None:
        new = new_complaints("BUG: x", complaints(BASE + BASE))
        self.assertEqual(new, ["BUG: x (1 times, 0 in the unpatched kernel)"])


if __name__ == "__main__":
    unittest.main()
