#!/usr/bin/env python3
"""make kunit: the suites in user mode Linux, by the kernel's own kunit.py."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from common import (BUILD, LOGS, MAKE_OPTIONS, ROOT, TREE, Failure, environment, lock, must, need_space, rel, reporting,
                    run_logged, step, verdict)
from kernel_log import complaints
from kunit_results import summary
from tree import ensure_tree


# The Makefile of UML makes all Rust code position independent, and its module loader cannot load that.
MODULES = "RUSTFLAGS_MODULE=-Crelocation-model=static -Ccode-model=large"
OPTIONS = tuple(f"--make_options={o}" for o in (*MAKE_OPTIONS, MODULES))
CONFIGS = tuple(ROOT / f"kunit/{name}.config" for name in ("uml", "series", "sample"))


@dataclass(frozen=True)
class Uml:
    """A UML kernel: its source, its objects, and how its logs are called."""

    source: Path
    objects: Path
    name: str
    configs: tuple[Path, ...] = CONFIGS
    options: tuple[str, ...] = OPTIONS  # of kunit.py

    @property
    def result(self) -> Path:
        return self.objects / "result.json"

    @property
    def console(self) -> Path:
        return self.objects / "test.log"

    def log(self, what: str) -> Path:
        return LOGS / f"{self.name}-{what}.log"

    def command(self, verb: str, *args: str) -> list[str]:
        return ["python3", str(self.source / "tools/testing/kunit/kunit.py"), verb, f"--build_dir={self.objects}", *self.options, *args]

    def configured(self, verb: str, *args: str) -> list[str]:
        return self.command(verb, *(f"--kunitconfig={config}" for config in self.configs), *args)

    def configure(self) -> None:
        must(self.configured("config"), self.log("config"), "configuring", cwd=self.source, env=environment())

    def build(self) -> None:
        need_space(4, "the UML kernel")
        self.configure()
        must(self.configured("build", f"--jobs={os.cpu_count()}"), self.log("build"), "building the UML kernel",
             cwd=self.source, env=environment(), objects=self.objects)

    def run(self, limit: int = 300) -> None:
        """Boots the kernel, which runs its tests. Results are in `result`, its words in `console`."""
        self.result.unlink(missing_ok=True)
        run_logged(self.command("exec", f"--timeout={limit}", f"--json={self.result}"), self.log("run"),
                   cwd=self.source, env=environment())


    def must_be_silent(self) -> None:
        if noise := complaints(self.console.read_text(errors="replace")):
            raise Failure("\n".join([*noise, f"the kernel log has complaints; the log: {rel(self.console)}"]))


SERIES = Uml(TREE, BUILD / "uml", "kunit")


def main() -> None:
    with reporting("kunit"), lock("uml"):
        ensure_tree()
        with step("UML kernel"):
            SERIES.build()
        with step("suites"):
            SERIES.run()
            everything, ours = summary(SERIES.result)
        SERIES.must_be_silent()
        verdict("kunit", everything.failed == 0, f"{everything}, of which this series: {ours}; the log: {rel(SERIES.log('run'))}")


if __name__ == "__main__":
    main()
