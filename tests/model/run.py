#!/usr/bin/env python3
"""make model: the protocols of the series: models, *.pml, by Spin, and memory ordering, litmus/*.litmus, by herd7.

Each configuration of a model is searched to the end and must have no error. Each mutation leaves out or changes
one step, and must fail in the way that models.py says. The bad outcome of a litmus test must never happen, and must
happen when something is weaker. Arguments choose: models, `litmus`, or names like teardown/handle or litmus/scope.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from tests.model import litmus
from tests.model import spin
from lib.common import TREE, Failure, duration, lock, paint, parser, reporting, say, step, verdict
from tests.model.herd import herd
from tests.model.models import MODELS, Model
from tree import ensure_tree


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


def check_litmus(tests: list[Path], command: list[str]) -> Iterator[bool]:
    memory_model = TREE / "tools/memory-model"
    directory = spin.OUT / "litmus"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for test in tests:
        found = litmus.judge(command, memory_model, test)
        row(f"{test.stem:<54} {'FAILED: ' if found.bad else ''}{found}", not found.bad)
        yield not found.bad
        for number, changes in enumerate(litmus.weaker(test), 1):
            file = directory / f"{test.stem}-{number}.litmus"
            file.write_text(litmus.weaken(test, changes))
            found = litmus.judge(command, memory_model, file)
            what = ", ".join(str(change) for change in changes)
            row(f"    {what:<50} {'' if found.bad else 'FAILED, as if it were not weaker: '}{found}", found.bad)
            yield found.bad


def names_of(model: Model) -> list[str]:
    return [f"{model.name}/{name}" for name in (*model.configurations, *model.mutations)]


def select(arguments: list[str]) -> set[str]:
    known = {name for model in MODELS.values() for name in names_of(model)} | {f"litmus/{test.stem}" for test in litmus.TESTS}
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
    for test in litmus.TESTS:
        print(f"litmus/{test.stem}")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("names", nargs="*", help="what to check; everything by default")
    arguments.add_argument("--list", action="store_true", help="show the names with their options, and end")
    arguments.add_argument("--trace", action="store_true", help="search breadth first, and write the shortest way to an error")
    args = arguments.parse_args()
    if args.list:
        show()
        return
    with reporting("model"), lock("model"):
        chosen = select(args.names)
        models = [model for model in MODELS.values() if chosen.intersection(names_of(model))]
        tests = [test for test in litmus.TESTS if f"litmus/{test.stem}" in chosen]
        for program in ("spin", "gcc") if models else ():
            if not shutil.which(program):
                raise Failure(f"{program} is missing: the Debian package of that name has it")
        command: list[str] = []
        if tests:
            ensure_tree()
            with step("herd7"):
                command = herd()
        start = time.monotonic()
        results: list[bool] = []
        for model in models:
            with step(f"{model.name}: configurations, which must be without an error, and mutations"):
                results += check_model(model, chosen, args.trace)
        if tests:
            with step("litmus tests: what never happens, and what does with something weaker"):
                results += check_litmus(tests, command)
        bad = results.count(False)
        verdict("model", not bad, f"{len(results) - bad} passed, {bad} failed ({len(models)} models, {len(tests)} litmus tests); "
                                  f"{duration(time.monotonic() - start)}")


if __name__ == "__main__":
    main()
