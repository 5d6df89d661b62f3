"""What a boot of the benchmark has printed: pairs of samples, their medians and ratios."""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lib.common import Failure, paint, say

LINE = re.compile(r"bench: (\w+)\|(.*?)\s*$", re.M)


@dataclass(frozen=True)
class Spread:
    """A median, the quartiles, and where the true median is with 95 % probability."""

    low: float
    first: float
    median: float
    third: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        first, median, third = statistics.quantiles(values, n=4, method="inclusive")
        # Order statistics: how many of the values are below the true median is binomial.
        values = sorted(values)
        reach = math.ceil(0.98 * math.sqrt(len(values)))
        middle = (len(values) - 1) / 2
        low, high = max(0, math.floor(middle - reach)), min(len(values) - 1, math.ceil(middle + reach))
        return cls(values[low], first, median, third, values[high])


@dataclass
class Pair:
    group: str
    name: str
    operations: int
    threads: int
    target: float | None
    labels: tuple[str, str]
    samples: list[tuple[int, int]] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.group, self.name

    @cached_property
    def ratio(self) -> Spread:
        return Spread.of([b / a for a, b in self.samples])

    def per_operation(self, side: int) -> float:
        return statistics.median(s[side] for s in self.samples) / self.operations / self.threads

    def verdict(self) -> str:
        if self.target is None:
            return ""
        if self.ratio.high <= self.target:
            # The two do the same work: if one is much faster, they do not.
            return "met, suspicious" if self.target > 1 and self.ratio.high < 0.95 else "met"
        return "missed" if self.ratio.low > self.target else "within the noise"

    def json(self) -> dict[str, Any]:
        spread = self.ratio
        return {"group": self.group, "name": self.name, "operations": self.operations, "threads": self.threads,
                "denominator": self.labels[0], "numerator": self.labels[1],
                "per_operation": [round(self.per_operation(i), 2) for i in (0, 1)],
                "ratio": round(spread.median, 4), "quartiles": [round(spread.first, 4), round(spread.third, 4)],
                "confidence_95": [round(spread.low, 4), round(spread.high, 4)], "rounds": len(self.samples),
                "target": self.target, "verdict": self.verdict()}


@dataclass
class Boot:
    """All pairs of one boot. `unit` is that of a sample. If it is not `judged`, the targets are not
    for it."""

    title: str
    short: str
    unit: str
    cpus: int
    pairs: list[Pair]
    sizes: dict[str, tuple[int, int]]
    judged: bool = True

    @property
    def unit_short(self) -> str:
        return {"instructions": "instr."}.get(self.unit, self.unit)

    def find(self, key: tuple[str, str]) -> Pair | None:
        return next((p for p in self.pairs if p.key == key), None)

    def json(self) -> dict[str, Any]:
        return {"title": self.title, "short": self.short, "unit": self.unit, "cpus": self.cpus, "pairs": [p.json() for p in self.pairs]}


def parse(text: str, title: str, short: str, unit: str, judged: bool = True) -> Boot:
    boot = Boot(title, short, unit, 0, [], {}, judged)
    for kind, rest in LINE.findall(text):
        words = rest.split("|")
        if kind == "cpus":
            boot.cpus = int(words[0])
        elif kind == "size":
            boot.sizes[words[0]] = int(words[1]), int(words[2])
        elif kind == "pair":
            group, name, operations, threads, target, *labels = words
            wanted = int(target) / 1000 if judged and int(target) else None
            boot.pairs.append(Pair(group, name, int(operations), int(threads), wanted, (labels[0], labels[1])))
        elif kind == "sample":
            pair = boot.find((words[0], words[1]))
            if pair is None:
                raise Failure(f"a sample of an unknown pair: {rest}")
            pair.samples.append((int(words[2]), int(words[3])))
    if not boot.pairs:
        raise Failure("the benchmark has printed nothing")
    return boot


VERDICT = {"met": "32", "missed": "31", "within the noise": "33", "met, suspicious": "33"}


def table(boot: Boot) -> None:
    say("")
    say(paint(boot.title, "1"))
    say(f"    {'':32}{'C':>10}{'Rust':>10}  {boot.unit + ' each':20}{'ratio':>6}  {'quartiles':15}{'target':>7}")
    group = ""
    for pair in boot.pairs:
        if pair.group != group:
            group = pair.group
            say(paint(f"  {group}", "1"))
        spread = pair.ratio
        quartiles = f"{spread.first:.3f} … {spread.third:.3f}"
        target = f"{pair.target:.2f}" if pair.target else "–"
        verdict = pair.verdict()
        say(f"    {pair.name:32}{pair.per_operation(0):10,.1f} {pair.per_operation(1):9,.1f}  {'':20}"
            f"{spread.median:6.3f}  {quartiles:15}{target:>7}  {paint(verdict, VERDICT.get(verdict, '0'))}")


def legend(boot: Boot) -> None:
    say("")
    say(paint("What is measured", "1"))
    group = ""
    for pair in boot.pairs:
        if pair.group != group:
            group = pair.group
            say(paint(f"  {group}", "1"))
        say(f"    {pair.name:32}{pair.labels[0]}")
        say(f"    {'':32}{pair.labels[1]}")
