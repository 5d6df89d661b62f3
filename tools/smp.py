#!/usr/bin/env python3
"""make kunit-smp: the suites on x86_64 with several CPUs, lockdep, KASAN, debug objects, kmemleak.

The unpatched base runs first, once, with the same configuration: what it complains about is known
noise, and anything beyond it is a failure. Both are built in one place, a worktree that is moved
from the base to the series, so that the second build is incremental.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import Counter
from pathlib import Path

from common import (BUILD, LOGS, MAKE_OPTIONS, ROOT, TREE, Failure, archive, duration, environment, git, lock, must,
                    need_space, paint, rel, reporting, run_logged, say, static_program, step, verdict, worktree)
from kernel_log import complaints, new_complaints
from kunit_results import Counts, summary
from tree import ensure_tree

SOURCE = BUILD / "smp-src"
OBJECTS = BUILD / "smp"
CPUS = max(2, min(4, os.cpu_count() or 2))
LIMIT = 15 * 60  # seconds for one boot; an emulated run takes well under two minutes


def edited_tree() -> str:
    """The state of build/tree, with changes that are not committed yet."""
    if untracked := git(TREE, "ls-files", "--others", "--exclude-standard").split():
        raise Failure(f"build/tree has files that git does not know ({untracked[0]}): git add them first")
    return git(TREE, "stash", "create").strip() or git(TREE, "rev-parse", "HEAD").strip()


def build(what: str, *configs: str) -> None:
    need_space(6, "the SMP kernel")
    options = [x for o in MAKE_OPTIONS for x in ("--make_options", o)]
    command = ["python3", "tools/testing/kunit/kunit.py"]
    args = ["--arch=x86_64", f"--build_dir={OBJECTS}", *options, *(f"--kunitconfig={ROOT}/kunit/{c}.config" for c in configs)]
    env = environment()
    must([*command, "config", *args], LOGS / f"smp-{what}-config.log", "configuring", cwd=SOURCE, env=env)
    must([*command, "build", *args, f"--jobs={os.cpu_count()}"], LOGS / f"smp-{what}-build.log",
         "building the SMP kernel", cwd=SOURCE, env=env, objects=OBJECTS)


def build_series() -> None:
    worktree(SOURCE, edited_tree())
    build("series", "smp", "series", "sample")


def initramfs() -> Path:
    root = BUILD / "smp-root"
    for name in ("dev", "sys"):
        (root / name).mkdir(parents=True, exist_ok=True)
    static_program(root / "init", ROOT / "tests/smp/init.c")
    return archive(root)


def emulate(log: Path, initrd: Path, options: str) -> str:
    """Boots under emulation, until the kernel reboots, and returns the console's text."""
    # With five levels of page tables, an interrupt during identify_cpu(), which clears the CPU's
    # features for a moment, makes KASAN take any address for a wild one.
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max,la57=off", "-smp", str(CPUS), "-m", "2G",
               "-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio",
               "-kernel", str(OBJECTS / "arch/x86/boot/bzImage"), "-initrd", str(initrd),
               "-append", f"console=ttyS0 panic=-1 rdinit=/init {options}"]
    status = run_logged(command, log, env=environment(), timeout=LIMIT)
    text = log.read_text(errors="replace")
    if status == 124:
        raise Failure(f"the kernel did not end within {duration(LIMIT)}: a hang; its last words are in {rel(log)}")
    return text


def boot(log: Path) -> str:
    text = emulate(log, initramfs(), "kunit.enable=1 printk.devkmsg=on")
    if "init: kmemleak scanned" not in text:
        raise Failure(f"the kernel did not get through its tests and the leak scan; the log: {rel(log)}")
    return text


def baseline_key() -> str:
    base = git(TREE, "rev-parse", "base").strip()
    return hashlib.sha256(base.encode() + (ROOT / "kunit/smp.config").read_bytes()).hexdigest()


def baseline() -> Counter[str]:
    """What the unpatched kernel complains about; booted again when the base or its options
    change."""
    record = BUILD / f"smp-baseline-{baseline_key()[:16]}.log"
    if not record.exists():
        worktree(SOURCE, "base")
        with step("SMP kernel, unpatched"):
            build("base", "smp")
        with step("its complaints"):
            log = LOGS / "smp-base-run.log"
            boot(log)
            shutil.copy(log, record.with_suffix(".new"))
            record.with_suffix(".new").rename(record)
    return complaints(record.read_text(errors="replace"))


def rerun(text: str) -> Counts:
    """The results of the suites that init has run again."""
    part = re.search(r"^init: suites with failing allocations$(.*)^init: suites ended$", text, re.M | re.S)
    tests = re.findall(r"^    (ok|not ok) \d+ (\S+)(?: # (SKIP)?)?", part[1] if part else "", re.M)
    failed = [name for status, name, _ in tests if status != "ok"]
    skipped = sum(bool(skip) for _, _, skip in tests)
    if not part or not tests or "# not tested" in part[1]:
        raise Failure("the suites were not run again with failing allocations")
    # What `tests/smp/init.c` starts anew.
    suites = set(re.findall(r"^(?:ok|not ok) \d+ (\S+)", part[1], re.M))
    for pattern in ("rust_workqueue", "rust_task_work"):
        if not any(suite.startswith(pattern) for suite in suites):
            raise Failure(f"no suite {pattern}* was run again with failing allocations")
    for name in failed:
        say(paint(f"    with failing allocations, FAIL: {name}", "31"))
    return Counts(len(tests) - len(failed) - skipped, len(failed), skipped)


def main() -> None:
    with reporting("kunit-smp"), lock("smp"):
        ensure_tree()
        known = baseline()
        with step("SMP kernel"):
            build_series()
        log, result = LOGS / "smp-series-run.log", OBJECTS / "result.json"
        result.unlink(missing_ok=True)
        with step(f"suites on {CPUS} CPUs"):
            text = boot(log)
            run_logged(["python3", str(SOURCE / "tools/testing/kunit/kunit.py"), "parse", f"--json={result}", str(log)],
                       LOGS / "smp-parse.log", cwd=SOURCE, env=environment())
            everything, ours = summary(result)
            again = rerun(text)
        say(f"    this series: {ours}; once more, with failing allocations: {again}")
        for figures in re.findall(r"^ *# (stress: .*)$", text, re.M):
            say(f"    {figures}")
        say(f"    the unpatched kernel's complaints: {sum(known.values())} lines of {len(known)} kinds")
        if noise := new_complaints(text, known):
            raise Failure("\n".join([*noise, "the kernel log has new complaints; the log: " + rel(log)]))
        total = Counts(everything.passed + again.passed, everything.failed + again.failed, everything.skipped)
        verdict("kunit-smp", total.failed == 0, f"{total}, no new complaint; the log: {rel(log)}")


if __name__ == "__main__":
    main()
