#!/usr/bin/env python3
"""Checks the protocols of the series: models, *.pml, by Spin.

Each configuration of a model is searched to the end and must have no error. Each mutation leaves out or changes
one step, and must fail in the way that models.py says. Arguments choose: models, or names like teardown/handle.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import spin  # noqa: E402
from common import Failure, duration, lock, paint, reporting, say, step, verdict  # noqa: E402
from models import MODELS, Model  # noqa: E402


def row(text: str, ok: bool) -> None:
    say(paint(f"    {text}", "0" if ok else "31"))


def search(model: Model, name: str, options: str, expected: str, note: str, trace: bool) -> bool:
    found = spin.search(model, name, options, trace)
    ok = found.error == expected
    result = f"{found.error}: {found.words[:40]}" if found.error else "exhausted, no error"
    if not ok:
        result = f"FAILED, expected {expected or 'no error'}: {result}"
    row(f"{name:<26} {found.states:>9} {found.depth:>6} {found.seconds:>7.1f}  {result}{note}", ok)
    return ok


def check_model(model: Model, chosen: set[str], trace: bool) -> Iterator[bool]:
    say(f"    {'configuration or mutation':<26} {'states':>9} {'depth':>6} {'seconds':>7}  result")
    for name, options in model.configurations.items():
        if f"{model.name}/{name}" in chosen:
            yield search(model, name, options, "", "", trace)
    for name, mutation in model.mutations.items():
        if f"{model.name}/{name}" in chosen:
            options = f"{model.configurations[mutation.configuration]} {mutation.option}"
            yield search(model, name, options, mutation.expected, f" [{mutation.configuration}]", trace)


def names_of(model: Model) -> list[str]:
    return [f"{model.name}/{name}" for name in (*model.configurations, *model.mutations)]


def select(arguments: list[str]) -> set[str]:
    known = {name for model in MODELS.values() for name in names_of(model)}
    chosen: set[str] = set()
    for argument in arguments or [""]:
        found = {name for name in known if not argument or name == argument or name.startswith(f"{argument}/")}
        if not found:
            raise Failure(f"nothing is called {argument}; --list shows the names")
        chosen |= found
    return chosen


def show() -> None:
    for model in MODELS.values():
        for name, options in model.configurations.items():
            print(f"{model.name + '/' + name:<40} {options}")
        for name, mutation in model.mutations.items():
            print(f"{model.name + '/' + name:<40} {mutation.option} in {mutation.configuration}: {mutation.expected or 'no error'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="what to check; everything by default")
    parser.add_argument("--list", action="store_true", help="show the names with their options, and end")
    parser.add_argument("--trace", action="store_true", help="search breadth first, and write the shortest way to an error")
    args = parser.parse_args()
    if args.list:
        show()
        return
    with reporting("model"), lock("model"):
        chosen = select(args.names)
        models = [model for model in MODELS.values() if chosen.intersection(names_of(model))]
        for program in ("spin", "gcc"):
            if not shutil.which(program):
                raise Failure(f"{program} is missing: the Debian package of that name has it")
        start = time.monotonic()
        results: list[bool] = []
        for model in models:
            with step(f"{model.name}: configurations, which must be without an error, and mutations"):
                results += check_model(model, chosen, args.trace)
        bad = results.count(False)
        verdict("model", not bad, f"{len(results) - bad} passed, {bad} failed ({len(models)} models); "
                                  f"{duration(time.monotonic() - start)}")


if __name__ == "__main__":
    main()
