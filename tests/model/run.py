#!/usr/bin/env python3
"""make model: checks the model of a queue's destruction, teardown.pml, with Spin.

Each configuration is searched to the end and must have no error. Each mutation leaves out or changes one
step, and must fail in the way that is noted, or must be without an error, too, where that step turned out
to be needless. With names of configurations or mutations as arguments, only those run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib.common import BUILD, Failure, duration, lock, paint, parser, rel, reporting, say, step, verdict

MODEL = Path(__file__).resolve().parent / "teardown.pml"
OUT = BUILD / "model"
DEPTH = 100_000
SECONDS = 300  # for one search

# Names of options: see the end of teardown.pml. LIVE: everything ends, if every process that can go on does so.
CONFIGURATIONS = {
    "enqueue": "ENQ=2 CANCEL=1",
    "enqueue-flush": "ENQ=2 CANCEL=1 FLUSH=1",
    "mod": "ENQ=1 MOD=1 CANCEL=1",
    "mod-flush": "ARMED MOD=1 FLUSH=1 HANDLE=1",
    "handle": "ENQ=1 HANDLE=1 CANCEL=1",
    "idle": "IDLE ENQ=1 HANDLE=1 CANCEL=1",
    "no-delay": "ENQ=1 NOW=1 ZERO CANCEL=1",
    "unregistered": "NOW=1 SYS=1 HANDLE=1 FLUSH=1",
    "two-queues": "ENQ=1 ENQ2=1 OTHER",
    "two-queues-mod": "ARMED MOD2=1 OTHER CANCEL=1",
    "system": "ENQ=1 SYS=1 SYSMOD=1",
    "system-flush": "ARMED SYSMOD=1 MOD=1 FLUSH=1",
    "system-now": "ARMED SYSNOW=1 HANDLE=1 CANCEL=1",
    "rearm": "ARMED REARM CANCEL=1 FLUSH=1 HANDLE=1",
    "rearm-mod": "ARMED REARM MOD=1 CANCEL=1",
    "rearm-two": "ITEMS=2 ENQ=2 REARM",
    "reference-first": "ARMED REARM REFERENCE_FIRST HANDLE=1 CANCEL=1",
    "boxed": "ENQ=1 REARM",
    "ordered": "ITEMS=2 ARMED ORDERED CANCEL=1",
    "chain": "ITEMS=2 ARMED CHAIN REARM",
    "shutdown": "ENQ=1 MOD=1 SHUTDOWN=1 BORROWED",
    "shutdown-twice": "ENQ=1 MOD=1 SHUTDOWN=2 BORROWED",
    "shutdown-handle": "ITEMS=2 ARMED HANDLE=2 SHUTDOWN=1",
    "only-delayed": "ARMED MOD=1 HANDLE=1 CANCEL=1 SEMANTIC",
    "ends": "LIVE ARMED REARM ALWAYS",
    "ends-mod": "LIVE ARMED REARM ALWAYS MOD=1",
    "ends-flush": "LIVE ENQ=1 FLUSH=1 REARM ALWAYS",
}

# What an error of Spin means, by the words of the assertion.
GONE, ITEM, BLOCK, LEFT, LIST, LEAK, DEADLOCK, ENDLESS, STOLEN = MEANING = (
    "a destroyed workqueue is used", "a freed item is used", "a freed block is used",
    "armed or queued after the end", "the list is broken", "a reference is lost", "deadlock",
    "does not end", "takes from another queue")
WORDS = (
    (r"given", LEAK), (r"\.gone", GONE), (r"^!\(item\[.*\]\.freed\)$", ITEM), (r"^!\(block\[.*\]\.freed\)$", BLOCK),
    (r"armed", LEFT), (r"\.list", LIST), (r"^invalid end state$", DEADLOCK), (r"^acceptance cycle$", ENDLESS),
    (r"from", STOLEN),
)


@dataclass(frozen=True)
class Mutation:
    option: str
    configuration: str
    expected: str  # empty: the step is not needed in this configuration


MUTATIONS = {
    "no-gp1": Mutation("NO_GP1", "enqueue", GONE),
    "gp1-before-closing": Mutation("GP1_LATE", "enqueue", GONE),
    "shutdown-skips-gp1": Mutation("SHUTDOWN_SKIPS_GP1", "shutdown", LEFT),
    "no-gp2": Mutation("NO_GP2", "handle", BLOCK),
    "gp2-if-this-walk-found": Mutation("GP2_IF_FOUND", "shutdown-handle", BLOCK),
    "walk-before-closing": Mutation("WALK_FIRST", "enqueue", LEFT),
    "walk-before-gp1": Mutation("WALK_EARLY", "enqueue", LEFT),
    "never-closing": Mutation("NEVER_CLOSING", "ends", LEFT),
    "no-pwq-test-ends": Mutation("LIVE NO_PWQ_TEST", "ordered", ENDLESS),
    "destroy-before-walk": Mutation("DESTROY_FIRST", "mod-flush", GONE),
    "in-flight-skipped": Mutation("IN_FLIGHT_SKIPPED", "mod-flush", GONE),
    "no-pwq-test": Mutation("NO_PWQ_TEST", "ordered", DEADLOCK),
    "walk-unlocked": Mutation("WALK_UNLOCKED", "handle", LIST),
    "owner-kept": Mutation("OWNER_KEPT", "handle", LIST),
    "owner-before-unlink": Mutation("OWNER_FIRST", "handle", ITEM),
    "release-none": Mutation("RELEASE_NONE", "mod-flush", LEAK),
    "release-twice": Mutation("RELEASE_TWICE", "mod-flush", ITEM),
    "release-locked": Mutation("RELEASE_LOCKED", "chain", DEADLOCK),
    "drop-keeps-link": Mutation("DROP_KEEPS_LINK", "handle", ITEM),
    "drop-no-recheck": Mutation("DROP_NO_RECHECK", "handle", LIST),
    "drop-outside-rcu": Mutation("DROP_OUTSIDE_RCU", "handle", BLOCK),
    "check-outside-rcu": Mutation("CHECK_OUTSIDE_RCU", "enqueue", GONE),
    "early-unlock": Mutation("EARLY_UNLOCK", "enqueue", GONE),
    "register-late": Mutation("REGISTER_LATE", "enqueue", ITEM),
    "register-no-recheck": Mutation("NO_RECHECK", "enqueue", LIST),
    "no-cmpxchg": Mutation("NO_CMPXCHG", "two-queues", ITEM),
    "other-not-refused": Mutation("NOT_REFUSED", "two-queues", LEFT),
    "stolen": Mutation("SEMANTIC", "system", STOLEN),
    "stolen-now": Mutation("SEMANTIC", "system-now", STOLEN),
    "stolen-not-compared": Mutation("SEMANTIC WQ_NOT_COMPARED", "system", STOLEN),
    # With timer_delete() instead of cancel_delayed_work() the walk takes nothing from another queue.
    "timer-only": Mutation("SEMANTIC TIMER_ONLY", "system", ""),
    "timer-only-now": Mutation("SEMANTIC TIMER_ONLY", "system-now", ""),
    "timer-only-flush": Mutation("SEMANTIC TIMER_ONLY", "mod-flush", ""),
    # What is not needed, and where.
    "no-cmpxchg-one-queue": Mutation("NO_CMPXCHG", "enqueue", ""),
    "gp2-if-any-walk-found": Mutation("GP2_IF_UNLINKED", "shutdown-handle", ""),
    "wq-not-compared": Mutation("WQ_NOT_COMPARED", "system", ""),
    "wq-not-compared-flush": Mutation("WQ_NOT_COMPARED", "system-flush", ""),
    "system-unchecked": Mutation("SYSTEM_UNCHECKED", "system", ""),
    "no-gp2-without-droppers": Mutation("NO_GP2", "boxed", ""),
}


@dataclass(frozen=True)
class Outcome:
    states: int
    depth: int
    seconds: float
    error: str  # of MEANING, or of Spin; empty if there is none
    words: str  # the assertion


def command(args: list[str], directory: Path, name: str) -> str:
    try:
        done = subprocess.run(args, cwd=directory, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"{name}: {args[0]} takes more than {SECONDS} seconds") from None
    (directory / f"{Path(args[0]).name}.log").write_text(done.stdout)
    # pan's status says nothing of what it has found.
    if done.returncode and Path(args[0]).name != "pan":
        raise Failure(f"{done.stdout.strip()[-800:]}\n{name}: {args[0]} failed (status {done.returncode})")
    return done.stdout


def search(name: str, options: str, trace: bool) -> Outcome:
    """Makes the program that searches, and runs it until the end or the first error."""
    directory = OUT / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    words = options.split()
    defines = [f"-D{word}" for word in words if word != "LIVE"]
    if not any(word.startswith("ITEMS=") for word in words):
        defines.append("-DITEMS=1")
    live = "LIVE" in words
    if live:
        defines.append("-DLIVE")
    start = time.monotonic()
    command(["spin", "-a", *defines, str(MODEL)], directory, name)
    # Breadth first finds the shortest way to an error, and takes more time.
    kind = ["-DNFAIR=3"] if live else ["-DSAFETY", "-DNOFAIR", *(["-DBFS"] if trace else [])]
    command(["gcc", "-O0", "-w", "-DMEMLIM=4000", "-DVECTORSZ=2048", *kind, "-o", "pan", "pan.c"], directory, name)
    text = command(["./pan", f"-m{DEPTH}", "-w22", *(["-a", "-f"] if live else [])], directory, name)
    seconds = time.monotonic() - start

    states = re.search(r"^\s*(\d+) states, stored", text, re.M)
    depth = re.search(r"depth reached (\d+), errors: (\d+)", text)
    if not states or not depth:
        return Outcome(0, 0, seconds, "the search was not possible", text.strip().splitlines()[-1] if text.strip() else "")
    error, words_found = "", ""
    if found := re.search(r"^pan:\d+: (?:assertion violated )?(.*?) \(at depth \d+\)$", text, re.M):
        words_found = re.sub(r"\s+", "", found[1]) if "assertion" in found[0] else found[1].split(" (")[0]
        error = next((meaning for pattern, meaning in WORDS if re.search(pattern, words_found)), words_found)
    elif "max search depth too small" in text:
        error = "the depth does not suffice"
    elif "Search not completed" in text or "out of memory" in text:
        error = "the search was not completed"
    elif depth[2] != "0":
        error = "errors"
    if found and trace:
        write_trace(directory, defines, name)
    return Outcome(int(states[1]), int(depth[1]), seconds, error, words_found)


def write_trace(directory: Path, defines: list[str], name: str) -> None:
    """The way to the error: process, line of the model, statement."""
    text = command(["spin", "-p", "-k", f"{MODEL.name}.trail", *defines, str(MODEL)], directory, name)
    lines = []
    for line in text.splitlines():
        m = re.match(r"\s*\d+:\s+proc\s+\d+ \((\w+)[^)]*\) \S+?:(\d+) \(state \d+\)\s+\[(.*)\]", line)
        if m and m[3] not in ("else", "1", "(1)"):
            lines.append(f"{m[1]:<10} {m[2]:>4}  {m[3]}\n")
    (directory / "trace.txt").write_text("".join(lines))
    say(f"    the way to it: {rel(directory / 'trace.txt')}")


def selected(names: list[str]) -> tuple[list[str], list[str]]:
    for name in names:
        if name not in CONFIGURATIONS and name not in MUTATIONS:
            raise Failure(f"no configuration or mutation is called {name}; --list shows them")
    return ([c for c in CONFIGURATIONS if not names or c in names], [m for m in MUTATIONS if not names or m in names])


def row(name: str, outcome: Outcome, ok: bool, result: str) -> None:
    say(paint(f"    {name:<24} {outcome.states:>9} {outcome.depth:>6} {outcome.seconds:>7.1f}  {result}", "0" if ok else "31"))


def check_configurations(names: list[str], trace: bool) -> Iterator[bool]:
    for name in names:
        found = search(name, CONFIGURATIONS[name], trace)
        row(name, found, not found.error, f"FAILED: {found.error}: {found.words}" if found.error else "exhausted, no error")
        yield not found.error


def check_mutations(names: list[str], trace: bool) -> Iterator[bool]:
    for name in names:
        mutation = MUTATIONS[name]
        options = f"{CONFIGURATIONS[mutation.configuration]} {mutation.option}"
        found = search(name, options, trace)
        ok = found.error == mutation.expected
        result = f"{found.error}: {found.words[:40]}" if found.error else "exhausted, no error"
        if not ok:
            result = f"FAILED, expected {mutation.expected or 'no error'}: {result}"
        row(name, found, ok, f"{result} [{mutation.configuration}]")
        yield ok


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("names", nargs="*", help="configurations and mutations; all of them by default")
    arguments.add_argument("--list", action="store_true", help="show the names with their options, and end")
    arguments.add_argument("--trace", action="store_true", help="search breadth first, and write the shortest way to an error")
    args = arguments.parse_args()
    if args.list:
        for name, options in CONFIGURATIONS.items():
            print(f"{name:<24} {options}")
        for name, mutation in MUTATIONS.items():
            print(f"{name:<24} {mutation.option} in {mutation.configuration}: {mutation.expected or 'no error'}")
        return
    with reporting("model"), lock("model"):
        for program in ("spin", "gcc"):
            if not shutil.which(program):
                raise Failure(f"{program} is missing: the Debian package of that name has it")
        configurations, mutations = selected(args.names)
        results: list[bool] = []
        start = time.monotonic()
        title = f"    {'name':<24} {'states':>9} {'depth':>6} {'seconds':>7}  result"
        if configurations:
            with step("configurations, which must be without an error"):
                say(title)
                results += check_configurations(configurations, args.trace)
        if mutations:
            with step("mutations"):
                say(title)
                results += check_mutations(mutations, args.trace)
        bad = results.count(False)
        verdict("model", not bad, f"{len(results) - bad} passed, {bad} failed ({len(configurations)} configurations, "
                                  f"{len(mutations)} mutations); {duration(time.monotonic() - start)}")


if __name__ == "__main__":
    main()
