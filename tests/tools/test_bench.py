"""The table of the benchmark, from what a boot has printed."""

from __future__ import annotations

import contextlib
import io
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from bench.results import Boot, Pair, Spread, parse, table
from lib import common
from lib.common import Failure


def printed(c: list[int], rust: list[int], *, target: int = 1020, operations: int = 10, threads: int = 2) -> str:
    return "\n".join([
        "[    0.270000] bench: cpus|2", "[    0.270000] bench: size|Work|32|40", "[    0.280000] bench: measuring",
        f"[    0.300000] bench: pair|enqueue|percpu|{operations}|{threads}|{target}|queue_work()|enqueue()",
        *(f"[    0.310000] bench: sample|enqueue|percpu|{a}|{b}" for a, b in zip(c, rust)), "[    0.320000] bench: measured", ""])


def boot(c: list[int], rust: list[int], judged: bool = True, target: int = 1020) -> Boot:
    return parse(printed(c, rust, target=target), "title", "short", "ns", judged)


class Parsing(unittest.TestCase):
    def test_everything_that_is_printed_has_its_place(self) -> None:
        found = boot([100, 200, 300], [110, 210, 310])
        self.assertEqual((found.cpus, found.sizes), (2, {"Work": (32, 40)}))
        self.assertEqual(found.pairs, [Pair("enqueue", "percpu", 10, 2, 1.02, ("queue_work()", "enqueue()"),
                                            [(100, 110), (200, 210), (300, 310)])])

    def test_only_who_is_judged_has_a_target(self) -> None:
        self.assertIsNone(boot([1, 1], [1, 1], judged=False).pairs[0].target)
        self.assertIsNone(boot([1, 1], [1, 1], target=0).pairs[0].target)

    def test_nothing_and_samples_of_nothing_are_failures(self) -> None:
        with self.assertRaisesRegex(Failure, "printed nothing"):
            parse("bench: cpus|2\n", "title", "short", "ns")
        with self.assertRaisesRegex(Failure, "unknown pair"):
            parse(printed([1, 1], [1, 1]).replace("sample|enqueue|percpu", "sample|enqueue|bh", 1), "title", "short", "ns")


class Numbers(unittest.TestCase):
    def test_the_ratio_is_the_median_of_the_ratios_of_the_rounds(self) -> None:
        ratio = boot([100, 200, 400, 100, 100], [110, 100, 400, 300, 120]).pairs[0].ratio
        self.assertEqual((ratio.first, ratio.median, ratio.third), (1.0, 1.1, 1.2))

    def test_the_median_is_known_better_with_more_rounds(self) -> None:
        few, many = (Spread.of([float(n) for n in range(count)]) for count in (5, 101))
        self.assertEqual((few.low, few.median, few.high), (0, 2, 4))
        self.assertEqual((many.low, many.median, many.high), (40, 50, 60))

    def test_an_operation_takes_its_part_of_a_sample(self) -> None:
        pair = boot([1000, 3000, 2000], [1, 1, 1]).pairs[0]
        self.assertEqual(pair.per_operation(0), 2000 / 10 / 2)

    def test_a_target_is_met_or_missed_if_the_noise_does_not_reach_it(self) -> None:
        for rust, target, verdict in (([100] * 5, 1020, "met"), ([110] * 5, 1020, "missed"), ([50] * 5, 1020, "met, suspicious"),
                                      ([100, 100, 101, 110, 110], 1020, "within the noise"), ([50] * 5, 600, "met"), ([110] * 5, 0, "")):
            self.assertEqual(boot([100] * 5, rust, target=target).pairs[0].verdict(), verdict)


class Table(unittest.TestCase):
    def rows(self, found: Boot) -> list[str]:
        said = io.StringIO()
        with mock.patch.object(common, "COLOR", False), contextlib.redirect_stdout(said):
            table(found)
        return said.getvalue().splitlines()

    def test_a_pair_has_a_row_below_its_group(self) -> None:
        *_, head, group, row = self.rows(boot([2000] * 5, [2200] * 5))
        self.assertEqual(head.split(), ["C", "Rust", "ns", "each", "ratio", "quartiles", "target"])
        self.assertEqual(group, "  enqueue")
        self.assertEqual(row.split(), ["percpu", "100.0", "110.0", "1.100", "1.100", "…", "1.100", "1.02", "missed"])

    def test_numbers_stand_below_their_heads(self) -> None:
        *_, head, _, row = self.rows(boot([2000] * 5, [2200] * 5))
        for name, number in (("C", "100.0"), ("Rust", "110.0"), ("ratio", "1.100"), ("target", "1.02")):
            self.assertEqual(head.index(f" {name}") + 1 + len(name), row.index(number) + len(number), name)

    def test_large_numbers_do_not_run_together(self) -> None:
        row = self.rows(boot([10**9] * 5, [10**9] * 5))[-1]
        self.assertEqual(row.split()[1:3], ["50,000,000.0", "50,000,000.0"])

    def test_without_a_target_there_is_no_verdict(self) -> None:
        self.assertTrue(self.rows(boot([10] * 5, [10] * 5, target=0))[-1].rstrip().endswith("–"))


if __name__ == "__main__":
    unittest.main()
