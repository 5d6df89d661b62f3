"""Searches of a model by Spin."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lib.common import BUILD, Failure, rel, say
from tests.model.models import Model

OUT = BUILD / "model"
DEPTH = 100_000
SECONDS = 300  # for one search


@dataclass(frozen=True)
class Outcome:
    states: int
    depth: int
    seconds: float
    error: str  # what Model.meaning() or Spin says; empty if there is none
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


def search(model: Model, name: str, options: str, trace: bool) -> Outcome:
    """Makes the program that searches, and runs it until the end or the first error."""
    directory = OUT / model.name / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    words = options.split()
    defines = [f"-D{word}" for word in words]
    start = time.monotonic()
    command(["spin", "-a", *defines, str(model.file)], directory, name)
    live = "LIVE" in words
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
        error = model.meaning(words_found)
    elif "max search depth too small" in text:
        error = "the depth does not suffice"
    elif "Search not completed" in text or "out of memory" in text:
        error = "the search was not completed"
    elif depth[2] != "0":
        error = "errors"
    if found and trace:
        write_trace(model, directory, defines, name)
    return Outcome(int(states[1]), int(depth[1]), seconds, error, words_found)


def write_trace(model: Model, directory: Path, defines: list[str], name: str) -> None:
    """The way to the error: process, line of the model, statement."""
    text = command(["spin", "-p", "-k", f"{model.file.name}.trail", *defines, str(model.file)], directory, name)
    lines = []
    for line in text.splitlines():
        m = re.match(r"\s*\d+:\s+proc\s+\d+ \((\w+)[^)]*\) \S+?:(\d+) \(state \d+\)\s+\[(.*)\]", line)
        if m and m[3] not in ("else", "1", "(1)"):
            lines.append(f"{m[1]:<10} {m[2]:>4}  {m[3]}\n")
    (directory / "trace.txt").write_text("".join(lines))
    say(f"    the way to it: {rel(directory / 'trace.txt')}")
