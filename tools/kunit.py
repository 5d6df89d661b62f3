#!/usr/bin/env python3
"""make kunit: the suites in user mode Linux, by the kernel's own kunit.py."""

from __future__ import annotations

import os

from common import BUILD, LOGS, MAKE_OPTIONS, ROOT, TREE, Failure, environment, must, need_space, rel, reporting, run_logged, step, verdict
from kernel_log import complaints
from kunit_results import in_words, summary
from tree import ensure_tree

OBJECTS = BUILD / "uml"


def kunit_py(command: str, *args: str) -> list[str]:
    options = [x for o in MAKE_OPTIONS for x in ("--make_options", o)]
    return ["python3", str(TREE / "tools/testing/kunit/kunit.py"), command, f"--build_dir={OBJECTS}", *options, *args]


def kunitconfigs(*names: str) -> list[str]:
    return [f"--kunitconfig={ROOT}/kunit/{name}.config" for name in names]


def build() -> None:
    need_space(3, "the UML kernel")
    env = environment()
    configs = kunitconfigs("uml", "series")
    must(kunit_py("config", *configs), LOGS / "kunit-config.log", "configuring", cwd=TREE, env=env)
    must(kunit_py("build", *configs, f"--jobs={os.cpu_count()}"), LOGS / "kunit-build.log", "building the UML kernel",
         cwd=TREE, env=env)


def main() -> None:
    with reporting("kunit"):
        ensure_tree()
        with step("UML kernel"):
            build()
        result, log = OBJECTS / "result.json", LOGS / "kunit-run.log"
        result.unlink(missing_ok=True)
        with step("suites"):
            run_logged(kunit_py("exec", "--timeout=300", f"--json={result}"), log, cwd=TREE, env=environment())
            counts = summary(result)
        boot = (OBJECTS / "test.log").read_text(errors="replace")
        if noise := complaints(boot):
            raise Failure("\n".join([*noise, "the kernel log has complaints; the log: " + rel(OBJECTS / "test.log")]))
        verdict("kunit", counts[1] == 0, f"{in_words(counts)}; the log: {rel(log)}")


if __name__ == "__main__":
    main()
